// Kernels: what each computes, moves and costs, where it stands under the roofline, its loops and its C.

views.kernels = {
  title: "Kernels",

  has([index]) { return index === undefined || Boolean(kernels[index]); },

  show(section, [index]) {
    if (index !== undefined) {
      section.replaceChildren(...kernelDetail(kernels[index]).flat());
      return `Kernel ${kernelTitle(index)}`;
    }
    const picture = roofline(kernels);
    section.replaceChildren(heading(2, plural(kernels.length, "kernel")), ...picture, kernelGraph(),
      kernelTable("Kernels in the order of execution", kernels));
  },
};

const limits = parts.kernels?.limits;
const limitsName = limits?.given ? "the limits given" : limits?.measured ? "the limits measured with the times" : "the assumed limits";
const moved = (kernel) => kernel.bytes_read + kernel.bytes_written;
/** Operations a byte. */
const intensity = (kernel) => (kernel.flops === undefined || moved(kernel) === 0 ? null : kernel.flops / moved(kernel));
/** Nanoseconds that the limits of the machine allow at best; bytes a nanosecond are GB/s. */
const bestTime = (kernel) => Math.max((kernel.flops ?? 0) / limits.gflops, moved(kernel) / limits.gb_per_s);
const boundBy = (kernel) => (kernel.flops === undefined
  ? "unknown" : kernel.flops / limits.gflops > moved(kernel) / limits.gb_per_s ? "arithmetic" : "memory");

function kernelTable(caption, list) {
  const total = kernels.reduce((sum, kernel) => sum + spent(kernel), 0) || 1;
  const columns = [{ title: "kernel" }, { title: "kind" }, { title: timeName, number: true }, { title: "share", number: true },
    { title: "FLOPs", number: true },
    { title: "bytes", number: true }, { title: "FLOP/byte", number: true }, { title: "bound by" },
    { title: "nodes", number: true }];
  return table(caption, columns, list.map((kernel) => [
    kernelLink(kernel.index), kernel.kind, { sort: spent(kernel), show: time(spent(kernel)) },
    { sort: spent(kernel), show: `${((100 * spent(kernel)) / total).toFixed(1)} %` },
    { sort: kernel.flops ?? -1, show: kernel.flops === undefined ? "unknown" : operations(kernel.flops) },
    { sort: moved(kernel), show: bytes(moved(kernel)) },
    { sort: intensity(kernel) ?? -1, show: intensity(kernel)?.toFixed(2) ?? "" }, boundBy(kernel), kernel.nodes.length]));
}

/** Each kernel by operations a byte, and by the speed that its time amounts to; above it what the machine allows. */
function roofline(list) {
  const points = list.filter((kernel) => intensity(kernel) > 0).map((kernel) =>
    ({ kernel, x: Math.log10(intensity(kernel)), y: Math.log10(kernel.flops / Math.max(spent(kernel), 1)) }));
  const ridge = Math.log10(limits.gflops / limits.gb_per_s);
  const top = Math.log10(limits.gflops);
  const left = Math.floor(Math.min(-1, ...points.map(({ x }) => x)));
  const right = Math.ceil(Math.max(ridge + 0.5, ...points.map(({ x }) => x)));
  const low = Math.floor(Math.min(top - 2, ...points.map(({ y }) => y)));
  const high = Math.ceil(Math.max(top + 0.2, ...points.map(({ y }) => y)));
  const [width, height, margin] = [640, 300, 46];
  const px = (x) => margin + ((x - left) / (right - left)) * (width - margin - 10);
  const py = (y) => 10 + ((high - y) / (high - low)) * (height - margin - 10);
  const ticks = (from, to) => Array.from({ length: to - from + 1 }, (_, k) => from + k);
  const axis = [
    ticks(left, right).map((x) => [h("line", { class: "grid", x1: px(x), x2: px(x), y1: 10, y2: height - margin }),
      h("text", { class: "tick", x: px(x), y: height - margin + 16, "text-anchor": "middle" }, `${10 ** x}`)]),
    ticks(low, high).map((y) => [h("line", { class: "grid", x1: margin, x2: width - 10, y1: py(y), y2: py(y) }),
      h("text", { class: "tick", x: margin - 5, y: py(y) + 4, "text-anchor": "end" }, `${10 ** y}`)]),
    h("text", { class: "tick", x: width / 2, y: height - 8, "text-anchor": "middle" }, "FLOP per byte moved"),
    h("text", { class: "tick", x: margin + 4, y: 22 }, "GFLOP/s"),
  ];
  // The roof begins where it comes into the picture.
  const start = Math.max(left, low - Math.log10(limits.gb_per_s));
  const roof = h("path", { class: "roof",
    d: `M${px(start)} ${py(Math.log10(limits.gb_per_s) + start)}L${px(ridge)} ${py(top)}L${px(right)} ${py(top)}` });
  const largest = Math.max(...list.map((kernel) => spent(kernel)), 1);
  const dots = points.map(({ kernel, x, y }, index) => h("circle",
    { class: `dot ${boundBy(kernel)}`, cx: px(x), cy: py(y), r: 3 + 9 * Math.sqrt(spent(kernel) / largest),
    role: "link", "data-item": kernel.index, tabindex: index === 0 ? "0" : "-1",
    "aria-label": `kernel ${kernelTitle(kernel.index)}: ${intensity(kernel).toFixed(2)} FLOP per byte, ${time(spent(kernel))}, bound by ${boundBy(kernel)}`,
    onclick: () => { location.hash = ref("kernels", [kernel.index]); } },
      h("title", {}, `${kernelTitle(kernel.index)}\n${time(spent(kernel))}, ${intensity(kernel).toFixed(2)} FLOP/byte`)));
  const origin = limits.given || limits.measured
    ? limitsName : "assumed limits, not measured ones (--peak-gflops and --peak-bandwidth set them)";
  const drawing = new Drawing("Roofline: kernels by operations per byte and speed", { width, height }, [axis, roof, dots]);
  return [h("figure", {}, drawing.element,
    h("figcaption", {}, `Roofline: ${limits.gflops} GFLOP/s and ${limits.gb_per_s} GB/s, ${origin}. `
    + `A kernel's height is its operations over its ${isMeasured ? "measured time" : "estimated time on one thread"}, its size the share of that time. `
    + "Kernels without arithmetic, and library routines, are in the table only."))];
}

