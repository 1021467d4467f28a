"""Batches and initial parameters, the same in every framework: drawn as the hints of a graph's file say."""

import json
import re

import numpy as np

DTYPES = {"f32": np.float32, "i32": np.int32, "i64": np.int64}


class Values:
    """The inputs of a graph with the sizes of a row: `batch` and `parameters` by Jacquard's names and layouts
    (matrices [in, out], kernels [out, in, height, width]). `parameters` has the statistics of a batch norm too, but
    no optimiser state."""

    def __init__(self, row, seed=0):
        graph = json.loads(row.graph.read_text())
        sizes = {symbol["name"]: symbol["default"] for symbol in graph.get("symbols", [])} | row.bindings
        generator = np.random.default_rng(seed)
        self.batch, self.parameters = {}, {}
        for entry in graph["inputs"]:
            dtype, shape = parsed(entry["type"], sizes)
            if entry["role"] == "data":
                self.batch[entry["name"]] = draw(generator, entry["sample"], shape, dtype)
            elif "init" in entry:
                self.parameters[entry["name"]] = draw(generator, entry["init"], shape, dtype)


def parsed(text, sizes):
    """f32[N,784] -> (float32, (128, 784))"""
    dtype, dimensions = re.fullmatch(r"(\w+)\[(.*)\]", text).groups()
    return DTYPES[dtype], tuple(sizes.get(part) or int(part) for part in dimensions.split(",") if part)


def draw(generator, hint, shape, dtype):
    kind = hint["kind"]
    if kind == "integers":
        return generator.integers(hint["low"], hint["high"], shape).astype(dtype)
    if kind == "normal":
        return (hint.get("mean", 0) + hint.get("deviation", 1) * generator.standard_normal(shape)).astype(dtype)
    if kind in ("zeros", "ones"):
        return np.full(shape, float(kind == "ones"), dtype)
    low, high = bounds(hint, shape)
    return generator.uniform(low, high, shape).astype(dtype)


def bounds(hint, shape):
    """Of a uniform draw; Jacquard's and PyTorch's formulas."""
    if hint["kind"] == "uniform":
        return hint.get("low", 0), hint.get("high", 1)
    fan_in, fan_out = shape if len(shape) == 2 else (np.prod(shape[1:]), shape[0] * np.prod(shape[2:]))
    if hint["kind"] == "kaimingUniform":
        bound = hint.get("gain", 3**-0.5) * (3 / fan_in) ** 0.5
    elif hint["kind"] == "xavierUniform":
        bound = hint.get("gain", 1) * (6 / (fan_in + fan_out)) ** 0.5
    else:
        raise ValueError(f"no initialiser {hint['kind']} here")
    return -bound, bound
