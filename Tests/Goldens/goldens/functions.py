"""Cases of trigonometry, the gamma function, remainders, bits, predicates, and of further activations."""

import numpy as np
import torch
import torch.nn.functional as F

from .cases import BITS, DTYPES, VALUE, ulp
from .composites import COMPOSITE, by_torch
from .elementwise import SHAPES, crossed, in_its_type, special_values
from .exact import elementary

ONE = {"f32": ulp(1), "f64": ulp(4)}
# name: PyTorch's function, where to draw, arguments at which it turns
FUNCTIONS = {
    "tan": (torch.tan, (-1.2, 1.2), [1.5707963267948966, 3.141592653589793, 1e5, 1e15]),
    "asin": (torch.asin, (-0.9, 0.9), [0.5, 0.999]),
    "acos": (torch.acos, (-0.9, 0.9), [0.5, 0.999, -0.999]),
    "atan": (torch.atan, (-3, 3), [1e8, 1e-8]),
    "sinh": (torch.sinh, (-2, 2), [88.7, 89.5, 709.7, 710.5, 1e-8]),
    "cosh": (torch.cosh, (-2, 2), [88.7, 89.5, 709.7, 710.5, 1e-8]),
    "asinh": (torch.asinh, (-3, 3), [1e-8, 1e8]),
    "acosh": (torch.acosh, (1.3, 4), [1.0001, 1e8]),
    "atanh": (torch.atanh, (-0.9, 0.9), [0.999, 1e-8]),
    "erfc": (torch.erfc, (-2, 2), [5.0, 9.0, 10.05, 13.5, 26.5, -6.0]),
    "lgamma": (torch.lgamma, (0.5, 5), [1.4616, -0.5, -2.4570, 30.5]),
}


def add_functions(cases):
    """The element-wise operations of the C library, remainders, bits and predicates, and activations made of others."""
    for op, (function, (low, high), turns) in FUNCTIONS.items():
        for name in ("f32", "f64"):
            kind = DTYPES[name]
            values = [special_values(kind), np.array(turns).astype(kind), cases.draw(40, low, high).astype(kind)]
            values = np.concatenate(values)
            # Beside the zeros at 1 and 2 and below 0, libraries differ in more digits.
            tolerance = ulp(16) if op == "lgamma" else ONE[name]
            cases.add(op, "edges", [values], [elementary(op, values)], tolerance)
        for label, shape in SHAPES.items():
            x = cases.draw(shape, low, high)
            cases.add(op, label, [x], [elementary(op, x)], ulp(16), gradient=function)
    add_digamma(cases)
    add_pairs(cases)
    add_bits(cases)
    add_predicates(cases)
    add_activations(cases)


def add_digamma(cases):
    """Without gradients: PyTorch's trigamma function is right to nine digits only."""
    for name in ("f32", "f64"):
        kind = DTYPES[name]
        values = [0.0, -0.0, 1e-30, -1e-30, 0.5, 1.0, 2.0, 3.5, 9.99, 10.0, 100.0, 1e10, -0.5, -1.0, -2.3, -7.75, np.inf, np.nan]
        values = np.concatenate([np.array(values, kind), cases.draw(20, 1.6, 30).astype(kind)])
        cases.add("digamma", "edges", [values], [elementary("digamma", values)], ulp(2) if name == "f32" else ulp(32))
        values = values[np.isfinite(values) & (values != 0)]
        cases.add("trigamma", "edges", [values], [elementary("trigamma", values)], ulp(2) if name == "f32" else ulp(32))


