"""gradients.json and gradients.safetensors: PyTorch's derivatives of every operation it has, to second order, in f64."""

import numpy as np
import torch

from . import gradient_cases
from .files import write_json, write_tensors
from .philox import uniform


class GradientCases:
    """What the files will hold. The loss of a case is the sum over its outputs of output * cotangent."""

    def __init__(self):
        self.entries, self.tensors, self.draws = [], {}, 0

    def draw(self, shape, low=-2.0, high=2.0):
        """Fresh values in [low, high)."""
        self.draws += 1
        return np.asarray(low + (high - low) * uniform((self.draws, 17), tuple(shape) or (1,))).reshape(shape)

    def signed(self, shape, low=0.2, high=2.0):
        """Fresh values of a magnitude in [low, high) with either sign."""
        return self.draw(shape, low, high) * np.where(self.draw(shape) < 0, -1, 1)

    def distinct(self, shape):
        """Values that differ by a twentieth at least, in a fresh order."""
        order = np.argsort(self.draw((int(np.prod(shape)),)))
        return ((order - len(order) // 2) * 0.05 + 0.01).reshape(shape)

    def integers(self, shape, low, high, dtype=np.int32):
        return np.floor(self.draw(shape, low, high)).astype(dtype).reshape(shape)

    def add(self, op, inputs, function, attributes=None, second=True, rtol=1e-11):
        """One case.

        `function`: of PyTorch's tensors, answers a tensor or several, one an output of the operation that is to be compared (None
        for one that is not). `second`: whether the derivative is differentiated again, along a random direction. `rtol`: relative
        to the largest element of a derivative.
        """
        inputs = [np.asarray(x) for x in inputs]
        name = f"{op}.{sum(entry['op'] == op for entry in self.entries)}"
        leaves = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in inputs]
        floats = [leaf for leaf in leaves if leaf.requires_grad]
        outputs = function(*leaves)
        outputs = [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)
        cotangents = [None if y is None else self.like(y) for y in outputs]
        loss = sum((y * c).double().sum() for y, c in zip(outputs, cotangents) if y is not None)
        first = derivatives(loss, floats, create_graph=second)
        entry = {"name": name, "op": op, "attributes": attributes or {}, "inputs": len(inputs),
                 "cotangents": [c is not None for c in cotangents], "second": second, "rtol": rtol}
        found = {"in": inputs, "cotangent": cotangents, "first": first}
        if second:
            directions = [self.like(x) for x in floats]
            change = sum((g * d).sum() for g, d in zip(first, directions))
            found |= {"direction": directions, "second": derivatives(change, floats)}
        for kind, values in found.items():
            for index, value in enumerate(values):
                if value is not None:
                    self.tensors[f"{name}/{kind}{index}"] = as_array(value)
        self.entries.append(entry)

    def like(self, tensor):
        return torch.tensor(self.draw(tuple(tensor.shape), -1, 1)).to(tensor.dtype)


def as_array(value):
    return value.numpy(force=True) if isinstance(value, torch.Tensor) else value


def derivatives(loss, leaves, create_graph=False):
    """Zeros where the loss does not depend on a leaf."""
    if not loss.requires_grad:
        return [torch.zeros_like(leaf) for leaf in leaves]
    found = torch.autograd.grad(loss, leaves, create_graph=create_graph, allow_unused=True)
    return [torch.zeros_like(leaf) if g is None else g for g, leaf in zip(found, leaves)]


def write(folder):
    """Writes gradients.json and gradients.safetensors."""
    cases = GradientCases()
    for number, part in enumerate(gradient_cases.PARTS):
        cases.draws = 10_000 * number  # so that a case added to one part leaves the inputs of the others alone
        part(cases)
    head = {"format": "jacquard.goldens.gradients", "version": 1}
    return [
        write_json(folder / "gradients.json", head, cases=cases.entries),
        write_tensors(folder / "gradients.safetensors", cases.tensors),
    ]
