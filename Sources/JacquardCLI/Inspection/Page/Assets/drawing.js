// A drawing that can be moved, made larger and smaller, and walked through by keys.

/** The state of a drawing is what part of it is seen: `{x, y, width, height}` in its own units. */
class Drawing {
  /**
   * - `label`: what the picture shows, for screen readers
   * - `size`: `{width, height}` of the whole
   * - `content`: elements
   */
  constructor(label, size, content) {
    this.size = size;
    this.svg = h("svg", { class: "drawing", role: "group", "aria-label": label }, content);
    const button = (text, name, action) => h("button", { type: "button", "aria-label": name, title: name, onclick: action }, text);
    this.element = h("div", { class: "canvas" },
      h("div", { class: "zoom" }, button("+", "Zoom in", () => this.zoom(0.7)), button("−", "Zoom out", () => this.zoom(1 / 0.7)),
        button("fit", "Show the whole drawing", () => this.fit())),
      this.svg);
    this.svg.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.svg.addEventListener("pointerdown", (event) => this.press(event));
    this.svg.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) this.svg.addEventListener(name,
      (event) => this.pointers.delete(event.pointerId));
    this.svg.addEventListener("keydown", (event) => this.key(event));
    // The end of a movement is no click.
    this.svg.addEventListener("click", (event) => { if (this.moved > 4) event.stopPropagation(); }, true);
    this.pointers = new Map();
    this.moved = 0;
    this.fit();
  }

  show(view) {
    this.view = view;
    this.svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  }

  fit() { this.show({ x: -10, y: -10, width: this.size.width + 20, height: this.size.height + 20 }); }

  /** Makes the part that is seen `factor` times as large, around a point of the screen. */
  zoom(factor, event = null) {
    const { x, y, width, height } = this.view;
    const [px, py] = event ? this.point(event) : [x + width / 2, y + height / 2];
    const limited = Math.min(Math.max(width * factor, 80), 4 * this.size.width + 400) / width;
    this.show({ x: px - (px - x) * limited, y: py - (py - y) * limited, width: width * limited, height: height * limited });
  }

  /** Shows a rectangle in the middle, in readable size. */
  center(x, y) {
    const bounds = this.svg.getBoundingClientRect();
    const [width, height] = [bounds.width || 800, bounds.height || 500];
    this.show({ x: x - width / 2, y: y - height / 2, width, height });
  }

  point(event) {
    const matrix = this.svg.getScreenCTM();
    if (!matrix) return [this.view.x, this.view.y];
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    return [x, y];
  }

  wheel(event) {
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, event);
  }

  press(event) {
    this.moved = 0;
    this.pointers.set(event.pointerId, this.point(event));
  }

  /** One pointer moves the drawing, two stretch it. */
  drag(event) {
    const start = this.pointers.get(event.pointerId);
    if (!start || (event.pointerType === "mouse" && event.buttons === 0)) return;
    this.moved += Math.abs(event.movementX) + Math.abs(event.movementY);
    const now = this.point(event);
    if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const before = Math.hypot(start[0] - other[0], start[1] - other[1]);
      const after = Math.hypot(now[0] - other[0], now[1] - other[1]);
      if (before > 1 && after > 1) this.zoom(before / after);
      return;
    }
    this.show({ ...this.view, x: this.view.x + start[0] - now[0], y: this.view.y + start[1] - now[1] });
  }

  /** Arrows walk to the nearest item that way, or move the drawing with the shift key; + - 0 zoom. */
  key(event) {
    const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const direction = directions[event.key];
    if (direction && event.shiftKey) {
      const { x, y, width, height } = this.view;
      this.show({ ...this.view, x: x + (direction[0] * width) / 10, y: y + (direction[1] * height) / 10 });
    } else if (direction) walk(this.svg, direction);
    else if (event.key === "+") this.zoom(0.7);
    else if (event.key === "-") this.zoom(1 / 0.7);
    else if (event.key === "0") this.fit();
    else if ((event.key === "Enter" || event.key === " ")
      && event.target !== this.svg) event.target.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    else return;
    event.preventDefault();
  }
}

/** Moves the focus among the items of a picture, of which one at a time can be reached by the tabulator. */
function walk(svg, [dx, dy]) {
  const items = [...svg.querySelectorAll("[data-item]")];
  const current = items.find((element) => element === document.activeElement) ?? items[0];
  if (!current) return;
  const middle = (element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  };
  const [x, y] = middle(current);
  let best = null;
  let shortest = Infinity;
  for (const element of items) {
    const [ex, ey] = middle(element);
    const along = (ex - x) * dx + (ey - y) * dy;
    const across = Math.abs((ex - x) * dy) + Math.abs((ey - y) * dx);
    if (element !== current && along > 1 && along + 2 * across < shortest) [best, shortest] = [element, along + 2 * across];
  }
  if (best) focusItem(svg, best);
}

