"""Models that Jacquard writes as ONNX: checked by onnx.checker, run by ONNX Runtime, compared with Jacquard itself.

Usage: exported.py JACQUARD GRAPHS [--report FILE]
Ends with 1 if a model is refused or a result is wrong. The table is put at the end of the report.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime

import tables

TITLE = "Models written by Jacquard"
BATCH = 3
# ONNX Runtime sums in another order.
TOLERANCE = 1e-4


def sizes_of(graph):
    """A size for each symbol: a small batch, but its default where inputs are positions along it."""
    limits = {entry.get("sample", {}).get("high") for entry in graph["inputs"]}
    sizes = {symbol["name"]: symbol["default"] for symbol in graph.get("symbols", [])}
    return {name: size if size in limits else BATCH for name, size in sizes.items()}


def draw(generator, value, hint, sizes):
    """Data for an input of ONNX Runtime, from the hint of the graph's input."""
    shape = [sizes.get(size, BATCH) if isinstance(size, str) else size for size in value.shape]
    low, high = hint.get("low", 0), hint.get("high", 1)
    if value.type == "tensor(float)":
        return generator.uniform(low, high, shape).astype(numpy.float32)
    return generator.integers(int(low), int(high), shape).astype({"tensor(int32)": "int32", "tensor(int64)": "int64"}[value.type])


def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


def check(tool, path, folder):
    """(status, detail) of one graph."""
    model = folder / "model.onnx"
    done = run(tool, "convert", str(path), str(model))
    if done.returncode != 0:
        message = done.stderr.strip().splitlines()[-1]
        is_clear = "ONNX has no operator for operation" in message
        return ("unsupported" if is_clear else "wrong"), message.split("unsupported: ")[-1]
    onnx.checker.check_model(str(model), full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    graph = json.loads(path.read_text())
    hints = {entry["name"]: entry.get("sample", {}) for entry in graph["inputs"]}
    generator = numpy.random.default_rng(1)
    feeds = {value.name: draw(generator, value, hints[value.name], sizes_of(graph)) for value in session.get_inputs()}
    command = [tool, "run", str(path), "--output-dir", str(folder / "out"), "--executor", "vm"]
    for index, (name, array) in enumerate(feeds.items()):
        numpy.save(folder / f"{index}.npy", array)
        command += ["--input", f"{name}={folder / f'{index}.npy'}"]
    done = run(*command)
    if done.returncode != 0:
        return "wrong", done.stderr.strip().splitlines()[-1]
    names = [value.name for value in session.get_outputs()]
    worst = 0.0
    for name, wanted in zip(names, session.run(names, feeds)):
        got = numpy.load(folder / "out" / f"{name.replace('%', '%25').replace('/', '%2F')}.npy")
        if got.shape != wanted.shape or got.dtype != wanted.dtype:
            return "wrong", f"{name} is {got.dtype}{got.shape}, not {wanted.dtype}{wanted.shape}"
        worst = max(worst, float(numpy.max(numpy.abs(got - wanted) / numpy.maximum(1, numpy.abs(wanted)))))
    operators = sorted({node.op_type for node in onnx.load(model).graph.node})
    return ("passed" if worst <= TOLERANCE else "wrong"), f"difference up to {worst:.0e}; {', '.join(operators)}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("graphs", type=pathlib.Path)
    parser.add_argument("--report", type=pathlib.Path)
    options = parser.parse_args()
    results = []
    for path in sorted(options.graphs.glob("*.json")):
        if path.name.endswith(".train.json"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                results.append((path.stem, *check(options.tool, path, pathlib.Path(folder))))
            except Exception as error:  # what onnx or ONNX Runtime refuses
                results.append((path.stem, "wrong", f"{type(error).__name__}: {str(error).splitlines()[0]}"))
    text = (f"Each graph in `graphs/`, written by `jacquard convert`, accepted by `onnx.checker`, run by ONNX Runtime "
            f"{onnxruntime.__version__} and\ncompared with `jacquard run` (a batch of {BATCH}, {TOLERANCE:g} relative and absolute).")
    if options.report:
        tables.append(options.report, TITLE, text, ("graph", "result", "what"), results)
    return tables.summary(TITLE, results)


if __name__ == "__main__":
    sys.exit(main())
