"""Runs the node tests of the onnx package through the command line and writes docs/onnx-coverage.md.

Usage: run.py JACQUARD [--jobs N] [--only TEXT] [--report FILE] [--details FILE]
Ends with 1 if a result is wrong.
"""

import argparse
import collections
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
from onnx import numpy_helper

import cases

SECONDS = 60
# What the command line says of a model that needs an input's value beforehand.
NOTES = {"decided": "the values given decide every output", "specialised": "shapes depend on the value of input"}


def as_array(value):
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else numpy.asarray(value)


def file_name(name):
    return name.replace("%", "%25").replace("/", "%2F")


def run_once(tool, case, data, folder):
    """What became of one data set: (status, detail, how far the result rests on the values given)."""
    inputs, outputs = data
    model = folder / "model.onnx"
    model.write_bytes(case.model.SerializeToString())
    command = [tool, "run", str(model), "--output-dir", str(folder / "out"), "--executor", "vm", "--threads", "1"]
    for index, (info, value) in enumerate(zip(case.model.graph.input, inputs)):
        path = folder / f"{index}.npy"
        numpy.save(path, as_array(value))
        command += ["--input", f"{info.name}={path}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return "wrong", f"took over {SECONDS} s", ""
    rests = next((kind for kind, text in NOTES.items() if text in done.stderr), "")
    lines = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
    message = lines[-1].removeprefix(f"error: {model}: ") if lines else ""
    if done.returncode == 2 and "unsupported" in message:
        return "unsupported", message[message.index("unsupported"):], ""
    if done.returncode != 0:
        return "wrong", f"ends with {done.returncode}: {message}", ""
    return *compare(case, outputs, folder / "out"), rests


def compare(case, outputs, folder):
    for info, value in zip(case.model.graph.output, outputs):
        wanted, got = as_array(value), numpy.load(folder / f"{file_name(info.name)}.npy")
        if got.dtype.kind == "V" and wanted.dtype.name == "bfloat16":
            got = got.view(wanted.dtype)
        if got.dtype != wanted.dtype or got.shape != wanted.shape:
            return "wrong", f"{info.name} is {got.dtype}{got.shape}, not {wanted.dtype}{wanted.shape}"
        rtol = case.rtol
        if wanted.dtype.name == "bfloat16":  # as onnx's own runner: two units in the last place
            rtol, got, wanted = max(rtol, 2**-6), got.astype(numpy.float32), wanted.astype(numpy.float32)
        try:
            numpy.testing.assert_allclose(got, wanted, rtol=rtol, atol=cases.absolute_tolerance(case))
        except (AssertionError, TypeError) as error:
            lines = [line for line in str(error).splitlines() if line.strip()]
            return "wrong", f"{info.name}: {'; '.join(lines[1:4])}"
    return "passed", ""


def run_case(tool, case):
    reason = cases.exclusion(case)
    if reason:
        return case.name, "excluded", reason, ""
    for data in case.data_sets:
        with tempfile.TemporaryDirectory() as folder:
            status, detail, rests = run_once(tool, case, data, pathlib.Path(folder))
        if status != "passed":
            return case.name, status, detail, ""
    return case.name, "passed", "", rests


def operators(case):
    return sorted({node.op_type for node in case.model.graph.node})


def report(found, results):
    """The Markdown page: totals, each operator's cases, what is missing."""
    totals = collections.Counter(status for _, status, *_ in results)
    rests = collections.Counter(kind for *_, kind in results)
    lines = [
        "# ONNX coverage", "",
        f"Written by `make conformance`: the node tests of the Python package onnx {onnx.__version__}, each run through",
        "`jacquard run --executor vm` and compared with the tolerance of onnx's own runner (relative 1e-3, bf16 2^-6, absolute 1e-7).",
        "", "| total | passed | unsupported | wrong | excluded |", "|---|---|---|---|---|",
        f"| {len(results)} | " + " | ".join(str(totals[key]) for key in ("passed", "unsupported", "wrong", "excluded")) + " |",
        "", f"Of those passed, {rests['specialised']} have a shape that depends on an input's value, which is given beforehand; in",
        f"{rests['decided']} more those values decide every output, so that nothing is left to compute.",
        "", "## Operators", "", "Cases that have one operator alone.", "",
        "| operator | passed | unsupported | wrong | excluded |", "|---|---|---|---|---|",
    ]
    rows = collections.defaultdict(collections.Counter)
    for case, (_, status, *_) in zip(found, results):
        if len(operators(case)) == 1:
            rows[operators(case)[0]][status] += 1
    for name in sorted(rows):
        lines.append(f"| {name} | " + " | ".join(str(rows[name][key]) for key in ("passed", "unsupported", "wrong", "excluded")) + " |")
    lines += ["", "## Compared with another tolerance", "", "| case | absolute | reason |", "|---|---|---|"]
    lines += [f"| {name} | {rule['absolute']} | {rule['reason']} |" for rule in cases.RULES["tolerances"] for name in rule["names"]]
    for status, title in (("unsupported", "What is missing"), ("excluded", "What is left out, and why (`Tests/Conformance/exclusions.json`)")):
        lines += ["", f"## {title}", "", "| cases | reason |", "|---|---|"]
        reasons = collections.Counter(detail for _, found_status, detail, _ in results if found_status == status)
        lines += [f"| {count} | {reason.replace('|', '/')} |" for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("--details", type=pathlib.Path)
    options = parser.parse_args()
    found = [case for case in cases.load() if options.only in case.name]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda case: run_case(options.tool, case), found))
    if options.report:
        options.report.write_text(report(found, results))
    if options.details:
        options.details.write_text("".join(f"{status}\t{name}\t{detail}\n" for name, status, detail, _ in results))
    for name, status, detail, _ in results:
        if status == "wrong":
            print(f"wrong: {name}: {detail}")
    totals = collections.Counter(status for _, status, *_ in results)
    print(", ".join(f"{totals[key]} {key}" for key in ("passed", "unsupported", "wrong", "excluded")), f"of {len(results)};",
          ", ".join(f"{count} {kind}" for kind, count in collections.Counter(kind for *_, kind in results).items() if kind))
    return 1 if totals["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
