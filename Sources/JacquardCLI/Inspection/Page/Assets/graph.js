// The graph at a stage, folded by scope.

views.graph = {
  title: "Graph",

  has([stage = String(last), path = ""], { root = "0", open = "", node = "", ask = "" }) {
    const graph = graphAt(Number(stage), path);
    if (!graph) return last < 0 && stage === String(last);
    const folds = graph.drawing.folds.length;
    return [root, ...(open === "all" ? [] : open.split(".").filter(Boolean))].every((fold) => Number(fold) >= 0
      && Number(fold) < folds)
      && [node, ask].every((id) => id === "" || Number(id) < graph.nodes.length);
  },

  show(section, args, parameters) {
    if (last < 0) {
      section.replaceChildren(heading(2, "Graph"),
        paragraph("A compiled plan holds no graph. Inspect the graph that it was made from."));
      return;
    }
    const state = new GraphState(args, parameters);
    if (this.shown?.key !== state.key) {
      this.shown = { key: state.key, drawing: null };
      const picture = state.picture();
      const panel = h("aside", { class: "panel", "aria-label": "The chosen item" });
      const list = h("div", { class: "list" });
      section.replaceChildren(state.toolbar(), h("div", { class: "split" }, picture.element, panel), list);
      Object.assign(this.shown, { drawing: picture, panel, list });
      state.select(this.shown);
      state.arrive(this.shown);
    } else state.select(this.shown);
    return `Graph ${state.stageTitle}`;
  },
};

/** What the fragment says of the graph's view. */
class GraphState {
  constructor([stage = String(last), path = ""], parameters) {
    this.stage = Number(stage);
    this.path = path;
    this.graph = graphAt(this.stage, path);
    this.root = Number(parameters.root ?? 0);
    this.inner = this.graph.drawing.folds.map((_, fold) => fold).filter((fold) => fold !== this.root
      && this.graph.isInside(fold, this.root));
    this.open = new Set(parameters.open === "all" ? this.inner : (parameters.open ?? "").split(".").filter(Boolean).map(Number));
    this.selected = parameters.node !== undefined ? item(kinds.node, Number(parameters.node)) : parameters.item !== undefined
      ? Number(parameters.item) : null;
    this.ask = this.stage === last && parameters.ask !== undefined ? Number(parameters.ask) : null;
    this.key = [this.stage, path, this.root, this.openText(this.open), this.ask].join("|");
  }

  get stageTitle() { return stages[this.stage].title; }
  get args() { return this.path ? [this.stage, this.path] : [this.stage]; }

  openText(open) {
    const isAll = open.size > 3 && this.inner.every((fold) => open.has(fold));
    return isAll ? "all" : [...open].sort((a, b) => a - b).join(".");
  }

  /** The fragment with some parts changed. */
  with({ open = this.open, root = this.root, selected = this.selected, ask = this.ask }) {
    const isNode = selected !== null && (selected & 3) === kinds.node;
    return ref("graph", this.args, {
      root: root === 0 ? null : root, open: this.openText(open),
      node: isNode ? selected >> 2 : null, item: selected !== null && !isNode ? selected : null, ask,
    });
  }

  toolbar() {
    const chooser = h("select",
      { "aria-label": "Stage", onchange: (event) => { location.hash = ref("graph", [event.target.value]); } },
      stages.map((stage, index) => h("option", { value: index, selected: index === this.stage },
        `${stage.title} (${plural(stage.document.nodes.length, "node")})`)));
    return h("div", { class: "toolbar" },
      heading(2, this.root > 0 ? this.graph.drawing.folds[this.root] : this.path ? `Graph in node ${this.path}` : "Graph"), chooser,
      this.root > 0 || this.path ? link(ref("graph", [this.stage]), "whole graph") : null,
      this.inner.length > 0 ? [link(this.with({ open: new Set(this.inner) }), "unfold all"),
        link(this.with({ open: new Set() }), "fold all")] : null,
      this.stage > 0 ? link(ref("changes", [this.stage - 1, this.stage]), "what the pass changed") : null,
      this.ask === null ? null : h("strong", {}, `Choose the node that ${nodeText(this.ask)} is not fused with. `,
        link(this.with({ ask: null }), "never mind")),
      h("span", { class: "legend" }, ["forward", "backward", "optimizer"].map((phase) => h("span", { class: phase }, phase))));
  }

  picture() {
    this.composed = compose(this.graph, this.root, this.open);
    const edges = visibleEdges(this.graph, this.root, this.open);
    this.composed.paths = new Map([...edges].map(([key, [a, b]]) => [key, [a, b, this.composed.curves.get(key)]]));
    const drawing = new Drawing(`Graph of ${record.graph} ${this.stageTitle}: ${plural(this.composed.boxes.length, "box", "boxes")}. Arrow keys walk, Enter opens.`,
      this.composed, []);
    drawing.composed = this.composed;
    return drawing;
  }

  /** Draws the boxes with the chosen one marked, and says what is known of it. */
  select({ drawing, panel, list }) {
    const selected = new Set(this.selected === null ? [] : [this.selected]);
    const focused = document.activeElement?.getAttribute?.("data-item");
    drawing.svg.replaceChildren(...graphContent(this.graph, drawing.composed, {
      selected,
      onclick: (box) => { location.hash = this.after(box); },
      onfold: (fold) => { location.hash = this.with({ open: new Set([...this.open].filter((other) => other !== fold
        && !this.graph.isInside(other, fold))) }); },
    }).flat());
    if (focused) {
      const same = drawing.svg.querySelector(`[data-item="${focused}"]`);
      if (same) focusItem(drawing.svg, same);
    }
    panel.replaceChildren(...itemPanel(this.graph, this.selected ?? item(kinds.fold, this.root)).flat());
    list.replaceChildren(this.table(drawing.composed.boxes));
  }

  /** Where a click at a box leads: a fold opens, all else is chosen. */
  after(box) {
    if ((box.code & 3) === kinds.fold) return this.with({ open: new Set([...this.open, box.code >> 2]), selected: box.code });
    if (this.ask !== null && (box.code & 3) === kinds.node) return ref("fusion", [], { a: this.ask, b: box.code >> 2 });
    return this.with({ selected: box.code });
  }

  /** Begins where the chosen box or the opened fold is. */
  arrive({ drawing }) {
    const box = drawing.composed.boxes.find(({ code }) => code === this.selected);
    const frame = drawing.composed.folds.find(({ fold }) => item(kinds.fold, fold) === this.selected);
    if (box) drawing.center(box.x, box.y);
    else if (frame) drawing.center(frame.x + frame.width / 2, frame.y + Math.min(frame.height / 2, 200));
    else if (drawing.size.width > 1600 || drawing.size.height > 1600) drawing.center(drawing.size.width / 2, 260);
  }

  table(boxes) {
    const columns = [{ title: "item" }, { title: "kind" }, { title: "type" }, { title: "part" }, { title: "line" }];
    const rows = boxes.map((box) => {
      const kind = box.code & 3;
      const index = box.code >> 2;
      const { title, detail } = this.graph.label(box.code);
      const name = kind === kinds.node ? `${title} ${this.graph.nodes[index].name}` : title;
      const type = kind === kinds.node ? typeOf(this.graph.nodes[index]) : detail;
      return [link(this.after(box), name), ["node", "input", "output", "fold"][kind], type, this.graph.phase(box.code),
        kind === kinds.node ? siteLink(this.graph.nodes[index].site) : ""];
    });
    return table("The same as a table", columns, rows);
  }
}
