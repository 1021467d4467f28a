"""What a graph in JSON says of its inputs. Needs no package."""

import json
import math
import re

BYTES = {"f32": 4, "i32": 4, "i64": 8}


class Entry:
    """An input with the sizes of a row: `name`, `role`, `dtype`, `shape`, and the hints `init` and `sample`, if any."""

    def __init__(self, entry, sizes):
        self.name, self.role = entry["name"], entry["role"]
        self.dtype, dimensions = re.fullmatch(r"(\w+)\[(.*)\]", entry["type"]).groups()
        self.shape = tuple(sizes.get(part) or int(part) for part in dimensions.split(",") if part)
        self.init, self.sample = entry.get("init"), entry.get("sample")

    @property
    def bytes(self):
        return BYTES[self.dtype] * math.prod(self.shape)


def inputs(row):
    graph = json.loads(row.graph.read_text())
    sizes = {symbol["name"]: symbol["default"] for symbol in graph.get("symbols", [])} | row.bindings
    return [Entry(entry, sizes) for entry in graph["inputs"]]


def kept_bytes(row):
    """Of parameters and state."""
    return sum(entry.bytes for entry in inputs(row) if entry.role != "data")


def stored_as_bf16(path):
    """The graph of a file as JSON, its parameters in bf16 and converted to f32 where they are used."""
    graph = json.loads(path.read_text())
    wide = {}
    for entry in graph["inputs"]:
        if entry["role"] == "parameter" and entry["type"].startswith("f32["):
            wide[entry["name"]] = {"name": f"{entry['name']}/f32", "op": "cast", "inputs": [entry["name"]],
                                   "attributes": {"dtype": "f32"}, "type": entry["type"]}
            entry["type"] = entry["type"].replace("f32", "bf16", 1)
    for node in graph["nodes"]:
        node["inputs"] = [wide[name]["name"] if name in wide else name for name in node["inputs"]]
    return graph | {"nodes": [*wide.values(), *graph["nodes"]]}
