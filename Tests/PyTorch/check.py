#!/usr/bin/env python3
"""Gives PyTorch the state dicts that Jacquard wrote: each must load strictly and give Jacquard's outputs.

    pip install numpy safetensors torch jax scipy mpmath
    python check.py FOLDER      what `JACQUARD_PYTORCH_DIR=FOLDER swift test --filter writesStateDictsForPyTorch` wrote

The layers and their inputs are those of the goldens (Tests/Goldens/goldens/layers.py). The other way, from PyTorch's files to
Jacquard, is checked by `swift test` itself with the files in Tests/Goldens/pytorch.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

GOLDENS = Path(__file__).resolve().parent.parent / "Goldens"
sys.path.insert(0, str(GOLDENS))

from goldens.layers import CASES, as_list  # noqa: E402

TOLERANCE = 1e-5


def worst_of(name, folder, inputs):
    """The largest difference of the outputs, relative to their largest element (at least 1)."""
    module, _, *call = CASES[name]
    module.load_state_dict(load_file(folder / f"{name}.safetensors"), strict=True)
    inputs = [x.float() if x.is_floating_point() else x for x in inputs]
    with torch.no_grad():
        found = as_list((call[0] if call else lambda m, *x: m(*x))(module.float().eval(), *inputs))
    written = load_file(folder / f"{name}.outputs.safetensors")
    assert len(written) == len(found), f"{name}: {len(written)} outputs, not {len(found)}"
    pairs = [(y, written[f"output{index}"]) for index, y in enumerate(found)]
    return max(((a - b).abs().max() / max(1, a.abs().max())).item() for a, b in pairs)


def main(folder):
    tensors = load_file(GOLDENS / "layers.safetensors")
    failed = 0
    for name, (_, inputs, *_) in CASES.items():
        try:
            worst = worst_of(name, folder, [tensors[f"{name}/in{index}"] for index in range(len(inputs))])
        except (RuntimeError, AssertionError, OSError) as error:
            worst = f"failed: {error}"
        good = isinstance(worst, float) and worst <= TOLERANCE
        failed += not good
        print(f"{'good' if good else 'WRONG':6} {name:28} {worst}")
    sys.exit(f"{failed} of {len(CASES)} layers do not agree" if failed else 0)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