function focusItem(svg, element) {
  svg.querySelectorAll("[data-item][tabindex='0']").forEach((other) => other.setAttribute("tabindex", "-1"));
  element.setAttribute("tabindex", "0");
  element.focus();
}

/** A text with an ellipsis where it would not fit: at its end, or where a path begins. */
function clipped(text, most) {
  if (text.length <= most) return text;
  return /^\S*\/\S*$/.test(text) ? `…${text.slice(1 - most)}` : `${text.slice(0, most - 1)}…`;
}

/** A line through control points: Bezier curves one after another, or one curve from box to box. */
function curvePath(points) {
  let text = `M${points[0]} ${points[1]}`;
  for (let k = 2; k + 5 < points.length; k += 6) text += `C${points.slice(k, k + 6).join(" ")}`;
  return text;
}

function directPath(from, to) {
  const down = to.y > from.y ? 1 : -1;
  const [y1, y2] = [from.y + (down * boxHeight) / 2, to.y - (down * boxHeight) / 2];
  const bend = Math.max(20, Math.abs(y2 - y1) / 3) * down;
  return `M${from.x} ${y1}C${from.x} ${y1 + bend} ${to.x} ${y2 - bend} ${to.x} ${y2}`;
}

/**
 * Boxes and edges of a graph. - Parameters: `boxes` by centres, `label` of a box, `selected` codes, `onclick` with a box.
 */
function graphContent(graph, { boxes, folds, paths }, { selected, onclick, onfold }) {
  const places = new Map(boxes.map((box) => [box.code, box]));
  const touched = (a, b) => selected.has(a) || selected.has(b);
  const lines = [...paths].filter(([, [a, b]]) => places.has(a) && places.has(b)).map(([key, [a, b, points]]) =>
    h("path", { class: touched(a, b) ? "edge touched" : "edge",
      d: points ? curvePath(points) : directPath(places.get(a), places.get(b)), "data-edge": key }));
  const frames = folds.map((frame) => h("g", { class: `frame ${graph.phase(item(kinds.fold, frame.fold))}` },
    h("rect", { x: frame.x, y: frame.y, width: frame.width, height: frame.height, rx: 6 }),
    h("text", { x: frame.x + 8, y: frame.y + 15, class: "fold-title", role: "button", "data-item": `f${frame.fold}`, tabindex: "-1",
      "aria-expanded": "true", "aria-label": `Fold ${graph.drawing.folds[frame.fold]}`, onclick: () => onfold(frame.fold) },
    `▾ ${graph.label(item(kinds.fold, frame.fold)).title}`)));
  const elements = boxes.map((box) => boxElement(graph, box, selected.has(box.code), onclick));
  elements[0]?.setAttribute("tabindex", "0");
  return [frames, lines, elements];
}

function boxElement(graph, box, isSelected, onclick) {
  const kind = ["node", "input", "output", "fold"][box.code & 3];
  const { title, detail } = graph.label(box.code);
  const phase = graph.phase(box.code);
  const isFold = (box.code & 3) === kinds.fold;
  const element = namedBox(box,
    { title: isFold ? `▸ ${title}` : title, detail, style: `${kind} ${phase}${isSelected ? " selected" : ""}`,
    label: `${kind} ${title}, ${detail}, ${phase}`, item: box.code, role: "button" }, () => onclick(box));
  element.setAttribute(isFold ? "aria-expanded" : "aria-pressed", String(!isFold && isSelected));
  return element;
}

/** A box with two lines around a centre. */
function namedBox({ x, y }, { title, detail, style, label, item, role }, onclick) {
  return h("g", { class: `box ${style}`, role, tabindex: "-1", "data-item": item, "aria-label": label, onclick,
    transform: `translate(${(x - boxWidth / 2).toFixed(1)} ${(y - boxHeight / 2).toFixed(1)})` },
  h("title", {}, `${title}\n${detail}`),
  h("rect", { width: boxWidth, height: boxHeight, rx: /^(input|output|fold)/.test(style) ? 14 : 4 }),
  h("text", { x: boxWidth / 2, y: 17, class: "box-title" }, clipped(title, 18)),
  h("text", { x: boxWidth / 2, y: 32, class: "box-detail" }, clipped(detail, 23)));
}
