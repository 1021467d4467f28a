"""One row: who takes part, whether they agree, their turns, and the ratio that comes of them."""

import statistics
import sys
import tempfile

from agreement import Agreement, write_values
from contenders import COMMANDS, OF_INFERENCE, ONNX_FILE, JacquardBench, PeerProcess, Unavailable
import graph_file

FEWEST_STEPS, MOST_STEPS = 5, 5000
STARTING_STEPS = 5


def say(text):
    print(text, file=sys.stderr, flush=True)


class Measurement:
    """`jacquard`: the binary, or None. `options`: rounds, seconds, threads, peers, python."""

    def __init__(self, row, jacquard, options):
        self.row, self.jacquard, self.options = row, jacquard, options
        self.missing, self.contenders, self.agreement = [], [], {}

    def result(self):
        say(f"{self.row.name}: starting")
        with tempfile.TemporaryDirectory(prefix="peers.") as folder:
            try:
                expected = self.prepare(folder)
                self.start(folder)
                self.compare(expected)
                return self.measured()
            except Unavailable as reason:
                say(f"  {reason}: row left out")
                return self.described() | {"contenders": {}, "missing": [*self.missing, str(reason)], "product_gflops": 0,
                                           "agreement": {}}
            finally:
                for contender in self.contenders:
                    contender.close()

    def described(self):
        """The row's name; of drawn shapes also what was drawn."""
        drawn = self.row.drawn
        return {"name": self.row.name} | (
            {"seed": drawn["seed"], "batch": drawn["batch"], "sizes": self.row.sizes} if drawn else {})

    def prepare(self, folder):
        """The values as files, the ONNX model of an inference row, and what Jacquard computes."""
        if not self.jacquard or not self.options.peers:
            return None
        write_values(self.options.python, self.row, folder)
        if not self.row.trains:
            self.jacquard.convert(self.row.graph, folder, f"{folder}/{ONNX_FILE}")
        return Agreement(self.jacquard, self.row, folder)

    def start(self, folder):
        """Those that can run, and why the others cannot."""
        names = [name for name in COMMANDS if name in self.options.peers]
        if self.row.trains:
            names = [name for name in names if name not in OF_INFERENCE]
        makers = [lambda name=name: PeerProcess(name, self.options.python, self.row, self.options.threads, folder)
                  for name in names]
        if self.jacquard:
            makers.insert(0, lambda: JacquardBench(self.jacquard, self.row))
        for make in makers:
            try:
                self.contenders.append(make())
            except Unavailable as reason:
                self.missing.append(f"{self.row.name}: {reason}")
                say(f"  {reason}")
        if not self.contenders:
            raise Unavailable("no contender")

    def peers(self):
        return [contender for contender in self.contenders if isinstance(contender, PeerProcess)]

    def compare(self, expected):
        if expected:
            self.agreement = {peer.name: expected.of(peer) for peer in self.peers()}
            for name, found in self.agreement.items():
                if not found["agrees"]:
                    say(f"  {name} computes something else: {found}")

    def measured(self):
        steps = {contender.name: self.fitting_steps(contender) for contender in self.contenders}
        turns = {contender.name: [] for contender in self.contenders}
        for number in range(self.options.rounds):
            shift = number % len(self.contenders)
            for contender in self.contenders[shift:] + self.contenders[:shift]:
                turns[contender.name].append(contender.turn(steps[contender.name]))
            medians = ", ".join(f"{name} {ours[-1].median:.3f}" for name, ours in turns.items())
            say(f"  round {number + 1} of {self.options.rounds}: {medians} ms")
        found = {contender.name: self.figures(contender, turns[contender.name], steps[contender.name])
                 for contender in self.contenders}
        products = [peer.ask("gemm")["gflops"] for peer in self.peers()]  # after the peaks: its matrices take memory too
        return self.described() | {"missing": self.missing, "agreement": self.agreement, "contenders": found,
                                   "product_gflops": max(products, default=0)}

    def fitting_steps(self, contender):
        pace = contender.turn(STARTING_STEPS).median
        return max(FEWEST_STEPS, min(MOST_STEPS, round(self.options.seconds * 1e3 / pace)))

    def figures(self, contender, turns, steps):
        figures = {
            "version": contender.version,
            "steps": steps,
            "median_ms": statistics.median(turn.median for turn in turns),
            "min_ms": min(turn.minimum for turn in turns),
            "round_medians_ms": [turn.median for turn in turns],
            "first_ms": contender.first_ms,
        }
        if isinstance(contender, PeerProcess):
            return figures | {"peak_rss_bytes": contender.ask("rss")["rss_bytes"]}
        last = contender.last
        return figures | {"peak_rss_bytes": last["peak_rss_bytes"], "arena_bytes": last["arena_bytes"],
                          "kept_bytes": graph_file.kept_bytes(self.row),
                          "flops": last["gflops"] * last["median_ms"] * 1e6}


def judge(row, reference, product, threads):
    """Adds the fastest peer, the ratio to it, and why the row is void, if it is. `product`: the fastest of the whole run."""
    found, ours = row["contenders"], row["contenders"].get("jacquard")
    peers = [name for name in found if name != "jacquard"]
    if not peers:
        return row
    row["fastest"] = fastest = min(peers, key=lambda name: found[name]["median_ms"])
    peer = found[fastest]
    if ours:
        ratios = [theirs / own for theirs, own in zip(peer["round_medians_ms"], ours["round_medians_ms"])]
        row["ratio"] = {"median": statistics.median(ratios), "least": min(ratios), "greatest": max(ratios)}
    apart = [name for name, agreed in row["agreement"].items() if not agreed["agrees"]]
    if apart:
        row["void"] = f"{', '.join(apart)} computes something else"
    figure = reference["figures"].get(row["name"])
    if figure and product and threads == reference["threads"]:
        row["expected_ms"] = figure["best_ms"] * reference["product_gflops"] / product
        if min(peer["round_medians_ms"]) > reference["tolerance"] * row["expected_ms"]:
            row.setdefault("void", f"{fastest} too slow")
    return row
