#!/usr/bin/env python3
"""Writes what the peers compute with for Jacquard: FOLDER/parameters.safetensors and FOLDER/INPUT.npy; with --bf16 also
FOLDER/parameters-bf16.safetensors, for a graph by `graph_file.stored_as_bf16`."""

import argparse

import numpy as np
from safetensors.numpy import save_file

from data import Values
import graph_file
import models


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row")
    parser.add_argument("folder")
    parser.add_argument("--shapes", metavar="FILE", help="the shapes.json that describes the row")
    parser.add_argument("--bf16", action="store_true")
    options = parser.parse_args()
    row = models.rows(options.shapes)[options.row]
    values = Values(row)
    save_file(values.parameters, f"{options.folder}/parameters.safetensors")
    if options.bf16:
        from ml_dtypes import bfloat16  # comes with JAX

        roles = {entry.name: entry.role for entry in graph_file.inputs(row)}
        lowered = {name: array.astype(bfloat16) if roles[name] == "parameter" else array
                   for name, array in values.parameters.items()}
        save_file(lowered, f"{options.folder}/parameters-bf16.safetensors")
    for key, array in values.batch.items():
        np.save(f"{options.folder}/{key}.npy", array)


if __name__ == "__main__":
    main()
