// Why two nodes are not in one kernel: ask by choosing them.

views.fusion = {
  title: "Fusion",

  has([], { a = "", b = "" }) {
    return [a, b].every((id) => id === "" || Boolean(stages[last]?.document.nodes[id]));
  },

  show(section, [], { a = "", b = "" }) {
    if (last < 0) {
      section.replaceChildren(heading(2, "Fusion"),
        paragraph("A compiled plan does not know why kernels were not fused. Inspect the graph that it was made from."));
      return;
    }
    const answer = a !== "" && b !== "" ? whyApart(Number(a), Number(b)) : [paragraph("Choose two nodes.")];
    section.replaceChildren(heading(2, "Why are these two not one kernel?"), chooser(a, b),
      h("div", { class: "answer", role: "region", "aria-label": "Answer" }, answer),
      a === "" ? [] : partners(Number(a)), refusalTable(), fusedTable());
  },
};

const finalNode = (id) => stages[last].document.nodes[id];
const nodeText = (id) => `${id}: ${finalNode(id).op} ${finalNode(id).name} ${typeOf(finalNode(id))}`;

function chooser(a, b) {
  const list = h("datalist", { id: "final-nodes" });
  // Filled when it is needed: it is long.
  const fill = () => { if (list.childElementCount === 0) list.append(...stages[last].document.nodes.map((_, id) => h("option",
    { value: nodeText(id) }))); };
  const field = (label, id) => h("label", {}, `${label} `,
    h("input", { type: "text", list: "final-nodes", value: id === "" ? "" : nodeText(id), name: label, onfocus: fill,
    autocomplete: "off" }));
  const fields = [field("first node", a), field("second node", b)];
  const submit = (event) => {
    event.preventDefault();
    const [x, y] = fields.map((label) => nodeNumber(label.querySelector("input").value));
    if (x === null || y === null) announce("No node has that number or name.");
    else location.hash = ref("fusion", [], { a: x, b: y });
  };
  return h("form", { class: "toolbar", onsubmit: submit }, fields, h("button", { type: "submit" }, "Why not?"),
    a !== "" && b !== "" ? link(ref("fusion", [], { a: b, b: a }), "swap") : null, list);
}

/** A node by its number at the beginning of a text, or by its name. */
function nodeNumber(text) {
  const named = stages[last].document.nodes.findIndex((node) => node.name === text.trim());
  if (named >= 0) return named;
  const found = parseInt(text, 10);
  return finalNode(found) ? found : null;
}

/** Pairs that stayed apart, by the kernels that they became part of. */
const refusals = (parts.kernels?.not_fused ?? []).map(({ producer, consumer, reason, text }) =>
  ({ producer: producer.map(({ id }) => id), consumer: consumer.map(({ id }) => id), reason, text }));

function whyApart(a, b) {
  if (a === b) return oneNode(a);
  const [ka, kb] = [kernelsOfNode.get(a) ?? [], kernelsOfNode.get(b) ?? []];
  const alone = [[a, ka], [b, kb]].filter(([, found]) => found.length === 0);
  if (alone.length > 0) {
    return alone.map(([id]) => paragraph(nodeLink(last, id),
      " has no kernel: it is a constant or another view of an array, which its readers read directly, or nothing needs it. There is nothing to fuse."));
  }
  const shared = ka.filter((kernel) => kb.includes(kernel));
  if (shared.length > 0) return togetherIn(a, b, shared);
  const direct = refusals.filter(({ producer, consumer }) => (producer.includes(a) && consumer.includes(b))
    || (producer.includes(b) && consumer.includes(a)));
  const where = paragraph(nodeLink(last, a), " is in kernel ", joined(ka.map(kernelLink)), ", ", nodeLink(last, b), " in ",
    joined(kb.map(kernelLink)), ".");
  if (direct.length > 0) return [where,
    ...[...new Set(direct.map(({ text }) => text))].map((text) => h("p", { class: "reason" }, `Not fused, because ${text}.`))];
  const path = kernelPath(ka, kb) ?? kernelPath(kb, ka);
  if (!path) {
    return [where, h("p", { class: "reason" },
      "Not fused, because neither reads what the other writes, not even through other kernels. Independent loops are dealt to threads as one kernel only where they wait for equally many kernels, and neither is a product, a scatter or a library routine.")];
  }
  return [where, ...chain(path)];
}

