#!/usr/bin/env python3
"""Writes the golden files of this folder. README.md says what is in each.

    pip install numpy scipy scikit-learn safetensors jax torch mpmath     (any PyTorch build; only its CPU part is used)
    python generate.py                                       all files, about a minute
    python generate.py operations philox training layers jacobians evaluation gradients     some of them

Everything is deterministic: inputs come from fixed values and from Philox, never from a library's generator. Each part
checks itself while it writes (published Philox vectors, NumPy against PyTorch against JAX) and stops at a disagreement.
"""

import sys
from pathlib import Path

from goldens import evaluation, gradients, jacobians, layers, operations, philox, training

PARTS = {"operations": operations.write, "philox": philox.write, "training": training.write, "layers": layers.write,
         "jacobians": jacobians.write, "evaluation": evaluation.write, "gradients": gradients.write}


def main(arguments):
    folder = Path(__file__).resolve().parent
    for name in arguments or PARTS:
        if name not in PARTS:
            sys.exit(f"unknown part {name}: choose from {', '.join(PARTS)}")
        for path in PARTS[name](folder):
            print(f"{path.relative_to(folder)}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
