"""The line protocol of a peer: a process that lives as long as the comparison and answers one JSON object a line.

    (start)      {"peer": ..., "version": ..., "row": ..., "threads": ..., "start_s": ...}
    warmup       {"first_ms": ..., "steps": ...}     first step (compilation), then steps until the pace is steady
    run K        {"median_ms": ..., "min_ms": ...}   of K steps from the initial parameters, after a few not measured
    losses D K   {"losses": [D lists of K]}          of the first K steps from the initial parameters, D times
    compare FILE {"difference": ...}                 the output's distance from the array in FILE (.npy): the greatest of any
                                                     element, over the greatest magnitude
    rss          {"rss_bytes": ...}                  peak resident memory of this process
    gemm         {"gflops": ...}                     a 1024^3 product in f32, best of many, the peer's or NumPy's
    quit
"""

import argparse
import gc
import json
import os
import statistics
import sys
import time

import models

STARTED = time.perf_counter()
WARMUP_SECONDS, WARMUP_STEPS = 0.5, 20
UNMEASURED = 5
GEMM_SIZE, GEMM_REPEATS = 1024, 30
PRECISION = {"choices": ["f32", "bf16"], "default": "f32"}  # an option of some peers


def arguments(description, **extra):
    """The command line that every peer has: ROW, --shapes and --threads. Limits the process to that many processors, which is
    the only way to limit some frameworks; so call it before importing one."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("row")
    parser.add_argument("--shapes", metavar="FILE", help="the shapes.json that describes the row")
    parser.add_argument("--threads", type=int, default=2)
    for name, options in extra.items():
        parser.add_argument(f"--{name}", **options)
    parsed = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[: parsed.threads])
    os.environ["OMP_NUM_THREADS"] = str(parsed.threads)
    return parsed


def row_of(options):
    """The row that was asked for."""
    rows = models.rows(options.shapes)
    if options.row not in rows:
        raise SystemExit(f"no row {options.row} (known: {', '.join(rows)})")
    return rows[options.row]


def known(row, made):
    """What a peer has for the row's model, of all that it has."""
    if row.model not in made:
        raise SystemExit(f"no {row.model} for this peer")
    return made[row.model]


def peak_resident_bytes():
    """From VmHWM: the maximum that getrusage reports is inherited from the process that started this one."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def best_gflops(product):
    """The speed of `product`, which multiplies two square matrices of GEMM_SIZE and waits for the result."""
    product()
    best = min(timed(product) for _ in range(GEMM_REPEATS))
    return 2 * GEMM_SIZE**3 / best / 1e6


def numpy_product():
    """NumPy's, which is OpenBLAS: often faster than what a framework brings along."""
    import numpy as np  # not before `arguments` has limited the threads

    square = np.ones((GEMM_SIZE, GEMM_SIZE), np.float32)
    return lambda: square @ square


def timed(action):
    """Milliseconds."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1e3


class Peer:
    """`work` has `step()`, which runs one step to its end; `reset()`, back to the initial parameters; and `last`, the loss
    of the last step, if it trains, else `output()`, as an array. `product()` is as for `best_gflops`, or None.

    Each `run` starts from the initial parameters: a model that goes on learning one batch by heart ends with gradients
    and moments too small for normal floats, and those are slow."""

    def __init__(self, name, version, options, work, product=None):
        self.head = {"peer": name, "version": version, "row": options.row, "threads": options.threads}
        self.work, self.step, self.product = work, work.step, product

    def warmup(self):
        first, steps, start = timed(self.step), 1, time.perf_counter()
        while steps < WARMUP_STEPS or time.perf_counter() - start < WARMUP_SECONDS:
            self.step()
            steps += 1
        gc.collect()
        gc.freeze()
        return {"first_ms": first, "steps": steps}

    def run(self, count):
        self.work.reset()
        gc.disable()
        for _ in range(UNMEASURED):
            self.step()
        times = [timed(self.step) for _ in range(count)]
        gc.enable()
        return {"median_ms": statistics.median(times), "min_ms": min(times)}

    def losses(self, draws, count):
        return {"losses": [self.first_losses(count) for _ in range(draws)]}

    def first_losses(self, count):
        self.work.reset()
        losses = []
        for _ in range(count):
            self.step()
            losses.append(float(self.work.last))
        return losses

    def compare(self, path):
        import numpy as np  # not before `arguments` has limited the threads

        expected = np.load(path)
        self.step()
        ours = np.asarray(self.work.output())
        if ours.shape != expected.shape:
            return {"error": f"the output is {ours.shape}, not {expected.shape}"}
        return {"difference": float(np.abs(ours - expected).max() / np.abs(expected).max())}

    def gflops(self):
        products = [numpy_product(), *([self.product] if self.product else [])]
        return {"gflops": max(best_gflops(product) for product in products)}

    def answer(self, line):
        command, *rest = line.split()
        answers = {
            "warmup": self.warmup,
            "run": lambda: self.run(int(rest[0])),
            "losses": lambda: self.losses(int(rest[0]), int(rest[1])),
            "compare": lambda: self.compare(rest[0]),
            "rss": lambda: {"rss_bytes": peak_resident_bytes()},
            "gemm": self.gflops,
        }
        return answers[command]() if command in answers else {"error": f"unknown command {command}"}

    def serve(self):
        """Answers until `quit` or the end of the input. Whatever a library prints goes to the error stream."""
        answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        print(json.dumps({**self.head, "start_s": time.perf_counter() - STARTED}), file=answers)
        for line in sys.stdin:
            if line.split() == ["quit"]:
                return
            if line.strip():
                print(json.dumps(self.answer(line)), file=answers)
