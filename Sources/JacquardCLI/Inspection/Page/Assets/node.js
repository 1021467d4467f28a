// What is known of one node, input, output or fold: beside the drawing of a graph.

/** All that is known of an item of a graph. */
function itemPanel(graph, code) {
  switch (code & 3) {
    case kinds.node: return nodePanel(graph, code >> 2);
    case kinds.input: return inputPanel(graph, code >> 2);
    case kinds.output: return outputPanel(graph, code >> 2);
    default: return foldPanel(graph, code >> 2);
  }
}

/** A link to any item, in the drawing of its graph. */
function itemLink(graph, code) {
  if ((code & 3) === kinds.node) return nodeLink(graph.stage, code >> 2, { path: graph.path });
  const { title, detail } = graph.label(code);
  return h("span", {}, (code & 3) === kinds.output ? `output ${title}` : `${title} (${detail})`);
}

function nodePanel(graph, id) {
  const node = graph.nodes[id];
  const users = graph.users(item(kinds.node, id));
  const isTop = graph.path === "";
  return [
    heading(3, `${node.op} ${node.name}`),
    facts([
      ["type", typeOf(node)],
      ["line", siteLink(node.site)],
      ["scope", node.scope ? link(ref("graph", graph.path ? [graph.stage, graph.path] : [graph.stage],
        { root: graph.drawing.nodes[id], node: id }), node.scope) : "none"],
      ["part", graph.phase(item(kinds.node, id))],
      ...Object.entries(node.attributes).map(([key, value]) => [key, attributeText(value)]),
      ["reads", joined(node.inputs.map((value) => itemLink(graph, graph.source(value))))],
      ["read by", users.length === 0 ? "nothing" : joined(users.slice(0, 24).map((user) => itemLink(graph, user)))],
      ["inside", node.graphs ? joined(node.graphs.map((inner,
        k) => link(ref("graph", [graph.stage, `${graph.path ? `${graph.path}/` : ""}${id}.${k}`]),
      inner.name || `graph ${k}`))) : null],
      ...(isTop ? kernelFacts(graph, id) : []),
    ]),
    isTop ? stagesTable(graph.stage, id) : [],
  ];
}

/** Attributes may be long: constants, permutations. */
function attributeText(value) {
  return code(clipped(typeof value === "string" ? value : JSON.stringify(value), 160));
}

function kernelFacts(graph, id) {
  const final = follow([id], graph.stage, last);
  const found = [...new Set(final.flatMap((node) => kernelsOfNode.get(node) ?? []))];
  const shown = found.length === 0 ? "none: computed where it is read, or not at all" : joined(found.map(kernelLink));
  const ask = final.length > 0
    ? [link(nodeRef(last, final[0], "", { ask: final[0] }), "choose another node in the graph"), " or ",
    link(ref("fusion", [], { a: final[0] }), "from a list")] : null;
  return [[found.length === 1 ? "kernel" : "kernels", shown], ["why not fused with", ask]];
}

/** What became of a node, and where it came from: each stage at which it changed, with the rules. */
function stagesTable(stage, id) {
  const rows = [];
  for (let other = 0; other <= last; other += 1) {
    const nodes = other === stage ? [id] : follow([id], stage, other);
    const rules = other === 0
      ? [] : rulesBetween(other - 1, new Set(other > stage ? follow([id], stage, other - 1) : []), new Set(nodes));
    rows.push([
      link(ref("graph", [other]), stages[other].title),
      nodes.length === 0 ? "nothing" : joined(nodes.slice(0,
        12).map((node) => (other === stage
        ? h("strong", {}, `${stages[other].document.nodes[node].op} ${stages[other].document.nodes[node].name}`) : nodeLink(other,
        node)))),
      rules.length === 0 ? "" : joined(rules.map((rule) => ruleText(other, rule)), "; "),
    ]);
  }
  return table("What it is at each stage", [{ title: "stage" }, { title: "nodes" }, { title: "rules" }], rows);
}

/** The rules of the pass after a stage that replaced some nodes or made others. */
function rulesBetween(stage, old, made) {
  const pass = stages[stage + 1].pass;
  if (!pass) return [];
  const found = pass.firings.filter((firing) => firing.old.some((node) => old.has(node))
    || (old.size === 0 && firing.new.some((node) => made.has(node))));
  return [...new Set(found.map(({ rule }) => rule))];
}

function ruleOf(stage, name) {
  return stages[stage].pass.rules.find(({ rule }) => rule === name);
}

/** A rule with its explanation and the line that states it. */
function ruleText(stage, name) {
  const rule = ruleOf(stage, name);
  return [link(ref("changes", [stage - 1, stage], { rule: name }), name), `: ${rule.explanation} `,
    h("span", { class: "quiet" }, `(${rule.site})`)];
}

function inputPanel(graph, index) {
  const input = graph.document.inputs[index];
  const users = graph.users(item(kinds.input, index));
  const updated = graph.document.updates?.find((update) => update.input === input.name);
  return [
    heading(3, `input ${input.name}`),
    facts([
      ["type", input.type], ["role", input.role], ["line", siteLink(input.site)],
      ["replaced by", updated ? itemLink(graph, graph.source(updated.value)) : null],
      ["read by", users.length === 0 ? "nothing" : joined(users.slice(0, 24).map((user) => itemLink(graph, user)))],
    ]),
  ];
}

function outputPanel(graph, index) {
  const output = graph.document.outputs[index];
  return [heading(3, `output ${output.name}`), facts([["value", itemLink(graph, graph.source(output.value))]])];
}

function foldPanel(graph, fold) {
  const path = graph.drawing.folds[fold] || "the whole graph";
  const inside = graph.nodes.map((_, id) => id).filter((id) => graph.isInside(graph.drawing.nodes[id], fold));
  const counts = new Map();
  for (const id of inside) counts.set(graph.nodes[id].op, (counts.get(graph.nodes[id].op) ?? 0) + 1);
  const common = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 12);
  return [
    heading(3, path),
    facts([
      ["nodes", number(inside.length)], ["most of them", common.map(([op, count]) => `${count} ${op}`).join(", ")],
      ["drawn alone", fold > 0
        ? link(ref("graph", graph.path ? [graph.stage, graph.path] : [graph.stage], { root: fold }), "only this part") : null],
    ]),
  ];
}
