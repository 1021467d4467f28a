#!/usr/bin/env python3
"""Writes what the peers compute with for Jacquard: FOLDER/parameters.safetensors and FOLDER/INPUT.npy."""

import sys

import numpy as np
from safetensors.numpy import save_file

from data import Values
from models import ROWS


def main(name, folder):
    values = Values(ROWS[name])
    save_file(values.parameters, f"{folder}/parameters.safetensors")
    for key, array in values.batch.items():
        np.save(f"{folder}/{key}.npy", array)


if __name__ == "__main__":
    main(*sys.argv[1:])
