"""One row: who takes part, whether they agree, their turns, and the ratio that comes of them."""

import dataclasses
import json
from pathlib import Path
import statistics
import sys
import tempfile

from agreement import Agreement, write_values
from contenders import BF16, COMMANDS, LOWERED, OF_INFERENCE, ONNX_FILE, JacquardBench, PeerProcess, Unavailable
import graph_file
import models

FEWEST_STEPS, MOST_STEPS = 5, 5000
STARTING_STEPS = 5


def say(text):
    print(text, file=sys.stderr, flush=True)


class Measurement:
    """`jacquard`: the binary, or None. `options`: rounds, seconds, threads, peers, python, bf16."""

    def __init__(self, row, jacquard, options):
        self.row, self.jacquard, self.options = row, jacquard, options
        self.missing, self.contenders, self.agreement = [], [], {}

    def result(self):
        say(f"{self.row.name}: starting")
        with tempfile.TemporaryDirectory(prefix="peers.") as folder:
            try:
                expected = self.prepare(folder)
                self.start(folder)
                self.compare(expected, folder)
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
        write_values(self.options.python, self.row, folder, self.lowers())
        if not self.row.trains:
            self.jacquard.convert(self.row.graph, folder, f"{folder}/{ONNX_FILE}")
        return Agreement(self.jacquard, self.row, folder)

    def start(self, folder):
        """Those that can run, and why the others cannot."""
        names = [name for name in COMMANDS if name in self.options.peers]
        if self.row.trains:
            names = [name for name in names if name not in OF_INFERENCE]
        if self.lowers():
            names += [name + BF16 for name in names if name + BF16 in LOWERED]
        commands = COMMANDS | LOWERED
        makers = [lambda name=name: PeerProcess(name, commands[name], self.options.python, self.row, self.options.threads, folder)
                  for name in names]
        if self.jacquard:
            makers.insert(0, lambda: JacquardBench(self.jacquard, self.row))
            if self.lowers() and not self.row.trains:
                makers.append(lambda: JacquardBench(self.jacquard, self.stored_as_bf16(folder), "jacquard" + BF16))
        for make in makers:
            try:
                self.contenders.append(make())
            except Unavailable as reason:
                self.missing.append(f"{self.row.name}: {reason}")
                say(f"  {reason}")
        if not self.contenders:
            raise Unavailable("no contender")

    def lowers(self):
        """Whether those in bf16 take part too."""
        return self.options.bf16 and self.row.kind in (models.TRAINING, models.INFERENCE)

    def stored_as_bf16(self, folder):
        """The row with its parameters in bf16. Its graph has the name of the file that it comes from."""
        graph = Path(folder) / "bf16" / self.row.graph.name
        graph.parent.mkdir(exist_ok=True)
        graph.write_text(json.dumps(graph_file.stored_as_bf16(self.row.graph)))
        return dataclasses.replace(self.row, graph=graph)

    def peers(self):
        return [contender for contender in self.contenders if isinstance(contender, PeerProcess)]

    def compare(self, expected, folder):
        if expected and self.peers():
            self.agreement = {peer.name: expected.of(peer) for peer in self.peers()}
            for contender in self.contenders:
                if contender.name == "jacquard" + BF16:
                    self.agreement[contender.name] = expected.of_stored_as_bf16(
                        self.jacquard, contender.row, folder, self.peers()[0])
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
        lowered = {name: found.pop(name) for name in list(found) if name.endswith(BF16)}
        for name in lowered.keys() & self.agreement.keys():
            lowered[name]["agreement"] = self.agreement.pop(name)
        products = [peer.ask("gemm")["gflops"] for peer in self.peers()]  # after the peaks: its matrices take memory too
        return self.described() | {"missing": self.missing, "agreement": self.agreement, "contenders": found,
                                   "bf16": lowered, "product_gflops": max(products, default=0)}

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
        row["ratio"] = ratio(peer, ours)
    judge_bf16(row, ours or peer)
    apart = [name for name, agreed in row["agreement"].items() if not agreed["agrees"]]
    if apart:
        row["void"] = f"{', '.join(apart)} computes something else"
    figure = reference["figures"].get(row["name"])
    if figure and product and threads == reference["threads"]:
        row["expected_ms"] = figure["best_ms"] * reference["product_gflops"] / product
        if min(peer["round_medians_ms"]) > reference["tolerance"] * row["expected_ms"]:
            row.setdefault("void", f"{fastest} too slow")
    return row


def ratio(theirs, ours):
    """Of the medians, round by round."""
    ratios = [one / own for one, own in zip(theirs["round_medians_ms"], ours["round_medians_ms"])]
    return {"median": statistics.median(ratios), "least": min(ratios), "greatest": max(ratios)}


def judge_bf16(row, f32):
    """Adds the fastest peer in bf16, and its ratio to a contender in f32."""
    lowered = {name: one for name, one in row.get("bf16", {}).items()
               if name in LOWERED and one.get("agreement", {"agrees": True})["agrees"]}
    if lowered:
        row["fastest_bf16"] = fastest = min(lowered, key=lambda name: lowered[name]["median_ms"])
        row["ratio_bf16"] = ratio(lowered[fastest], f32)
