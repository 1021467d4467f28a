// What the record says, made easy to ask: graphs at each stage, what became of nodes, kernels, buffers, lines.

const views = {};

const kinds = { node: 0, input: 1, output: 2, fold: 3 };
/** An item of a graph as one number, as in the drawings. */
const item = (kind, index) => 4 * index + kind;

/** One graph at one stage; `path` leads into the graphs of nodes: `12.0/3.1`. */
class GraphData {
  constructor(stage, path, document) {
    const drawing = drawings.stages[stage].graphs[path];
    Object.assign(this, { stage, path, document, drawing });
    this.nodes = document.nodes;
    this.byName = new Map();
    document.inputs.forEach((input, index) => this.byName.set(input.name, item(kinds.input, index)));
    this.nodes.forEach((node, index) => this.byName.set(node.name, item(kinds.node, index)));
    this.children = drawing.folds.map(() => []);
    drawing.parents.forEach((parent, fold) => { if (fold > 0) this.children[parent].push(fold); });
  }

  /** The item that computes a value; results after the first are called `name:k`. */
  source(value) {
    return this.byName.get(value) ?? this.byName.get(value.slice(0, value.lastIndexOf(":")));
  }

  /** Pairs of items, each once: from, to. */
  get edges() {
    if (this.knownEdges) return this.knownEdges;
    const edges = [];
    this.nodes.forEach((node, index) => {
      for (const from of new Set(node.inputs.map((value) => this.source(value)))) edges.push([from, item(kinds.node, index)]);
    });
    this.document.outputs.forEach((output, index) => edges.push([this.source(output.value), item(kinds.output, index)]));
    return (this.knownEdges = edges);
  }

  /** For each item those that read it. */
  users(code) {
    if (!this.knownUsers) {
      this.knownUsers = new Map();
      for (const [from, to] of this.edges) {
        if (!this.knownUsers.has(from)) this.knownUsers.set(from, []);
        this.knownUsers.get(from).push(to);
      }
    }
    return this.knownUsers.get(code) ?? [];
  }

  fold(code) {
    const index = code >> 2;
    return [this.drawing.nodes, this.drawing.inputs, this.drawing.outputs, this.drawing.parents][code & 3][index];
  }

  /** `forward`, `backward` or `optimizer`: what differentiation and training added is told by its scope. */
  phase(code) {
    const fold = (code & 3) === kinds.fold ? code >> 2 : this.fold(code);
    return phaseOf(this.drawing.folds[fold]);
  }

  /** Whether a fold is another or lies in it. */
  isInside(fold, outer) {
    while (fold > outer) fold = this.drawing.parents[fold];
    return fold === outer;
  }

  /** Nodes in a fold and in those inside. */
  countInside(fold) {
    if (!this.counts) {
      this.counts = this.drawing.folds.map(() => 0);
      this.drawing.nodes.forEach((place) => { this.counts[place] += 1; });
      for (let inner = this.counts.length - 1; inner > 0; inner -= 1) this.counts[this.drawing.parents[inner]] += this.counts[inner];
    }
    return this.counts[fold];
  }

  /** Two lines for a box, and the kind of its drawing. */
  label(code) {
    const index = code >> 2;
    switch (code & 3) {
      case kinds.node: return { title: this.nodes[index].op, detail: `${this.nodes[index].name} ${typeOf(this.nodes[index])}` };
      case kinds.input: return { title: this.document.inputs[index].name,
        detail: `${this.document.inputs[index].role} ${this.document.inputs[index].type}` };
      case kinds.output: return { title: this.document.outputs[index].name, detail: "output" };
      default: {
        const path = this.drawing.folds[index];
        return { title: path.slice(path.lastIndexOf("/") + 1), detail: plural(this.countInside(index), "node") };
      }
    }
  }
}

function phaseOf(path) {
  const first = path.split("/", 1)[0];
  if (first === "grad" || first === "gradient") return "backward";
  return first === "optimizer" || first === "average" ? "optimizer" : "forward";
}

const typeOf = (node) => node.type ?? `(${(node.types ?? []).join(", ")})`;

const optimized = parts.optimized ?? null;
/** The pass after which a stage's graph is what it is; none before the first pass. */
const passOf = (name) => optimized?.passes.find((pass) => pass.name === name) ?? null;

