"""Batches and initial parameters, the same in every framework."""

import numpy as np


def batch(model, seed=0):
    """One batch, as a dictionary of arrays."""
    generator = np.random.default_rng(seed)
    arrays = {}
    for name, spec in model.inputs.items():
        shape = spec.shape if spec.whole else (model.batch, *spec.shape)
        arrays[name] = generator.integers(0, spec.classes, shape) if spec.classes else generator.random(shape, np.float32)
    return arrays


def parameters(model, seed=1):
    """Weights [in, out] and biases, uniform in +-1/sqrt(inputs), as one flat dictionary."""
    generator = np.random.default_rng(seed)
    values = {}
    for name, (fan_in, width) in model.layers.items():
        for part, shape in (("weight", (fan_in, width)), ("bias", (width,))):
            values[f"{name}.{part}"] = ((2 * generator.random(shape, np.float32) - 1) / fan_in**0.5).astype(np.float32)
    return values
