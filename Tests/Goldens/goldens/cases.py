"""A collection of operation cases: inputs, expected outputs, and gradients from PyTorch in f64."""

import numpy as np
import torch

from .philox import uniform

DTYPES = {"f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64, "u8": np.uint8, "i8": np.int8,
          "bool": np.bool_}
BITS = {"kind": "bits"}
VALUE = {"kind": "value"}
EPSILON = {np.dtype(np.float32): 2.0**-23, np.dtype(np.float64): 2.0**-52}


def ulp(units):
    return {"kind": "ulp", "ulp": units}


def close(rtol, atol):
    return {"kind": "close", "rtol": float(rtol), "atol": float(atol)}


def accumulated(terms, magnitude, dtype):
    """The tolerance of a sum of `terms` values whose absolute values add up to at most `magnitude`."""
    return close(0, 4 * EPSILON[np.dtype(dtype)] * np.sqrt(max(terms, 1)) * max(float(magnitude), 1e-30))


def dtype_name(arrays):
    """The dtype that names a case: that of the first array that is not of booleans."""
    array = next((a for a in arrays if a.dtype != np.bool_), arrays[0])
    return next(name for name, kind in {**DTYPES, "f16": np.float16}.items() if np.dtype(kind) == array.dtype)


class Cases:
    """What `operations.json` and `operations.safetensors` will hold."""

    def __init__(self):
        self.entries, self.tensors, self.draws = [], {}, 0

    def draw(self, shape, low=-2.0, high=2.0):
        """Fresh values in [low, high), f64 but exact in f32, so that both dtypes have the same inputs."""
        self.draws += 1
        return np.float32(low + (high - low) * uniform((self.draws, 11), shape)).astype(np.float64).reshape(shape)

    def integers(self, shape, low, high, dtype=np.int32):
        """Fresh integers in [low, high)."""
        return np.floor(self.draw(shape, 0, 1) * (high - low) + low).astype(dtype).reshape(shape)

    def add(self, op, label, inputs, outputs, tolerance, attributes=None, gradient=None):
        """One case. `gradient`: a PyTorch function of the inputs; the case then also has a cotangent for its first
        output and the gradient of sum(output * cotangent) with respect to each float input (null for the others)."""
        inputs = [np.asarray(x) for x in inputs]
        outputs = [np.asarray(y) for y in outputs]
        name = f"{op}.{dtype_name(inputs or outputs)}.{label}"
        assert not any(entry["name"] == name for entry in self.entries), f"two cases named {name}"
        entry = {"name": name, "op": op, "attributes": attributes or {}, "inputs": [], "outputs": []}
        for kind, key, arrays in (("in", "inputs", inputs), ("out", "outputs", outputs)):
            for index, array in enumerate(arrays):
                entry[key].append(self._store(f"{name}/{kind}{index}", array))
        entry["tolerance"] = tolerance
        if gradient is not None:
            self._add_gradient(entry, name, gradient, inputs, outputs[0], tolerance)
        self.entries.append(entry)

    def _store(self, name, array):
        self.tensors[name] = array
        return name

    def _add_gradient(self, entry, name, function, inputs, output, tolerance):
        leaves = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in inputs]
        result = function(*leaves)
        check_agreement(name, result.detach().numpy(), output, tolerance)
        cotangent = self.draw(output.shape).astype(output.dtype)
        torch.sum(result * torch.tensor(cotangent)).backward()
        entry["cotangent"] = self._store(f"{name}/cotangent", cotangent)
        entry["gradients"] = []
        for index, leaf in enumerate(leaves):
            if not leaf.requires_grad:
                entry["gradients"].append(None)
                continue
            value = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
            entry["gradients"].append(self._store(f"{name}/gradient{index}", value))
        entry["gradientTolerance"] = close(1e-10, 1e-12)

    def both(self, op, label, inputs, function, tolerance, attributes=None, gradient=None):
        """The case in f32 and in f64; `function` is evaluated in f64 on the same inputs. Gradients in f64 only.
        `tolerance`: one for both, or one each as {"f32": ..., "f64": ...}."""
        wide = [np.asarray(x, np.float64) if np.asarray(x).dtype.kind == "f" else np.asarray(x) for x in inputs]
        with np.errstate(all="ignore"):
            expected = np.asarray(function(*wide))
        for name in ("f64", "f32"):
            kind = DTYPES[name]
            chosen = tolerance if "kind" in tolerance else tolerance[name]
            narrow = [x.astype(kind) if x.dtype.kind == "f" else x for x in wide]
            with np.errstate(all="ignore"):
                output = expected.astype(kind) if expected.dtype.kind == "f" else expected
            self.add(op, label, narrow, [output], chosen, attributes, gradient if name == "f64" else None)


def check_agreement(name, other, expected, tolerance):
    """PyTorch's value of a case must agree with the expected one (a little more loosely than an executor's)."""
    assert other.shape == expected.shape, f"{name}: PyTorch gives the shape {other.shape}, not {expected.shape}"
    if expected.dtype.kind != "f":
        assert np.array_equal(other, expected), f"{name}: PyTorch disagrees"
        return
    rtol = max(tolerance.get("rtol", 0), 16 * EPSILON[expected.dtype])
    atol = max(tolerance.get("atol", 0), 1e-300)
    agrees = np.allclose(other, expected, rtol=rtol, atol=atol, equal_nan=True)
    assert agrees, f"{name}: PyTorch disagrees: {other} against {expected}"