/** Stages in order: `{name, title, document}`. */
const stages = drawings.stages.map(({ name }) => {
  const pass = passOf(name);
  if (pass) return { name, title: `after ${name}`, document: pass.document ?? optimized.document, pass };
  if (name === "source") return { name, title: "loops shared", document: optimized.source ?? optimized.document, pass: null };
  return { name, title: "as written", document: parts.graph.document, pass: null };
});
const last = stages.length - 1;

const knownGraphs = new Map();

/** A graph of a stage; nothing if there is none. */
function graphAt(stage, path = "") {
  const key = `${stage}|${path}`;
  if (knownGraphs.has(key)) return knownGraphs.get(key);
  if (!stages[stage] || !drawings.stages[stage].graphs[path]) return null;
  const document = path === "" ? stages[stage].document : path.split("/").reduce((outer, step) => {
    const [node, graph] = step.split(".").map(Number);
    return outer.nodes[node].graphs[graph];
  }, stages[stage].document);
  const graph = new GraphData(stage, path, document);
  knownGraphs.set(key, graph);
  return graph;
}

/** For each node of a stage the nodes of the next one that do its work; null where that was not recorded. */
function successorsAfter(stage) {
  const next = stages[stage + 1];
  if (next.pass) return next.pass.successors;
  const same = next.document.nodes.length === stages[stage].document.nodes.length;
  return same ? stages[stage].document.nodes.map((_, index) => [index]) : null;
}

/** The other way round. */
const knownOrigins = [];
function originsBefore(stage) {
  if (knownOrigins[stage]) return knownOrigins[stage];
  const origins = stages[stage].document.nodes.map(() => []);
  (successorsAfter(stage - 1) ?? []).forEach((targets, from) => { for (const to of targets) origins[to]?.push(from); });
  return (knownOrigins[stage] = origins);
}

/** What nodes of one stage are at another, earlier or later. */
function follow(nodes, from, to) {
  let found = new Set(nodes);
  for (let stage = from; stage < to; stage += 1) {
    const map = successorsAfter(stage);
    found = new Set([...found].flatMap((node) => map?.[node] ?? []));
  }
  for (let stage = from; stage > to; stage -= 1) {
    const map = originsBefore(stage);
    found = new Set([...found].flatMap((node) => map[node]));
  }
  return [...found].sort((a, b) => a - b);
}

const kernels = parts.kernels?.kernels ?? [];
/** Times were measured, or are those that the cost model expects on one thread. */
const isMeasured = kernels.some((kernel) => kernel.measured_ns !== undefined);
const timeName = isMeasured ? "measured" : "estimate";
const spent = (kernel) => kernel.measured_ns ?? kernel.cost_ns;
/** For each node of the last graph the kernels that compute it. */
const kernelsOfNode = new Map();
kernels.forEach((kernel) => kernel.nodes.forEach(({ id }) => {
  if (!kernelsOfNode.has(id)) kernelsOfNode.set(id, []);
  kernelsOfNode.get(id).push(kernel.index);
}));

const buffers = new Map((parts.plan?.buffers ?? []).map((buffer) => [buffer.buffer, buffer]));
const lives = new Map((parts.memory?.buffers ?? []).map((entry) => [entry.buffer, entry]));

const kernelTitle = (index) => `${index} ${kernels[index].name}`;
const kernelLink = (index) => link(ref("kernels", [index]), kernelTitle(index));
const siteLink = (site) => (site ? link(ref("source", [site]), site) : "");
const bufferLink = (id) => (lives.has(id)
  ? link(ref("memory", [id]), buffers.get(id)?.name ?? `buffer ${id}`) : buffers.get(id)?.name ?? `buffer ${id}`);

/** A link to a node in the drawing of its stage, with its fold open. */
function nodeLink(stage, id, { path = "", withType = false } = {}) {
  const graph = graphAt(stage, path);
  const node = graph?.nodes[id];
  if (!node) return `%${id}`;
  return link(nodeRef(stage, id, path), `${node.op} ${node.name}${withType ? ` ${typeOf(node)}` : ""}`);
}

function nodeRef(stage, id, path = "", more = {}) {
  const graph = graphAt(stage, path);
  const open = [];
  for (let fold = graph.drawing.nodes[id]; fold > 0; fold = graph.drawing.parents[fold]) open.unshift(fold);
  return ref("graph", path ? [stage, path] : [stage], { open: open.join("."), node: id, ...more });
}
