// Elements, tables, links and numbers. Texts of the record become text nodes and attributes only, never markup.

const svgNames = new Set(["svg", "g", "rect", "path", "text", "line", "title", "circle"]);

/** An element. `null` and `false` among attributes and children are left out; `on...` attributes are listeners. */
function h(name, attributes = {}, ...children) {
  const element = svgNames.has(name)
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat(9)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/** The fragment of a view: `#kernels/3?open=1`. */
function ref(view, args = [], parameters = {}) {
  const path = [view, ...args].map((part) => encodeURIComponent(part)).join("/");
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const query = given.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
  return `#${path}${query ? `?${query}` : ""}`;
}

const link = (target, ...text) => h("a", { href: target }, ...text);
const heading = (level, ...text) => h(`h${level}`, {}, ...text);
const paragraph = (...text) => h("p", {}, ...text);
const code = (text) => h("code", {}, text);

/** Rows beyond these are shown on request, so that long tables do not hold up the page. */
const rowsAtOnce = 100;

/**
 * A table with a caption. Columns: `{title, number, sort}`; rows: lists of cells, each a text, an element, a list, or
 * `{sort, show}`. A click at a title sorts.
 */
function table(caption, columns, rows, { empty = "none" } = {}) {
  if (rows.length === 0) return paragraph(`${caption}: ${empty}.`);
  const body = h("tbody");
  const more = h("button", { type: "button", onclick: () => fill(body.rows.length + 10 * rowsAtOnce) });
  let sorted = rows;
  const shown = (cell) => (cell !== null && typeof cell === "object" && "show" in cell ? cell.show : cell);
  const key = (cell) => (cell !== null && typeof cell === "object" && "sort" in cell ? cell.sort : plainText(shown(cell)));
  const fill = (count) => {
    body.replaceChildren(...sorted.slice(0, count).map((row) => h("tr", {}, row.map((cell, column) =>
      h("td", { class: columns[column].number ? "number" : null, "data-label": columns[column].title },
        [shown(cell)].flat().map((part) => (typeof part === "number" ? number(part) : part)))))));
    more.hidden = count >= sorted.length;
    more.textContent = `Show more of ${number(sorted.length)} rows`;
  };
  const heads = columns.map((column, index) => {
    const head = h("th", { scope: "col", class: column.number ? "number" : null });
    head.append(h("button", { type: "button", class: "sort", onclick: () => sort(head, index) }, column.title));
    return head;
  });
  const sort = (head, column) => {
    const falling = head.getAttribute("aria-sort") === "ascending" || (columns[column].number && !head.hasAttribute("aria-sort"));
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const sign = falling ? -1 : 1;
    sorted = [...rows].sort((a, b) => sign * compare(key(a[column]), key(b[column])));
    fill(rowsAtOnce);
  };
  fill(rowsAtOnce);
  return h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, heads)), body), more);
}

/** What a cell says, for sorting; numbers stay numbers. */
function plainText(cell) {
  if (Array.isArray(cell)) return cell.map(plainText).join("");
  return cell?.textContent ?? cell;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a ?? "").localeCompare(String(b ?? ""), "en", { numeric: true });
}

/** Names and values. */
function facts(pairs) {
  return h("dl", {}, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) =>
    [h("dt", {}, name), h("dd", {}, value)]));
}

/** Elements with a separator between them. */
function joined(items, separator = ", ") {
  return items.flatMap((item, index) => (index === 0 ? [item] : [separator, item]));
}

const number = (value) => (Number.isInteger(value) ? value.toLocaleString("en") : String(value));

/** Three significant digits in a unit of its size. */
function scaled(value, base, units) {
  let index = 0;
  while (Math.abs(value) >= base && index < units.length - 1) [value, index] = [value / base, index + 1];
  const digits = index === 0 && Number.isInteger(value) ? 0 : Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[index]}`;
}

const bytes = (value) => scaled(value, 1000, ["B", "kB", "MB", "GB", "TB"]);
const time = (nanoseconds) => scaled(nanoseconds, 1000, ["ns", "µs", "ms", "s"]);
const milliseconds = (value) => `${value.toFixed(value < 10 ? 3 : 1)} ms`;
const operations = (value) => scaled(value, 1000, ["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP"]);

const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** Said by screen readers. */
function announce(text) {
  document.getElementById("status").textContent = text;
}