/** A node may be computed in steps, or again where it is read. */
function oneNode(id) {
  const found = kernelsOfNode.get(id) ?? [];
  const apart = refusals.filter(({ producer, consumer }) => producer.includes(id) && consumer.includes(id));
  return [
    h("p", { class: "reason" }, "It is one node, computed in ", found.length === 0 ? "no kernel" : joined(found.map(kernelLink)),
      "."),
    ...[...new Set(apart.map(({ text }) => text))].map((text) =>
      paragraph(`Parts of its work are in kernels of their own, because ${text}.`)),
  ];
}

function togetherIn(a, b, shared) {
  const verbs = { join: "two nests over one space became one", inline: "a map is computed where it is read",
    group: "independent nests are dealt to threads together" };
  const steps = (parts.kernels.fused ?? []).filter(({ producer, consumer }) => (producer.includes(a) && consumer.includes(b))
    || (producer.includes(b) && consumer.includes(a)));
  return [
    h("p", { class: "reason" }, "They are fused: both are in kernel ", joined(shared.map(kernelLink)), "."),
    ...[...new Set(steps.map(({ kind }) => kind))].map((kind) => paragraph(`Step ${kind}: ${verbs[kind]}.`)),
  ];
}

/** The shortest way from kernels to others by what they write and read. */
function kernelPath(from, to) {
  const before = new Map(from.map((kernel) => [kernel, null]));
  const queue = [...from];
  while (queue.length > 0) {
    const kernel = queue.shift();
    if (to.includes(kernel)) {
      const path = [];
      for (let step = kernel; step !== null; step = before.get(step)) path.unshift(step);
      return path;
    }
    for (const next of kernels) {
      if (next.index > kernel && !before.has(next.index) && kernels[kernel].writes.some((id) => next.reads.includes(id))) {
        before.set(next.index, kernel);
        queue.push(next.index);
      }
    }
  }
  return null;
}

/** Each border between kernels on the way from one to another, with the reason that keeps it up. */
function chain(path) {
  const border = (k) => {
    const [first, second] = [kernels[path[k]], kernels[path[k + 1]]].map((kernel) => new Set(kernel.nodes.map(({ id }) => id)));
    const found = refusals.filter(({ producer, consumer }) => producer.every((id) => first.has(id))
      && consumer.every((id) => second.has(id)));
    const text = found.length === 0
      ? "the planner kept no reason for this pair" : [...new Set(found.map((refusal) => refusal.text))].join("; ");
    return h("li", {}, kernelLink(path[k]), " and ", kernelLink(path[k + 1]), `: ${text}`);
  };
  return [
    h("p", { class: "reason" },
      path.length === 2 ? "Their kernels follow each other, but stayed apart:" : `Not fused, because ${plural(path.length - 2, "other kernel stands", "other kernels stand")} between them. Why each border stayed:`),
    h("ol", {}, path.slice(0, -1).map((_, k) => border(k))),
  ];
}

/** The nodes next to one that are not in its kernel. */
function partners(a) {
  const rows = refusals.filter(({ producer, consumer }) => producer.includes(a)
    || consumer.includes(a)).map(({ producer, consumer, text }) => {
    const others = producer.includes(a) ? consumer : producer;
    return [producer.includes(a) ? "its reader" : "what it reads",
      joined(others.slice(0, 6).map((id) => link(ref("fusion", [], { a, b: id }), nodeText(id)))), text];
  });
  return table(`What stayed apart from ${nodeText(a)}`, [{ title: "which" }, { title: "nodes" }, { title: "because" }], rows,
    { empty: "nothing that it reads or that reads it" });
}

function refusalTable() {
  const names = (ids) => joined([...ids.slice(0, 3).map((id) => nodeLink(last, id)),
    ...(ids.length > 3 ? [`${ids.length - 3} more`] : [])]);
  const rows = refusals.map(({ producer, consumer, reason, text }) => [names(producer), names(consumer), text,
    link(ref("fusion", [], { a: producer[0], b: consumer[0] }), reason)]);
  return table("All pairs that stayed apart",
    [{ title: "producer" }, { title: "consumer" }, { title: "because" }, { title: "ask" }], rows);
}

function fusedTable() {
  const names = (ids) => joined([...ids.slice(0, 3).map((id) => nodeLink(last, id)),
    ...(ids.length > 3 ? [`${ids.length - 3} more`] : [])]);
  const rows = (parts.kernels.fused ?? []).map(({ kind, producer, consumer }, step) => [step + 1, kind, names(producer),
    names(consumer)]);
  return table("Steps of fusion, in order",
    [{ title: "step", number: true }, { title: "kind" }, { title: "producer" }, { title: "consumer" }], rows);
}
