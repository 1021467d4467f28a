// The difference between two stages, node by node, with the rules that made it.

views.changes = {
  title: "Changes",

  has([from = "0", to = String(last)], { rule = "", status = "", node = "" }) {
    const [a, b] = [Number(from), Number(to)];
    if (last < 1) return from === "0";
    return Boolean(stages[a] && stages[b] && a < b) && (node === "" || Number(node) < stages[a].document.nodes.length)
      && (status === "" || status in statuses) && (rule === "" || rulesOf(a, b).has(rule));
  },

  show(section, [from = "0", to = String(last)], { rule = "", status = "", node = "" }) {
    if (last < 1) {
      section.replaceChildren(heading(2, "Changes"),
        paragraph(optimized ? "No pass changed this graph." : "A compiled plan does not know the passes that its graph went through."));
      return;
    }
    const [a, b] = [Number(from), Number(to)];
    const all = differences(a, b);
    const counts = Object.fromEntries(Object.keys(statuses).map((name) => [name, all.filter((row) => row.status === name).length]));
    const shown = all.filter((row) => (rule === "" || row.rules.some((used) => used.name === rule))
      && (status === "" ? rule !== "" || row.status !== "same" : row.status === status)
        && (node === "" || row.old.includes(Number(node))));
    section.replaceChildren(
      h("div", { class: "toolbar" }, heading(2, "Changes"),
        stageChooser("From", a, (stage) => ref("changes", [stage, Math.max(stage + 1, b)]), (stage) => stage < last),
        stageChooser("to", b, (stage) => ref("changes", [Math.min(a, stage - 1), stage]), (stage) => stage > 0)),
      paragraph(Object.entries(statuses).map(([name, text]) =>
        [link(ref("changes", [a, b], { status: name }), `${number(counts[name])} ${text}`), ". "])),
      node === "" ? [] : nodeDifference(a, b, Number(node)),
      rulesTable(a, b),
      table(title(rule, status),
        [{ title: "before" }, { title: "after" }, { title: "what happened" }, { title: "rules" }, { title: "line" }],
      shown.map((row) => differenceRow(a, b, row))));
    return `Changes ${stages[a].title} to ${stages[b].title}`;

    function title(rule, status) {
      if (rule !== "") return `Nodes that rule ${rule} replaced or made`;
      return status === "" ? "Nodes that changed" : `Nodes: ${statuses[status]}`;
    }
  },
};

const statuses = { changed: "replaced", gone: "gone without a trace", made: "new", same: "the same but for what they read" };

function stageChooser(label, chosen, target, isPossible) {
  return h("label", {}, `${label} `, h("select", { onchange: (event) => { location.hash = target(Number(event.target.value)); } },
    stages.map((stage, index) => (isPossible(index)
      ? h("option", { value: index, selected: index === chosen }, stage.title) : null))));
}

/** Rules that fired between two stages, with the stage after which each stands. */
function rulesOf(from, to) {
  const rules = new Map();
  for (let stage = from + 1; stage <= to; stage += 1) {
    for (const rule of stages[stage].pass?.rules ?? []) {
      if (!rules.has(rule.rule)) rules.set(rule.rule, { ...rule, stage });
      else rules.get(rule.rule).count += rule.count;
    }
  }
  return rules;
}

function rulesTable(a, b) {
  const rows = [...rulesOf(a, b).values()].map(({ rule, explanation, site, count, stage }) =>
    [link(ref("changes", [a, b], { rule }), rule), explanation, code(site), count, stages[stage].pass.name]);
  return table("Rules that fired",
    [{ title: "rule" }, { title: "what it does and why it may" }, { title: "stated at" }, { title: "times", number: true },
    { title: "first in pass" }], rows);
}

/** Nodes of two stages in pairs of lists: `{old, new, status, rules}`. */
function differences(a, b) {
  const [before, after] = [stages[a].document.nodes, stages[b].document.nodes];
  // Each node of the first stage with what it is at each later one; rules on the way.
  let now = before.map((_, id) => [id]);
  const rules = before.map(() => []);
  for (let stage = a; stage < b; stage += 1) {
    const map = successorsAfter(stage);
    const fired = firedOn(stage + 1);
    now.forEach((nodes, id) => {
      for (const node of nodes) for (const name of fired.get(node) ?? []) rules[id].push({ stage: stage + 1, name });
    });
    now = now.map((nodes) => [...new Set(nodes.flatMap((node) => map?.[node] ?? []))]);
  }
  const reached = new Set(now.flat());
  const rows = now.map((nodes,
    id) => ({ old: [id], new: nodes, rules: unique(rules[id]), status: statusOf(before[id], nodes.map((node) => after[node])) }));
  const made = after.map((_,
    id) => id).filter((id) => !reached.has(id)).map((id) => ({ old: [], new: [id], status: "made", rules: unique(madeBy(b, id)) }));
  return [...rows, ...made];
}

