#!/usr/bin/env python3
"""Times the forms of the sums of `gnn` in PyTorch (torch_sums.py), which take turns, and prints a line for each mode: whole training
steps in ms, the median of the turns' medians. Run it with the Python that has torch."""

import argparse
import statistics
import sys
import tempfile

from contenders import PeerProcess, Unavailable
import models
from torch_sums import FORMS


def timed(mode, options):
    """The line of a mode."""
    with tempfile.TemporaryDirectory(prefix="forms.") as folder:
        peers, failed = {}, []
        for form in options.forms:
            words = ["peer_torch.py", "--mode", mode, "--form", form]
            try:
                peers[form] = PeerProcess(f"{mode}-{form}", words, sys.executable, models.ROWS["gnn"], options.threads, folder)
            except Unavailable as reason:
                failed.append(f"{form} fails")
                print(reason, file=sys.stderr)
        times = {form: [] for form in peers}
        for _ in range(options.rounds):
            for form, peer in peers.items():
                times[form].append(peer.turn(options.steps).median)
        for peer in peers.values():
            peer.close()
    found = sorted((statistics.median(turns), form) for form, turns in times.items())
    return f"{mode}: " + "; ".join([f"{form} {time:.1f}" for time, form in found] + failed)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modes", type=lambda text: text.split(","), default=["eager", "compile"])
    parser.add_argument("--forms", type=lambda text: text.split("/"), default=list(FORMS), help="separated by /")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    for mode in options.modes:
        print(timed(mode, options), flush=True)


if __name__ == "__main__":
    main()
