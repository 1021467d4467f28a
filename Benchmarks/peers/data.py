"""Batches and initial parameters, the same in every framework: drawn as the hints of a graph's file say."""

import numpy as np

import graph_file

DTYPES = {"f32": np.float32, "i32": np.int32, "i64": np.int64}


class Values:
    """The inputs of a graph with the sizes of a row: `batch` and `parameters` by Jacquard's names and layouts
    (matrices [in, out], kernels [out, in, height, width]). `parameters` has the statistics of a batch norm too, but
    no optimiser state."""

    def __init__(self, row, seed=0):
        generator = np.random.default_rng(seed)
        self.batch, self.parameters = {}, {}
        for entry in graph_file.inputs(row):
            if entry.role == "data":
                self.batch[entry.name] = draw(generator, entry.sample, entry)
            elif entry.init:
                self.parameters[entry.name] = draw(generator, entry.init, entry)


def draw(generator, hint, entry):
    kind, shape, dtype = hint["kind"], entry.shape, DTYPES[entry.dtype]
    if kind == "integers":
        return generator.integers(hint["low"], hint["high"], shape, dtype)
    if kind == "normal":
        normal = generator.standard_normal(shape, dtype)
        return dtype(hint.get("mean", 0)) + dtype(hint.get("deviation", 1)) * normal
    if kind in ("zeros", "ones"):
        return np.full(shape, kind == "ones", dtype)
    low, high = bounds(hint, shape)
    return dtype(low) + dtype(high - low) * generator.random(shape, dtype)


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
