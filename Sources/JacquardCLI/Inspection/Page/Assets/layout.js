// Where boxes lie: each fold was laid out by itself; an open one pushes its neighbours apart.

const [boxWidth, boxHeight] = drawings.box;
const foldPadding = 12;
const foldTitle = 22;

/** One fold with all inside it folded: centres of its boxes, and control points of its edges where they are known. */
function levelLayout(graph, fold) {
  const [boxes, flat, number] = graph.drawing.levels[fold];
  const edges = [];
  for (let k = 0; k < flat.length; k += 2) edges.push([flat[k], flat[k + 1]]);
  const laidOut = number < 0 ? null : drawings.layouts[number];
  if (!laidOut) return { boxes, edges, ...layered(boxes.length, edges) };
  const [width, height, centres, curves] = laidOut;
  return { boxes, edges, width, height, centres: centres.slice(), curves: curves.map((curve) => curve.slice()) };
}

/**
 * A layered layout: each box below those it depends on, near the middle of its neighbours. Boxes come in an order in which most
 * edges run forwards; the others do not count.
 */
function layered(count, edges) {
  const forward = edges.filter(([from, to]) => from < to);
  const rank = new Array(count).fill(0);
  const sorted = [...forward].sort((a, b) => a[0] - b[0]);
  for (const [from, to] of sorted) rank[to] = Math.max(rank[to], rank[from] + 1);
  // What nothing comes before stands just above its first reader.
  const before = new Set(forward.map(([, to]) => to));
  for (let box = 0; box < count; box += 1) {
    const readers = forward.filter(([from]) => from === box).map(([, to]) => rank[to]);
    if (!before.has(box) && readers.length > 0) rank[box] = Math.max(0, Math.min(...readers) - 1);
  }
  const rows = rowsOf(rank, neighbours(count, forward));
  const widest = Math.max(1, ...rows.map((row) => row.length));
  const [stepX, stepY] = [boxWidth + 16, boxHeight + 32];
  const centres = new Array(2 * count);
  rows.forEach((row, y) => row.forEach((box, x) => {
    centres[2 * box] = (x + 0.5 + (widest - row.length) / 2) * stepX;
    centres[2 * box + 1] = (y + 0.5) * stepY;
  }));
  return { width: widest * stepX, height: rows.length * stepY, centres, curves: edges.map(() => []) };
}

function neighbours(count, edges) {
  const result = Array.from({ length: count }, () => []);
  for (const [from, to] of edges) { result[from].push(to); result[to].push(from); }
  return result;
}

/** Boxes by rank, ordered by the middle of their neighbours, a long rank cut into several rows. */
function rowsOf(rank, near) {
  const ranks = [];
  rank.forEach((row, box) => { (ranks[row] ??= []).push(box); });
  const rows = ranks.filter((row) => row !== undefined);
  const place = new Array(rank.length);
  const settle = (row) => row.forEach((box, x) => { place[box] = x - row.length / 2; });
  rows.forEach(settle);
  for (let round = 0; round < 4; round += 1) {
    for (const row of round % 2 === 0 ? rows : [...rows].reverse()) {
      const middle = new Map(row.map((box) => {
        const places = near[box].map((other) => place[other]);
        return [box, places.length === 0 ? place[box] : places.reduce((a, b) => a + b, 0) / places.length];
      }));
      row.sort((a, b) => middle.get(a) - middle.get(b));
      settle(row);
    }
  }
  const longest = 16;
  return rows.flatMap((row) => Array.from({ length: Math.ceil(row.length / longest) },
    (_, k) => row.slice(k * longest, (k + 1) * longest)));
}

/**
 * A fold with some folds in it open: boxes `{code, x, y}` by centres, open folds `{fold, x, y, width, height}` by corners, and the
 * curves between boxes of one fold by `from>to`.
 */