def add_pairs(cases):
    for name in ("f32", "f64"):
        a, b = crossed(DTYPES[name])
        cases.add("atan2", "edges", [a, b], [np.arctan2(a.astype(np.float64), b.astype(np.float64)).astype(a.dtype)], ONE[name])
        cases.add("remainder", "edges", [a, b], in_its_type(np.fmod, a, b), BITS)
        cases.add("floorMod", "edges", [a, b], in_its_type(np.remainder, a, b), VALUE)
    for kind in (np.float16, np.float32, np.float64):
        a, b = crossed(kind)
        # Of equal zeros C gives the second; so does NumPy, but not in f16.
        cases.add("nextAfter", "edges", [a, b], in_its_type(np.nextafter, a, b), VALUE if kind == np.float16 else BITS)
    exact = {"remainder": (np.fmod, torch.fmod), "floorMod": (np.remainder, torch.remainder)}
    for label, shape in SHAPES.items():
        x, y = cases.draw(shape, 0.3, 2), cases.draw(shape, 0.5, 2)
        cases.add("atan2", label, [x, y], [np.arctan2(x, y)], ulp(4), gradient=torch.atan2)
        x = cases.draw(shape, -9, 9)
        for op, (function, torch_function) in exact.items():
            cases.both(op, label, [x, y], function, ulp(1), gradient=torch_function)
        cases.both("floorDivide", label, [x, y], np.floor_divide, BITS)
    for name in ("i32", "i64", "u8"):
        a, b = integers(DTYPES[name])
        # NumPy gives 0 for a zero divisor as well.
        for op, function in {"remainder": np.fmod, "floorMod": np.remainder, "floorDivide": np.floor_divide}.items():
            cases.add(op, "edges", [a, b], in_its_type(function, a, b), BITS)


def integers(kind):
    info = np.iinfo(kind)
    few = np.array(sorted({0, 1, 2, 7, 100, info.min, info.max}) + ([-1, -5, -7] if info.min < 0 else []), kind)
    return np.repeat(few, len(few)), np.tile(few, len(few))


def add_bits(cases):
    functions = {"bitwiseAnd": np.bitwise_and, "bitwiseOr": np.bitwise_or, "bitwiseXor": np.bitwise_xor}
    for name in ("i32", "i64", "u8"):
        a, b = integers(DTYPES[name])
        for op, function in functions.items():
            cases.add(op, "edges", [a, b], [function(a, b)], BITS)
        cases.add("bitwiseNot", "edges", [a], [np.bitwise_not(a)], BITS)
        amount = (np.abs(b) % (8 * b.itemsize)).astype(b.dtype)
        cases.add("shiftLeft", "edges", [a, amount], [np.left_shift(a, amount)], BITS)
        cases.add("shiftRight", "edges", [a, amount], [np.right_shift(a, amount)], BITS)


def add_predicates(cases):
    for name in ("f32", "f64"):
        x = special_values(DTYPES[name])
        for op, function in {"isNaN": np.isnan, "isInf": np.isinf, "isFinite": np.isfinite}.items():
            cases.add(op, "edges", [x], [function(x)], BITS)
        cases.add("truncate", "edges", [x], in_its_type(np.trunc, x), BITS)
        cases.add("reciprocal", "edges", [x], in_its_type(lambda v: v.dtype.type(1) / v, x), BITS)
    x = cases.draw((3, 4), 0.5, 2)
    cases.add("reciprocal", "odd", [x], [1 / x], BITS, gradient=torch.reciprocal)


def hard_sigmoid(x):
    return torch.clamp(x / 6 + 0.5, 0, 1)  # PyTorch's own derivative is 1/6 rounded to f32


def add_activations(cases):
    activations = [
        ("hardSigmoid", {}, hard_sigmoid), ("hardSwish", {}, lambda x: x * hard_sigmoid(x)), ("mish", {}, F.mish), ("selu", {}, F.selu),
        ("celu", {}, F.celu), ("celu", {"alpha": 1.5}, lambda x: F.celu(x, 1.5)), ("softsign", {}, F.softsign),
        ("thresholdedRelu", {}, lambda x: F.threshold(x, 1.0, 0.0)), ("logSigmoid", {}, F.logsigmoid)]
    for op, attributes, function in activations:
        suffix = "".join(f"-{value}" for value in attributes.values())
        for label, shape in SHAPES.items():
            by_torch(cases, op, label + suffix, [cases.draw(shape, -2.9, 2.9)], function, attributes)
        edges = np.array([0.0, 1e-8, -1e-8, 10.0, -10.0, 50.0, -50.0, 200.0, -200.0, 1e4, -1e4])
        by_torch(cases, op, "edges" + suffix, [edges], function, attributes, gradient=False)
    x, slope = cases.draw((2, 3, 4), -2, 2), cases.draw((3,), 0.1, 0.5)
    cases.both("prelu", "channels", [x, slope.reshape(3, 1)],
               lambda v, s: np.where(v > 0, v, s * v), COMPOSITE,
               gradient=lambda v, s: F.prelu(v, s.reshape(3)))
