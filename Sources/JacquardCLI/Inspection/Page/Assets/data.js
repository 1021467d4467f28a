// The record and the drawings, as they were before they were packed (docs/inspect.md).

/** Undoes the packing: strings by position, objects by shape. */
function unpack({ strings, shapes, root }) {
  const value = (packed) => {
    if (typeof packed === "string") return packed[0] === "!" ? packed.slice(1) : strings[parseInt(packed, 36)];
    if (Array.isArray(packed)) return packed.map(value);
    if (packed === null || typeof packed !== "object") return packed;
    const [[shape, values]] = Object.entries(packed);
    return Object.fromEntries(shapes[shape].map((key, index) => [key, value(values[index])]));
  };
  return value(root);
}

/** A script element of the page as what it holds. */
function readData(id) {
  return unpack(JSON.parse(document.getElementById(id).textContent));
}

const record = readData("record");
const drawings = readData("drawings");
/** Parts of the record by stage. */
const parts = record.stages ?? { [record.stage]: record };
