// The user's lines, and what became of each.

views.source = {
  title: "Source",

  has([site]) { return site === undefined || lines().has(site); },

  show(section, [site]) {
    if (site !== undefined) {
      section.replaceChildren(heading(2, site), ...lineDetail(site));
      return site;
    }
    const rows = [...lines()].map(([name, found]) => [
      link(ref("source", [name]), name), found.nodes.length, found.final.length, joined(found.kernels.slice(0, 6).map(kernelLink)),
      { sort: found.cost, show: found.kernels.length ? time(found.cost) : "" }]);
    section.replaceChildren(heading(2, "Source lines"),
      table("Lines that made nodes", [{ title: "line" }, { title: "nodes as written", number: true },
      { title: "nodes in the end", number: true }, { title: "kernels" }, { title: `${timeName} time of these kernels`, number: true }],
        rows));
  },
};

/** Nodes and kernels by line, in the order of files and lines. */
let knownLines = null;
function lines() {
  if (knownLines) return knownLines;
  const found = new Map();
  const at = (site) => {
    if (!found.has(site)) found.set(site, { nodes: [], final: [], inputs: [], kernels: [], cost: 0 });
    return found.get(site);
  };
  stages[0]?.document.nodes.forEach(({ site }, id) => { if (site) at(site).nodes.push(id); });
  stages[0]?.document.inputs.forEach(({ site }, index) => { if (site) at(site).inputs.push(index); });
  stages[last]?.document.nodes.forEach(({ site }, id) => { if (site) at(site).final.push(id); });
  for (const kernel of kernels) {
    for (const site of new Set(kernel.nodes.map((node) => node.site))) {
      if (!site) continue;
      at(site).kernels.push(kernel.index);
      at(site).cost += spent(kernel);
    }
  }
  for (const site of [...lives.values()].map((entry) => entry.site)) if (site) at(site);
  for (const stage of stages) for (const node of stage.document.nodes) for (const { site } of innerNodes(node)) if (site) at(site);
  return (knownLines = new Map([...found].sort((a, b) => compare(a[0], b[0]))));
}

/** A node and those of its graphs. */
function innerNodes(node) {
  return [node, ...(node.graphs ?? []).flatMap((graph) => [...graph.inputs, ...graph.nodes.flatMap(innerNodes)])];
}

function lineDetail(site) {
  const found = lines().get(site);
  const list = (stage, ids) =>
    ids.map((id) => [nodeLink(stage, id), typeOf(stages[stage].document.nodes[id]), graphAt(stage).phase(item(kinds.node, id))]);
  const columns = [{ title: "node" }, { title: "type" }, { title: "part" }];
  return [
    found.inputs.length > 0 ? paragraph("Inputs: ",
      joined(found.inputs.map((index) => itemLink(graphAt(0), item(kinds.input, index))))) : null,
    last < 0 ? null : table("Nodes as written", columns, list(0, found.nodes)),
    last > 0 ? table("Nodes in the end", columns, list(last, found.final)) : null,
    kernelTable("Kernels with a node of this line", found.kernels.map((index) => kernels[index])),
    paragraph(link(ref("source"), "all lines")),
  ].filter(Boolean);
}
