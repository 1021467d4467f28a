"""Whether a peer computes what Jacquard computes, from the same parameters and the same batch.

A model that draws nothing: the first loss agrees to FIRST, the loss of step STEPS to LATER (relative; Adam divides by
the root of a gradient that may be rounding alone, so small differences grow). A model that draws random numbers: the
means of both losses over DRAWS trials with different numbers differ by no more than DEVIATIONS standard deviations of
that difference, estimated from both sets of trials. Outputs: no element differs by more than OUTPUT of the greatest
magnitude. A peer in bf16, which has 8 bits of mantissa, may be as far off as LOWERED says; where random numbers are drawn, by as
many standard deviations as in f32 or by as much of the mean as LOWERED says.
"""

from pathlib import Path
import statistics
import struct
import subprocess
import tempfile

from contenders import BF16, FOLDER, Unavailable

FIRST, LATER, OUTPUT = 1e-4, 1e-3, 1e-4
LOWERED = 2e-2, 1e-1, 5e-2
STEPS = 5
DRAWS, DEVIATIONS = 8, 5


def write_values(python, row, folder, lowered):
    """Parameters and batch, as the peers make them. `lowered`: the parameters also in bf16."""
    command = [python, str(FOLDER / "write_values.py"), *row.words, str(folder), *(["--bf16"] if lowered else [])]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Unavailable((done.stderr.strip().splitlines() or ["write_values.py failed"])[-1])


class Agreement:
    """What Jacquard gives for a row, to compare peers with."""

    def __init__(self, jacquard, row, values):
        self.row, self.trials = row, DRAWS if row.draws else 1
        self.folder = tempfile.TemporaryDirectory(prefix="outputs.")
        if row.trains:
            self.losses = {step: [self.loss(jacquard, values, step, seed) for seed in range(self.trials)]
                           for step in (1, STEPS)}
        else:
            jacquard.run(row.graph, row.bindings, values, self.folder.name)

    def loss(self, jacquard, values, steps, seed):
        jacquard.run(self.row.graph, self.row.bindings, values, self.folder.name, steps, seed)
        with open(f"{self.folder.name}/loss.npy", "rb") as file:
            return struct.unpack("<f", file.read()[-4:])[0]

    def of_stored_as_bf16(self, jacquard, row, values, peer):
        """As `of`, of Jacquard with parameters in bf16; a peer in f32 compares the outputs."""
        with tempfile.TemporaryDirectory(prefix="outputs.") as folder:
            jacquard.run(row.graph, row.bindings, values, folder, precision=BF16)
            [output] = Path(folder).glob("*.npy")
            difference = peer.ask(f"compare {output}")["difference"]
        return {"agrees": difference <= LOWERED[2], "difference": difference}

    def of(self, peer):
        """{"agrees": ..., and what was compared}"""
        first_limit, later_limit, output_limit = LOWERED if peer.name.endswith(BF16) else (FIRST, LATER, OUTPUT)
        if not self.row.trains:
            [output] = Path(self.folder.name).glob("*.npy")
            difference = peer.ask(f"compare {output}")["difference"]
            return {"agrees": difference <= output_limit, "difference": difference}
        theirs = peer.ask(f"losses {self.trials} {STEPS}")["losses"]
        first, later = ((self.losses[step], [losses[step - 1] for losses in theirs]) for step in (1, STEPS))
        near = relative(*first) <= first_limit and relative(*later) <= later_limit
        if not self.row.draws:
            return {"agrees": near, "first": relative(*first), "later": relative(*later), "unit": "relative"}
        found = (deviations(*first), deviations(*later))
        agrees = max(found) <= DEVIATIONS or (near and peer.name.endswith(BF16))
        return {"agrees": agrees, "first": found[0], "later": found[1], "unit": "deviations"}


def relative(ours, theirs):
    """The difference of the means."""
    return abs(statistics.mean(ours) - statistics.mean(theirs)) / abs(statistics.mean(ours))


def deviations(ours, theirs):
    """How far apart the means are, in standard deviations of their difference."""
    spread = sum(statistics.variance(losses) / len(losses) for losses in (ours, theirs)) ** 0.5
    return abs(statistics.mean(ours) - statistics.mean(theirs)) / max(spread, 1e-12)