function unique(rules) {
  return [...new Map(rules.map((rule) => [`${rule.stage} ${rule.name}`, rule])).values()];
}

function statusOf(old, found) {
  if (found.length === 0) return "gone";
  const isSame = found.length === 1 && found[0].op === old.op
    && JSON.stringify(found[0].attributes) === JSON.stringify(old.attributes);
  return isSame ? "same" : "changed";
}

/** For each node before a stage the rules that replaced it on the way there. */
const knownFired = [];
function firedOn(stage) {
  if (knownFired[stage]) return knownFired[stage];
  const fired = new Map();
  for (const { rule, old } of stages[stage].pass?.firings ?? []) {
    for (const node of old) fired.set(node, [...(fired.get(node) ?? []), rule]);
  }
  return (knownFired[stage] = fired);
}

function madeBy(stage, id) {
  return (stages[stage].pass?.firings ?? []).filter((firing) => firing.new.includes(id)).map(({ rule }) => ({ stage, name: rule }));
}

function differenceRow(a, b, { old, new: found, status, rules }) {
  const site = old.length > 0 ? stages[a].document.nodes[old[0]].site : stages[b].document.nodes[found[0]].site;
  const names = rules.slice(0, 4).map(({ name }) => link(ref("changes", [a, b], { rule: name }), name));
  if (rules.length > 4) names.push(`${rules.length - 4} more`);
  return [
    old.length === 0 ? "nothing" : joined([...old.map((id) => nodeLink(a, id, { withType: true })),
      link(ref("changes", [a, b], { node: old[0] }), "look closer")]),
    found.length === 0 ? "nothing" : joined(found.slice(0, 8).map((id) => nodeLink(b, id, { withType: true }))),
    statuses[status], joined(names), siteLink(site),
  ];
}

/** One node with its neighbours before, what took its place with its neighbours after, and why. */
function nodeDifference(a, b, id) {
  const row = differences(a, b)[id];
  const part = (stage, nodes, label) => h("figure", {}, h("figcaption", {}, label),
    nodes.length === 0 ? paragraph("Nothing.") : smallPicture(graphAt(stage), nodes, label));
  return h("section", { class: "closer", "aria-label": "One node" },
    heading(3, `${stages[a].document.nodes[id].op} ${stages[a].document.nodes[id].name}`),
    h("div", { class: "pair" }, part(a, row.old, stages[a].title), part(b, row.new.slice(0, 24), stages[b].title)),
    row.rules.length === 0 ? paragraph("No rule fired at this node itself.") : h("ul", {},
      row.rules.map(({ stage, name }) => h("li", {}, ruleText(stage, name)))),
    paragraph(link(ref("changes", [a, b]), "all nodes that changed")));
}

/** Some nodes and what they read. */
function smallPicture(graph, nodes, label) {
  const chosen = new Set(nodes.map((id) => item(kinds.node, id)));
  const codes = new Set(chosen);
  for (const id of nodes) for (const value of graph.nodes[id].inputs) codes.add(graph.source(value));
  const order = [...codes].sort((x, y) => (x & 3 ? -1 : x >> 2) - (y & 3 ? -1 : y >> 2));
  const place = new Map(order.map((value, index) => [value, index]));
  const edges = graph.edges.filter(([from, to]) => codes.has(from) && chosen.has(to));
  const layout = layered(order.length, edges.map(([from, to]) => [place.get(from), place.get(to)]));
  const boxes = order.map((value, index) => ({ code: value, x: layout.centres[2 * index], y: layout.centres[2 * index + 1] }));
  const paths = new Map(edges.map(([from, to]) => [`${from}>${to}`, [from, to]]));
  const onclick = (box) => { if ((box.code & 3) === kinds.node) location.hash = nodeRef(graph.stage, box.code >> 2); };
  const drawing = new Drawing(`Part of the graph ${label}`, layout,
    graphContent(graph, { boxes, folds: [], paths }, { selected: chosen, onclick }));
  return drawing.element;
}