function compose(graph, fold, open) {
  const base = levelLayout(graph, fold);
  const result = { width: base.width, height: base.height, boxes: [], folds: [], curves: new Map() };
  const boxes = base.boxes.map((code, index) => ({ code, x: base.centres[2 * index], y: base.centres[2 * index + 1] }));
  const curves = base.edges.map(([from, to],
    index) => ({ from: base.boxes[from], to: base.boxes[to], points: base.curves[index] }));
  const inner = [];
  for (const box of boxes) {
    if ((box.code & 3) !== kinds.fold || !open.has(box.code >> 2)) continue;
    const part = compose(graph, box.code >> 2, open);
    const size = { width: Math.max(part.width + 2 * foldPadding, boxWidth),
      height: Math.max(part.height + foldTitle + foldPadding, boxHeight) };
    const old = { left: box.x - boxWidth / 2, top: box.y - boxHeight / 2 };
    const mapX = stretch(old.left, boxWidth, size.width);
    const mapY = stretch(old.top, boxHeight, size.height);
    for (const other of boxes) { other.x = mapX(other.x); other.y = mapY(other.y); }
    for (const curve of curves) {
      for (let k = 0; k < curve.points.length; k += 2) {
        curve.points[k] = mapX(curve.points[k]);
        curve.points[k + 1] = mapY(curve.points[k + 1]);
      }
    }
    [result.width, result.height] = [mapX(result.width), mapY(result.height)];
    inner.push({ box, part, size });
  }
  for (const { box, part, size } of inner) addInner(result, box, part, size);
  const opened = new Set(inner.map(({ box }) => box.code));
  result.boxes.push(...boxes.filter((box) => !opened.has(box.code)));
  const places = new Map(boxes.map((box) => [box.code, box]));
  for (const { from, to, points } of curves) {
    if (points.length < 8 || opened.has(from) || opened.has(to)) continue;
    meet(points, 0, 2, places.get(from));
    meet(points, points.length - 2, points.length - 4, places.get(to));
    result.curves.set(`${from}>${to}`, points);
  }
  return result;
}

/** Lets the end of a curve, and the control point beside it, follow a box that was pushed away from it. */
function meet(points, end, beside, box) {
  const x = Math.min(Math.max(points[end], box.x - boxWidth / 2), box.x + boxWidth / 2);
  const y = points[end + 1] > box.y ? box.y + boxHeight / 2 : box.y - boxHeight / 2;
  points[beside] += x - points[end];
  points[beside + 1] += y - points[end + 1];
  [points[end], points[end + 1]] = [x, y];
}

/** Puts an open fold, laid out by itself, where its box was. */
function addInner(result, box, part, size) {
  const [left, top] = [box.x - size.width / 2, box.y - size.height / 2];
  const [dx, dy] = [left + (size.width - part.width) / 2, top + foldTitle];
  result.folds.push({ fold: box.code >> 2, x: left, y: top, ...size });
  result.folds.push(...part.folds.map((inner) => ({ ...inner, x: inner.x + dx, y: inner.y + dy })));
  result.boxes.push(...part.boxes.map((inner) => ({ ...inner, x: inner.x + dx, y: inner.y + dy })));
  for (const [key, points] of part.curves) result.curves.set(key, points.map((value, k) => value + (k % 2 === 0 ? dx : dy)));
}

/** A map of an axis that makes the interval from `start` longer and moves what lies behind. Nothing comes closer to anything. */
function stretch(start, length, longer) {
  return (value) => {
    if (value <= start) return value;
    return value >= start + length ? value + longer - length : start + ((value - start) * longer) / length;
  };
}

/** The edges between what is to be seen of a fold, each once: boxes stand for all inside them. */
function visibleEdges(graph, root, open) {
  const seen = new Map();
  const visible = (code) => {
    if (seen.has(code)) return seen.get(code);
    let box = code;
    let fold = graph.fold(code);
    const inside = graph.isInside(fold, root);
    if (inside) {
      for (let around = fold; around !== root; around = graph.drawing.parents[around]) {
        if (!open.has(around)) box = item(kinds.fold, around);
      }
    }
    seen.set(code, inside ? box : null);
    return seen.get(code);
  };
  const edges = new Map();
  for (const [from, to] of graph.edges) {
    const [a, b] = [visible(from), visible(to)];
    if (a !== null && b !== null && a !== b) edges.set(`${a}>${b}`, [a, b]);
  }
  return edges;
}
