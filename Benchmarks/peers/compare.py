#!/usr/bin/env python3
"""Compares Jacquard's training steps with PyTorch's and JAX's. README.md says how, and how to install the peers."""

import argparse
import json
from pathlib import Path
import statistics
import sys
import tempfile

from contenders import COMMANDS, FOLDER, JacquardBench, PeerProcess, Unavailable, find_python
from models import MODELS
import report

ROOT = FOLDER.parent.parent
JUDGES = ("torch", "jax")
FEWEST_STEPS, MOST_STEPS = 5, 500
STARTING_STEPS = 5
BUSY = 0.5


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jacquard", metavar="PATH", help="the jacquard binary")
    parser.add_argument("--peers-only", action="store_true", help="leave Jacquard out")
    parser.add_argument("--models", default=",".join(MODELS), help="default: %(default)s")
    parser.add_argument("--peers", default=",".join(COMMANDS), help="default: %(default)s; empty for none")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a turn")
    parser.add_argument("--steps", type=int, help="steps a turn, instead of --seconds")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--executor", default="native")
    parser.add_argument("--graphs", type=Path, default=ROOT / "graphs")
    parser.add_argument("--python", help="the Python with the peers' packages; default: .venv here, else this one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures of all rounds")
    parser.add_argument("--write", type=Path, nargs="?", metavar="FILE", const=ROOT / "docs" / "benchmarks.md",
                        help="also write the page; default: docs/benchmarks.md")
    options = parser.parse_args(arguments)
    options.models = [name for name in options.models.split(",") if name]
    options.peers = [name for name in options.peers.split(",") if name]
    for name, known in [*((m, MODELS) for m in options.models), *((p, COMMANDS) for p in options.peers)]:
        if name not in known:
            parser.error(f"unknown: {name} (known: {', '.join(known)})")
    if not options.peers_only and not options.jacquard:
        parser.error("--jacquard PATH or --peers-only")
    return options


def say(text):
    print(text, file=sys.stderr, flush=True)


def start_contenders(model, options, log_folder):
    """Those that can run, and why the others cannot."""
    makers = [lambda name=name: PeerProcess(name, find_python(options.python), model, options.threads, log_folder)
              for name in options.peers]
    if not options.peers_only:
        graph = options.graphs / MODELS[model].graph
        makers.insert(0, lambda: JacquardBench(options.jacquard, graph, options.executor, options.threads))
    running, missing = [], []
    for make in makers:
        try:
            running.append(make())
        except Unavailable as reason:
            missing.append(str(reason))
            say(f"  {reason}")
    return running, missing


def measure(model, options, log_folder):
    """One row: every contender's turns."""
    say(f"{model}: starting")
    contenders, missing = start_contenders(model, options, log_folder)
    try:
        if not contenders:
            raise Unavailable("no contender")
        steps = {c.name: options.steps or fitting_steps(c, options.seconds) for c in contenders}
        turns = {c.name: [] for c in contenders}
        for number in range(options.rounds):
            shift = number % len(contenders)
            for contender in contenders[shift:] + contenders[:shift]:
                turns[contender.name].append(contender.turn(steps[contender.name]))
            medians = ", ".join(f"{name} {ours[-1].median:.3f}" for name, ours in turns.items())
            say(f"  round {number + 1} of {options.rounds}: {medians} ms")
        peaks = {c.name: c.peak_bytes() for c in contenders}
        products = [c.product_gflops() or 0 for c in contenders]  # after the peaks: its matrices take memory too
        return summary(model, contenders, turns, steps, peaks, max(products, default=0), missing)
    except Unavailable as reason:
        say(f"  {reason}: row left out")
        return {"model": model, "contenders": {}, "missing": missing or [str(reason)], "product_gflops": 0}
    finally:
        for contender in contenders:
            contender.close()


def fitting_steps(contender, seconds):
    pace = contender.turn(STARTING_STEPS).median
    return max(FEWEST_STEPS, min(MOST_STEPS, round(seconds * 1e3 / pace)))


def summary(model, contenders, turns, steps, peaks, product, missing):
    row = {"model": model, "product_gflops": product, "missing": missing, "contenders": {}}
    for contender in contenders:
        ours = turns[contender.name]
        row["contenders"][contender.name] = {
            "version": contender.version,
            "steps": steps[contender.name],
            "median_ms": statistics.median(turn.median for turn in ours),
            "min_ms": min(turn.minimum for turn in ours),
            "round_medians_ms": [turn.median for turn in ours],
            "first_ms": contender.first_ms,
            "peak_rss_bytes": peaks[contender.name],
        }
    return row


def judge(row, reference, product, threads):
    """Adds the faster peer, the ratio to it, and whether the row is void. `product`: the fastest of the whole run."""
    present = [name for name in JUDGES if name in row["contenders"]]
    if not present:
        return row
    fastest = min(present, key=lambda name: row["contenders"][name]["median_ms"])
    peer, ours = row["contenders"][fastest], row["contenders"].get("jacquard")
    row["judge"] = fastest
    if ours:
        ratios = [a / b for a, b in zip(ours["round_medians_ms"], peer["round_medians_ms"])]
        row["ratio"] = {"median": statistics.median(ratios), "least": min(ratios), "greatest": max(ratios)}
    figure = reference["figures"].get(row["model"])
    if figure and product and threads == reference["threads"]:
        row["expected_ms"] = figure["best_ms"] * reference["product_gflops"] / product
        row["void"] = min(peer["round_medians_ms"]) > reference["tolerance"] * row["expected_ms"]
    return row


def main(arguments=None):
    options = parse(arguments)
    reference = json.loads((FOLDER / "reference.json").read_text())
    load = report.load_average()
    if load and load > BUSY:
        say(f"the load average is {load:.2f}: other processes disturb the peers more than Jacquard; do not trust the ratios")
    with tempfile.TemporaryDirectory(prefix="peers.") as logs:
        rows = [measure(model, options, logs) for model in options.models]
    product = max((row["product_gflops"] for row in rows), default=0)
    result = {"threads": options.threads, "rounds": options.rounds, "load_before": load, "product_gflops": product,
              "rows": [judge(row, reference, product, options.threads) for row in rows]}
    print(report.text(result, reference))
    if options.json:
        report.write_atomically(options.json, json.dumps(result, indent=1) + "\n")
    if options.write:
        report.write_atomically(options.write, report.page(result, reference))
    complete = (row["contenders"] and (options.peers_only or "jacquard" in row["contenders"]) for row in rows)
    return 0 if all(complete) else 1


if __name__ == "__main__":
    sys.exit(main())
