// Nodes, inputs, kernels, buffers, lines and rules by a part of their text.

views.find = {
  title: "Search",

  has() { return true; },

  show(section, [], { q = "" }) {
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = words.length === 0 ? [] : searchable().filter(({ text }) => words.every((word) => text.includes(word)));
    section.replaceChildren(heading(2, "Search"),
      table(`${plural(rows.length, "place")} for “${q}”`, [{ title: "what" }, { title: "where" }, { title: "line" }],
      rows.map(({ kind, show, site }) => [kind, show(), siteLink(site)])));
    announce(`${plural(rows.length, "place")} found`);
    return `Search: ${q}`;
  },
};

let knownSearchable = null;
function searchable() {
  if (knownSearchable) return knownSearchable;
  const all = [];
  const add = (kind, words, show,
    site) => all.push({ kind, text: `${words.filter(Boolean).join(" ")} ${site ?? ""}`.toLowerCase(), show, site });
  for (const stage of new Set([0, last])) {
    if (!stages[stage]) continue;
    const where = stage === last && last > 0 ? "node in the end" : "node as written";
    stages[stage].document.nodes.forEach((node, id) => add(where, [node.op, node.name, typeOf(node), node.scope],
      () => nodeLink(stage, id, { withType: true }), node.site));
  }
  stages[0]?.document.inputs.forEach((input, index) => add("input", [input.name, input.type, input.role],
    () => link(ref("graph", [0], { item: item(kinds.input, index), open: foldsAround(0, item(kinds.input, index)) }),
      `${input.name} ${input.type}`), input.site));
  kernels.forEach((kernel) => add("kernel", [kernel.name, kernel.kind], () => kernelLink(kernel.index), kernel.nodes[0]?.site));
  lives.forEach((entry, id) => add("buffer", [entry.name, entry.type], () => [bufferLink(id), ` ${entry.type}`], entry.site));
  for (const [name, { explanation }] of last > 0 ? rulesOf(0, last) : []) add("rule", [name, explanation],
    () => link(ref("changes", [0, last], { rule: name }), name));
  for (const site of lines().keys()) add("line", [site], () => siteLink(site));
  return (knownSearchable = all);
}

/** The folds that must be open for an item to be seen. */
function foldsAround(stage, code) {
  const graph = graphAt(stage);
  const open = [];
  for (let fold = graph.fold(code); fold > 0; fold = graph.drawing.parents[fold]) open.unshift(fold);
  return open.join(".");
}