/** Kernels and what passes between them, drawn when it is asked for. */
function kernelGraph() {
  const details = h("details", {}, h("summary", {}, "Kernels as a graph"));
  details.addEventListener("toggle",
    () => { if (details.open && details.childElementCount === 1) details.append(kernelPicture().element); });
  return details;
}

function kernelPicture() {
  const writer = new Map();
  const edges = new Map();
  for (const kernel of kernels) {
    for (const id of kernel.reads) if (writer.has(id)) edges.set(`${writer.get(id)}>${kernel.index}`,
      [writer.get(id), kernel.index]);
    for (const id of kernel.writes) writer.set(id, kernel.index);
  }
  const layout = layered(kernels.length, [...edges.values()]);
  const places = kernels.map((_, k) => ({ x: layout.centres[2 * k], y: layout.centres[2 * k + 1] }));
  const lines = [...edges.values()].map(([from, to]) => h("path", { class: "edge", d: directPath(places[from], places[to]) }));
  const boxes = kernels.map((kernel, k) => namedBox(places[k],
    { title: kernelTitle(k), detail: `${kernel.kind} ${time(spent(kernel))}`, style: `kernel ${kernelPart(kernel)}`,
    label: `kernel ${kernelTitle(k)}, ${kernel.kind}, ${time(spent(kernel))}`, item: k, role: "link" },
      () => { location.hash = ref("kernels", [k]); }));
  boxes[0]?.setAttribute("tabindex", "0");
  return new Drawing("Kernels and what passes between them", layout, [lines, boxes]);
}

/** The part of a step that most nodes of a kernel belong to. */
function kernelPart(kernel) {
  if (last < 0) return "forward";
  const counts = new Map();
  for (const { id } of kernel.nodes) {
    const part = graphAt(last).nodes[id] ? graphAt(last).phase(item(kinds.node, id)) : "forward";
    counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "forward";
}

/** Kernels that threads run together block by block, and what they never store. */
function sectionText({ first, count, blocks, locals, bytes: whole }) {
  const names = locals.map((id) => buffers.get(id)?.name ?? `buffer ${id}`).join(", ");
  return `kernels ${first} to ${first + count - 1} run together, block by block (${blocks} blocks); never whole: ${names} (${bytes(whole)})`;
}

function kernelDetail(kernel) {
  const functions = (parts.c?.functions ?? []).filter(({ indices }) => indices.includes(kernel.index));
  const rest = (parts.c?.by_vm ?? []).filter(({ index }) => index === kernel.index);
  const bufferList = (ids) => (ids.length === 0
    ? "nothing" : joined(ids.map((id) => [bufferLink(id), ` ${buffers.get(id)?.type ?? ""}`])));
  const neighbours = [kernel.index - 1, kernel.index + 1].filter((index) => kernels[index]);
  return [
    heading(2, `Kernel ${kernelTitle(kernel.index)}`),
    facts([
      ["kind", kernel.kind], ["measured", isMeasured ? time(spent(kernel)) : null],
      ["by thread", kernel.measured_threads?.map(({ ns, waiting_ns }) => `${time(ns)}, waited ${time(waiting_ns)}`).join("; ") ?? null],
      ["estimate", `${time(kernel.cost_ns)} on one thread`],
      ["barrier before it", kernel.barrier ? "yes: it reads what other threads wrote" : "no"],
      ["section", kernel.section === undefined ? null : sectionText(parts.plan.sections[kernel.section])],
      ["computes again", kernel.repeats === undefined
        ? null : [kernelLink(kernel.repeats), ", so that nobody stores what that made"]],
      ["FLOPs", kernel.flops === undefined ? "unknown: a library routine" : operations(kernel.flops)],
      ["bytes", `${bytes(kernel.bytes_read)} read, ${bytes(kernel.bytes_written)} written, each array once`],
      ["roofline", intensity(kernel) === null
        ? null : `${intensity(kernel).toFixed(2)} FLOP per byte: bound by ${boundBy(kernel)}; at best ${time(bestTime(kernel))} with ${limitsName}`],
      ["reads", bufferList(kernel.reads)], ["writes", bufferList(kernel.writes)],
      ["in the plan", joined(neighbours.map((index) => link(ref("kernels", [index]),
        `${index < kernel.index ? "before" : "after"}: ${kernelTitle(index)}`)))],
    ]),
    heading(3, "Loops"), h("pre", { tabindex: "0" }, kernel.loops.join("\n")),
    table("Nodes inside", [{ title: "node" }, { title: "line" }, { title: "not fused with" }],
      kernel.nodes.map(({ id, label, site }) => [
      last < 0 ? label : nodeLink(last, id, { withType: true }), siteLink(site),
      last < 0 ? "" : link(ref("fusion", [], { a: id }), "choose another")])),
    heading(3, "C"),
    functions.length === 0 ? paragraph("No function was emitted for it.") : functions.map(({ symbol, text }) => h("details",
      { open: functions.length === 1 }, h("summary", {}, code(symbol)), h("pre", { tabindex: "0" }, text.trim()))),
    rest.map(({ reason }) => paragraph(`The tile machine runs some of its loops: ${reason}.`)),
  ];
}
