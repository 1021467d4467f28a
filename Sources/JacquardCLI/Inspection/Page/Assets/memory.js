// The memory map: kernels from left to right, addresses of the arena upwards, a rectangle a buffer.

views.memory = {
  title: "Memory",

  has([buffer]) { return buffer === undefined || lives.has(Number(buffer)); },

  show(section, [buffer]) {
    const chosen = buffer === undefined ? null : Number(buffer);
    section.replaceChildren(heading(2, "Memory"), facts(memoryFacts()), memoryMap(chosen),
      h("div", { class: "panel", id: "buffer", role: "status" }, bufferPanel(chosen)), bufferTable(), joinTable(), savedTable());
    return chosen === null ? "Memory" : `Memory: ${lives.get(chosen).name}`;
  },
};

const joinsOver = new Map((parts.memory?.joins ?? []).map((join) => [join.buffer, join]));

function memoryFacts() {
  const memory = parts.memory;
  return [
    ["arena", bytes(memory.arena_bytes)],
    ["lower bound", `${bytes(memory.arena_lower_bound_bytes)}: most bytes alive at once in this order`],
    ["without sharing", bytes(memory.arena_naive_bytes)],
    ["nothing fused", `${bytes(memory.arena_unfused_peak_bytes)} at most alive at once`],
    ["in place", `${plural(memory.in_place_joins, "buffer")} written over an operand that dies, ${plural(memory.in_place_updates.length, "parameter or state", "parameters and states")} replaced where they lie`],
    ["copied", memory.copies.map(({ name, reason }) => `${name}, because ${reason}`).join("; ")],
    ["outside the arena", `${bytes(memory.parameter_bytes)} of parameters, ${bytes(memory.state_bytes)} of states, ${bytes(memory.data_bytes)} of data`],
  ];
}

function memoryMap(chosen) {
  const memory = parts.memory;
  if (memory.buffers.length === 0) return paragraph("No buffer lies in the arena.");
  const [width, height, margin] = [900, 380, 64];
  const count = kernels.length;
  const top = Math.max(memory.arena_bytes, memory.arena_lower_bound_bytes, 1);
  const px = (kernel) => margin + (kernel / count) * (width - margin - 10);
  const py = (address) => 10 + (1 - address / top) * (height - 50);
  const rectangles = memory.buffers.map((entry, index) => bufferRectangle(entry, index, chosen, px, py));
  const line = (address, text, name) => [h("line", { class: name, x1: margin, x2: width - 10, y1: py(address), y2: py(address) }),
    h("text", { class: "tick", x: margin - 4, y: py(address) + (name === "bound" ? 12 : 4), "text-anchor": "end" }, text)];
  const marks = memory.joins.filter(({ buffer, over }) => lives.has(buffer) && lives.has(over)).map(({ buffer, kernel }) => {
    const { offset, bytes: size } = lives.get(buffer);
    return h("line", { class: "join", x1: px(kernel), x2: px(kernel), y1: py(offset), y2: py(offset + size) });
  });
  const step = Math.max(1, Math.ceil(count / 16));
  const ticks = kernels.filter((kernel) => kernel.index % step === 0).map((kernel) => h("text",
    { class: "tick", x: px(kernel.index + 0.5), y: height - 22, "text-anchor": "middle" }, String(kernel.index)));
  const drawing = new Drawing("Memory map: kernels from left to right, addresses upwards. Arrow keys walk, Enter chooses a buffer.", { width, height }, [
    rectangles, marks, line(memory.arena_bytes, bytes(memory.arena_bytes), "arena"),
    line(memory.arena_lower_bound_bytes, "bound", "bound"), line(0, "0", "arena"),
    ticks, h("text", { class: "tick", x: width / 2, y: height - 6, "text-anchor": "middle" }, "kernel")]);
  return h("figure", {}, drawing.element,
    h("figcaption", {}, "A rectangle is a buffer: when it is needed, and where it lies. A mark at its left edge: it is written over an operand that dies. The dashed line is the lower bound."));
}

function bufferRectangle(entry, index, chosen, px, py) {
  const tell = () => { document.getElementById("buffer")?.replaceChildren(...bufferPanel(entry.buffer)); };
  const node = buffers.get(entry.buffer)?.name ?? entry.name;
  return h("rect", { class: `buffer tint${entry.buffer % 6}${entry.buffer === chosen ? " selected" : ""}`, x: px(entry.first),
    width: Math.max(1, px(entry.last + 1) - px(entry.first)), y: py(entry.offset + entry.bytes),
    height: Math.max(1, py(entry.offset) - py(entry.offset + entry.bytes)), role: "link", "data-item": entry.buffer,
    tabindex: index === 0 ? "0" : "-1", onmouseenter: tell, onfocus: tell,
    "aria-label": `${node} ${entry.type}, ${bytes(entry.bytes)} at ${entry.offset}, kernels ${entry.first} to ${entry.last}${joinsOver.has(entry.buffer) ? ", over an operand" : ""}`,
    onclick: () => { location.hash = ref("memory", [entry.buffer]); } });
}

function bufferPanel(id) {
  if (id === null) return [paragraph("Point at a buffer, or walk there with the arrow keys.")];
  const entry = lives.get(id);
  const join = joinsOver.get(id);
  const touching = kernels.filter((kernel) => kernel.reads.includes(id) || kernel.writes.includes(id));
  return [heading(3, entry.name), facts([
    ["type", entry.type], ["bytes", `${number(entry.bytes)} at ${number(entry.offset)}`], ["line", siteLink(entry.site)],
    ["alive", [kernelLink(entry.first), " to ", kernelLink(entry.last)]],
    ["written by", joined(touching.filter((kernel) => kernel.writes.includes(id)).map((kernel) => kernelLink(kernel.index)))],
    ["read by", joined(touching.filter((kernel) => kernel.reads.includes(id)).map((kernel) => kernelLink(kernel.index)))],
    ["in place", join ? ["over ", bufferLink(join.over), " in kernel ", kernelLink(join.kernel)] : null],
  ])];
}

function bufferTable() {
  const columns = [{ title: "buffer" }, { title: "type" }, { title: "bytes", number: true }, { title: "offset", number: true },
    { title: "first kernel", number: true }, { title: "last kernel", number: true }, { title: "line" }];
  return table("Buffers of the arena, largest first", columns, parts.memory.buffers.map((entry) => [
    bufferLink(entry.buffer), entry.type, entry.bytes, entry.offset, entry.first, entry.last, siteLink(entry.site)]));
}

function joinTable() {
  return table("Written over an operand that dies", [{ title: "buffer" }, { title: "over" }, { title: "in kernel" }],
    parts.memory.joins.map(({ buffer, over, kernel }) => [bufferLink(buffer), bufferLink(over), kernelLink(kernel)]));
}

function savedTable() {
  const saved = parts.memory.saved_for_backward;
  if (!saved || saved.length === 0) return [];
  return table(`Kept for the backward pass: ${bytes(parts.memory.saved_for_backward_bytes)}`,
    [{ title: "value" }, { title: "type" }, { title: "bytes", number: true }, { title: "line" }],
    saved.map(({ name, operation, type, bytes: size, site }) => [name ? `${name} = ${operation}` : operation, type, size,
      siteLink(site)]));
}
