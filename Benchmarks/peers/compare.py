#!/usr/bin/env python3
"""Compares Jacquard with other frameworks on this machine. README.md says how, and how to install the peers."""

import argparse
import json
from pathlib import Path
import sys

from contenders import COMMANDS, FOLDER, Jacquard, find_python
import footprint
import machine
from measure import Measurement, judge, say
from models import GRAPHS, KINDS, ROWS, SHAPES, rows
import plots
import report

DOCS = GRAPHS.parent / "docs"
README = GRAPHS.parent / "README.md"
DRAWN = GRAPHS.parent / "out"  # `make shapes SEED=S` writes to shapes-S there
PARTS = (*KINDS, "compile", "threads")
BUSY = 0.5


def listed(text):
    return [name for name in text.split(",") if name]


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jacquard", metavar="PATH", help="the jacquard binary")
    parser.add_argument("--peers-only", action="store_true", help="leave Jacquard out")
    standard = [part for part in PARTS if part != SHAPES]
    parser.add_argument("--parts", type=listed, default=standard,
                        help=f"default: {','.join(standard)}; or {SHAPES}, the drawn shapes")
    parser.add_argument("--seed", type=int, default=1, help="of the drawn shapes, which `make shapes SEED=...` has written")
    parser.add_argument("--shapes", type=Path, metavar="FILE", help="the shapes.json of another folder")
    parser.add_argument("--models", type=listed, help="rows by name, instead of all rows of the parts")
    parser.add_argument("--peers", type=listed, default=list(COMMANDS), help=f"default: {','.join(COMMANDS)}; empty for none")
    parser.add_argument("--bf16", action="store_true", help="also peers in bf16, in training and inference")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a turn")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--executor", default="native")
    parser.add_argument("--python", help="the Python with the peers' packages; default: .venv here, else this one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures of all rounds")
    parser.add_argument("--from", type=Path, nargs="+", metavar="FILE", dest="earlier",
                        help="measure nothing: put together what --json wrote, a part a file")
    parser.add_argument("--write", type=Path, nargs="?", metavar="FOLDER", const=DOCS,
                        help="also write benchmarks.md and its plots; default: docs, and the table in README.md")
    options = parser.parse_args(arguments)
    options.rows = rows_for(options, parser)
    for names, known in ((options.parts, PARTS), (options.models or [], options.rows), (options.peers, COMMANDS)):
        for name in names:
            if name not in known:
                parser.error(f"unknown: {name} (known: {', '.join(known)})")
    if not options.peers_only and not options.jacquard and not options.earlier:
        parser.error("--jacquard PATH, --peers-only or --from FILE...")
    options.python = find_python(options.python)
    return options


def rows_for(options, parser):
    """The rows by name. A row that is not listed may be a drawn one."""
    file = options.shapes or DRAWN / f"shapes-{options.seed}" / "shapes.json"
    unlisted = any(name not in ROWS for name in options.models or [])
    if SHAPES not in options.parts and not (unlisted and file.exists()):
        return ROWS
    try:
        return rows(file)
    except OSError as error:
        parser.error(f"{file}: {error.strerror}; `make shapes SEED={options.seed}` writes it")
    except ValueError as error:
        parser.error(str(error))


def measured(options):
    """All that was asked for, as the JSON has it."""
    load = machine.load_average()
    if load and load > BUSY:
        say(f"the load average is {load:.2f}: other processes disturb the peers more than Jacquard; do not trust the ratios")
    reference = json.loads((FOLDER / "reference.json").read_text())
    jacquard = None if options.peers_only else Jacquard(options.jacquard, options.executor, options.threads)
    names = options.models or [name for name, row in options.rows.items() if row.kind in options.parts]
    result = {"processor": machine.processor(), "threads": options.threads, "rounds": options.rounds, "load_before": load,
              "limits": machine.limits(options.threads), "reference_gflops": reference["product_gflops"]}
    found = [Measurement(options.rows[name], jacquard, options).result() for name in names]
    result["product_gflops"] = product = max((row["product_gflops"] for row in found), default=0)
    result["rows"] = [judge(row, reference, product, options.threads) for row in found]
    alone = jacquard and not options.models
    result["compilation"] = footprint.compilation(jacquard, GRAPHS) if alone and "compile" in options.parts else []
    result["scaling"] = footprint.scaling(jacquard, options.rounds) if alone and "threads" in options.parts else []
    return result


def together(files):
    """One result from several: all rows, and the highest of the machine's limits."""
    results = [json.loads(file.read_text()) for file in files]
    result = dict(results[0])
    for key in ("rows", "compilation", "scaling"):
        result[key] = [line for one in results for line in one[key]]
    result["limits"] = {key: max(one["limits"][key] for one in results) for key in result["limits"]}
    result["product_gflops"] = max(one["product_gflops"] for one in results)
    result["rounds"] = min(one["rounds"] for one in results)
    result["load_before"] = max(one["load_before"] or 0 for one in results)
    return result


def main(arguments=None):
    options = parse(arguments)
    result = together(options.earlier) if options.earlier else measured(options)
    print(report.text(result))
    if options.json:
        report.write_atomically(options.json, json.dumps(result, indent=1) + "\n")
    if options.write:
        drawn = plots.draw(result, options.write)
        page = report.page(result, drawn)
        report.write_atomically(options.write / "benchmarks.md", page)
        if options.write == DOCS:
            report.write_atomically(README, report.with_digest(README.read_text(), page))
    complete = (row["contenders"] and (options.peers_only or "jacquard" in row["contenders"]) for row in result["rows"])
    return 0 if all(complete) else 1


if __name__ == "__main__":
    sys.exit(main())
