"""What Jacquard alone shows: compile times of every graph, its arena against the lower bound, two threads against one."""

import statistics
import tempfile

import bounds
from contenders import Unavailable
from measure import say
import models

SCALING_STEPS = 20


def compilation(jacquard, graphs):
    """A line for each graph: natively with nothing cached (cold), again in a new process (warm), and for the tile machine."""
    say("compile times: starting")
    return [compiled(jacquard, graph) for graph in sorted(graphs.glob("*.json"))]


def compiled(jacquard, graph):
    line = {"graph": graph.stem}
    with tempfile.TemporaryDirectory(prefix="cache.") as cache:
        try:
            cold, warm = (jacquard.bench(graph, executor="native", steps=1, cache=cache) for _ in range(2))
            machine = jacquard.bench(graph, executor="vm", steps=1)
        except Unavailable as reason:
            return line | {"missing": str(reason)}
    return line | {"cold_ms": cold["compile_cold_ms"], "warm_ms": warm["compile_cold_ms"],
                   "vm_ms": machine["compile_cold_ms"], "arena_bytes": cold["arena_bytes"],
                   "arena_lower_bound_bytes": cold["arena_lower_bound_bytes"]}


def scaling(jacquard, rounds):
    """A line for each model: the medians with one and two threads, in turns."""
    lines = []
    for name in bounds.SCALED:
        say(f"threads, {name}: starting")
        row, times = models.ROWS[name], {1: [], 2: []}
        try:
            for _ in range(rounds):
                for threads, found in times.items():
                    done = jacquard.bench(row.graph, row.bindings, threads=threads, steps=SCALING_STEPS)
                    found.append(done["median_ms"])
        except Unavailable as reason:
            lines.append({"name": name, "missing": str(reason)})
            continue
        ratios = [one / two for one, two in zip(times[1], times[2])]
        lines.append({"name": name, "one_ms": statistics.median(times[1]), "two_ms": statistics.median(times[2]),
                      "speedup": statistics.median(ratios), "least": min(ratios), "greatest": max(ratios)})
    return lines
