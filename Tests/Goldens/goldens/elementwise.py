"""Cases of the element-wise operations."""

import numpy as np
import torch

from .cases import BITS, DTYPES, VALUE, close, ulp
from .exact import elementary, fused_multiply_add

INFINITY, NAN = float("inf"), float("nan")


def special_values(dtype):
    """Edge values of a float type: signed zeros, infinities, NaN, subnormals, limits, halves, and powers of two
    around which integers stop being exact."""
    info = np.finfo(dtype)
    one_sided = [0.0, info.smallest_subnormal, info.smallest_subnormal * 1000, info.tiny, np.nextafter(info.tiny, dtype(0)),
                 info.eps, 1e-4, 0.25, 0.5, 0.75, np.nextafter(dtype(1), dtype(0)), 1.0, np.nextafter(dtype(1), dtype(2)),
                 1.5, 2.0, 2.5, 3.0, 3.5, 10.0, 100.0, 1e4, 2.0**22 + 0.5, 2.0**23 + 1, 2.0**52 + 1, 1e30, info.max,
                 INFINITY]
    one_sided = np.array(one_sided, dtype)
    return np.concatenate([one_sided, -one_sided, np.array([NAN], dtype)])


# Arguments at which the function turns: overflow, underflow, cancellation, quadrants.
TURNS = {
    "exp": [88.72283, 88.72284, -87.33655, -103.97207, -103.97209, 709.78271289, -708.4, -745.13, -745.14, 1e-8],
    "expm1": [88.72283, -17.4, 1e-8, -1e-8, 0.3, 709.78, -37.5],
    "log": [0.9999, 1.0001, 1e-40, 1e-310, 2.718281828],
    "log1p": [-0.5, -0.9999999, -1.0, -1.5, 1e-8, -1e-8, 1e10],
    "sin": [1.5707963267948966, 3.141592653589793, -3.141592653589793, 1e5, 1e15, 1e300, 7.8539816],
    "cos": [1.5707963267948966, 3.141592653589793, -4.71238898, 1e5, 1e15, 1e300, 7.8539816],
    "tanh": [1e-8, 0.1, 0.625, 8.5, 9.01, 9.02, 19.0, 22.1],
    "sigmoid": [-87.0, -88.8, -103.0, -700.0, -745.0, 16.6, 17.5, 36.8],
    "erf": [1e-8, 0.84375, 1.25, 2.857, 3.9, 3.92, 4.1, 5.9, 6.0],
    "softplus": [-87.0, -103.0, -745.0, 16.6, 20.0, 20.5, 37.0],
}
ELEMENTARY_TOLERANCE = {"f32": ulp(2), "f64": ulp(4)}
LOOSER = {"f32": ulp(4), "f64": ulp(4)}
ELEMENTARY = {
    "exp": (torch.exp, (-3, 3), ELEMENTARY_TOLERANCE),
    "expm1": (torch.expm1, (-2, 2), LOOSER),
    "log": (torch.log, (0.1, 5), ELEMENTARY_TOLERANCE),
    "log1p": (torch.log1p, (-0.8, 4), LOOSER),
    "rsqrt": (torch.rsqrt, (0.1, 5), ELEMENTARY_TOLERANCE),
    "sin": (torch.sin, (-6, 6), ELEMENTARY_TOLERANCE),
    "cos": (torch.cos, (-6, 6), ELEMENTARY_TOLERANCE),
    "tanh": (torch.tanh, (-3, 3), ELEMENTARY_TOLERANCE),
    "sigmoid": (torch.sigmoid, (-5, 5), ELEMENTARY_TOLERANCE),
    "erf": (torch.erf, (-2.5, 2.5), ELEMENTARY_TOLERANCE),
    "softplus": (lambda x: torch.logaddexp(x, torch.zeros_like(x)), (-5, 5),
                 {"f32": close(4e-7, 1e-44), "f64": close(1e-15, 0)}),
}
ROUNDING = {"floor": np.floor, "ceil": np.ceil, "round": np.rint, "sign": np.sign}
ARITHMETIC = {"add": (np.add, torch.add), "subtract": (np.subtract, torch.subtract),
              "multiply": (np.multiply, torch.multiply), "divide": (np.divide, torch.divide)}
EXTREMA = {"minimum": (np.minimum, torch.minimum), "maximum": (np.maximum, torch.maximum)}
COMPARISONS = {"equal": np.equal, "notEqual": np.not_equal, "less": np.less, "lessEqual": np.less_equal,
               "greater": np.greater, "greaterEqual": np.greater_equal}
SHAPES = {"scalar": (), "one": (1,), "empty": (0,), "emptyRows": (3, 0), "odd": (3, 7)}
BROADCASTS = {"row": ((3, 4), (4,)), "column": ((3, 4), (3, 1)), "outer": ((5, 1), (1, 3)), "scalar": ((2, 3), ()),
              "rank": ((2, 1, 3), (4, 1)), "empty": ((0, 3), (1, 3))}


def add_elementwise(cases):
    """All element-wise operations."""
    add_elementary(cases)
    add_unary(cases)
    add_binary(cases)
    add_power(cases)
    add_integer(cases)
    add_logic(cases)
    add_ternary(cases)
    add_casts(cases)


def in_its_type(function, *arrays):
    with np.errstate(all="ignore"):
        return [function(*arrays)]


def add_elementary(cases):
    for op, (torch_function, (low, high), tolerance) in ELEMENTARY.items():
        for name in ("f32", "f64"):
            kind = DTYPES[name]
            with np.errstate(over="ignore"):
                turns = np.array(TURNS.get(op, []), np.float64).astype(kind)
            values = np.concatenate([special_values(kind), turns, cases.draw(40, low, high).astype(kind)])
            cases.add(op, "edges", [values], [elementary(op, values)], tolerance[name])
        for label, shape in SHAPES.items():
            x = cases.draw(shape, low, high)
            cases.add(op, label, [x], [elementary(op, x)], tolerance["f64"], gradient=torch_function)


def add_unary(cases):
    exact = {"negate": (np.negative, torch.negative), "abs": (np.abs, torch.abs), "sqrt": (np.sqrt, torch.sqrt)}
    for op, (function, torch_function) in exact.items():
        for name in ("f32", "f64"):
            values = special_values(DTYPES[name])
            cases.add(op, "edges", [values], in_its_type(function, values), BITS)
        for label, shape in SHAPES.items():
            x = cases.draw(shape, 0.2, 3) if op == "sqrt" else cases.draw(shape)
            cases.add(op, label, [x], [function(x)], BITS, gradient=torch_function)
    for op, function in ROUNDING.items():
        for name in ("f32", "f64"):
            values = np.concatenate([special_values(DTYPES[name]), cases.draw(20, -9, 9).astype(DTYPES[name])])
            cases.add(op, "edges", [values], in_its_type(function, values), VALUE if op == "sign" else BITS)


def add_binary(cases):
    for op, (function, torch_function) in {**ARITHMETIC, **EXTREMA}.items():
        tolerance = VALUE if op in EXTREMA else BITS
        for name in ("f32", "f64"):
            a, b = crossed(DTYPES[name])
            cases.add(op, "edges", [a, b], in_its_type(function, a, b), tolerance)
        for label, shape in SHAPES.items():
            x, y = cases.draw(shape), cases.draw(shape, 0.5, 2)
            cases.both(op, label, [x, y], function, tolerance, gradient=torch_function)
        for label, (left, right) in BROADCASTS.items():
            x, y = cases.draw(left), cases.draw(right, 0.5, 2)
            cases.add(op, f"broadcast-{label}", [x, y], [function(x, y)], tolerance, gradient=torch_function)
    for op, function in COMPARISONS.items():
        for name in ("f32", "f64"):
            a, b = crossed(DTYPES[name])
            cases.add(op, "edges", [a, b], [function(a, b)], BITS)


def crossed(dtype):
    """Every pair of some edge values, as two arrays."""
    info = np.finfo(dtype)
    few = np.array([0.0, -0.0, 1.0, -1.5, 3.0, info.smallest_subnormal, info.tiny, info.max, -info.max, INFINITY,
                    -INFINITY, NAN], dtype)
    return np.repeat(few, len(few)), np.tile(few, len(few))


def add_power(cases):
    bases = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1e-3, 1e10, INFINITY, -INFINITY, NAN]
    exponents = [0.0, -0.0, 1.0, -1.0, 2.0, 3.0, -2.0, -3.0, 0.5, -0.5, 1.5, 31.0, 1e9, INFINITY, -INFINITY, NAN]
    for name in ("f32", "f64"):
        a, b = np.array(bases, DTYPES[name]), np.array(exponents, DTYPES[name])
        a, b = np.repeat(a, len(b)), np.tile(b, len(a))
        cases.add("power", "edges", [a, b], [elementary("power", a, b)], ulp(4))
    for label, shape in SHAPES.items():
        x, y = cases.draw(shape, 0.2, 3), cases.draw(shape, -3, 3)
        cases.add("power", label, [x, y], [elementary("power", x, y)], ulp(4), gradient=torch.pow)
    x, y = cases.draw((3, 4), 0.2, 3), cases.draw((4,), -3, 3)
    cases.add("power", "broadcast-row", [x, y], [elementary("power", x, y)], ulp(4), gradient=torch.pow)


def add_integer(cases):
    """Integers wrap on overflow. Division, remainder and power of integers are left to Jacquard's own tests."""
    operations = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "minimum": np.minimum,
                  "maximum": np.maximum, **COMPARISONS}
    for name in ("i32", "i64", "u8"):
        info = np.iinfo(DTYPES[name])
        few = sorted({0, 1, 2, 7, info.min, info.min + 1, info.max, info.max - 1})
        few = np.array(few + ([-1, -5] if info.min < 0 else []), DTYPES[name])
        a, b = np.repeat(few, len(few)), np.tile(few, len(few))
        for op, function in operations.items():
            cases.add(op, "edges", [a, b], in_its_type(function, a, b), BITS)
        if info.min < 0:
            for op, function in {"negate": np.negative, "abs": np.abs, "sign": np.sign}.items():
                cases.add(op, "edges", [few], in_its_type(function, few), BITS)


def add_logic(cases):
    a, b = np.array([False, False, True, True]), np.array([False, True, False, True])
    for op, function in {"logicalAnd": np.logical_and, "logicalOr": np.logical_or}.items():
        cases.add(op, "table", [a, b], [function(a, b)], BITS)
        cases.add(op, "broadcast", [a.reshape(2, 2), np.array([True, False])],
                  [function(a.reshape(2, 2), np.array([True, False]))], BITS)
    cases.add("logicalNot", "table", [a], [np.logical_not(a)], BITS)
    for op in ("equal", "notEqual"):
        cases.add(op, "table", [a, b], [COMPARISONS[op](a, b)], BITS)


def add_ternary(cases):
    for label, shape in SHAPES.items():
        predicate = cases.draw(shape) > 0
        x, y = cases.draw(shape), cases.draw(shape)
        cases.both("select", label, [predicate, x, y], np.where, BITS, gradient=torch.where)
        low, high = cases.draw(shape, -1, -0.5), cases.draw(shape, 0.5, 1)
        cases.both("clamp", label, [low, x, high], clamp, VALUE, gradient=torch_clamp)
        a, b, c = cases.draw(shape), cases.draw(shape), cases.draw(shape)
        for name in ("f64", "f32"):
            operands = [v.astype(DTYPES[name]) for v in (a, b, c)]
            cases.add("fma", label, operands, [fused_multiply_add(*operands)], BITS,
                      gradient=(lambda p, q, r: p * q + r) if name == "f64" else None)
    edges = np.array([0, -0.0, 1, -1, 5, -5, INFINITY, -INFINITY, NAN])
    cases.both("select", "edges", [np.arange(9) % 2 == 0, edges, edges[::-1].copy()], np.where, BITS)
    low, high = np.full(9, -2.0), np.full(9, 2.0)
    cases.both("clamp", "edges", [low, edges, high], clamp, VALUE)
    cases.both("clamp", "scalar-bounds", [np.array(-2.0), edges, np.array(2.0)], clamp, VALUE)
    cases.both("clamp", "nan-bound", [np.array(NAN), np.array([1.0, -1.0]), np.array(2.0)], clamp, VALUE)
    cases.both("clamp", "crossed-bounds", [np.array(2.0), np.array([0.0, 3.0, -3.0]), np.array(-1.0)], clamp, VALUE)
    add_fma_edges(cases)
    integers = [np.array([1, 0, 1, 0], np.bool_), np.arange(4, dtype=np.int32), np.arange(4, dtype=np.int32) * -7]
    cases.add("select", "integers", integers, [np.where(*integers)], BITS)


def add_fma_edges(cases):
    """Products whose rounding shows: the fused result differs from the one rounded twice."""
    for name in ("f32", "f64"):
        kind = DTYPES[name]
        e, tiny, largest = np.finfo(kind).eps, np.finfo(kind).tiny, np.finfo(kind).max
        a = np.array([1 + e, 1 - e, 1 + e, largest, tiny, INFINITY, INFINITY, 0.0, -0.0, NAN, 0.0, 3.0, 1 + e], kind)
        b = np.array([1 - e, 1 + e, 1 + e, 2.0, 0.5, 1.0, 0.0, -1.0, 5.0, 0.0, INFINITY, 1 / 3, 1 + e], kind)
        c = np.array([-1, -1, -1 - 2 * e, -largest, -tiny, -INFINITY, 1.0, 0.0, 0.0, 1.0, NAN, -1.0, e * e / 4], kind)
        cases.add("fma", "edges", [a, b, c], [fused_multiply_add(a, b, c)], BITS)


def clamp(low, x, high):
    return np.minimum(np.maximum(x, low), high)


def torch_clamp(low, x, high):
    return torch.minimum(torch.maximum(x, low), high)


def add_casts(cases):
    """Float to integer truncates; only values that fit are here (others are undefined in NumPy and C)."""
    floats = {"f32": special_values(np.float32), "f64": np.concatenate([special_values(np.float64), [0.1, 1e-40, 3e38]])}
    for name, values in floats.items():
        for target in ("f32", "f64", "bool"):
            cases.add("cast", f"to-{target}", [values], in_its_type(lambda v: v.astype(DTYPES[target]), values), BITS,
                      {"dtype": target})
        fitting = np.array([0.0, -0.0, 0.9, -0.9, 1.5, -1.5, 2.5, 100.7, 255.0, 254.999], DTYPES[name])
        wide = np.append(fitting, np.array([-100.7, 2147483520.0, -2147483648.0], DTYPES[name]))
        for target, chosen in (("i32", wide), ("i64", wide), ("u8", fitting[[0, 1, 2, 4, 6, 7, 8]])):
            cases.add("cast", f"to-{target}", [chosen], [chosen.astype(DTYPES[target])], BITS, {"dtype": target})
    integers = {"i32": [0, 1, -1, 16777217, 2**31 - 1, -(2**31), 300, -200],
                "i64": [0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63), 2**32 + 5, 300, -200], "u8": [0, 1, 127, 128, 255],
                "bool": [False, True]}
    for name, listed in integers.items():
        values = np.array(listed, DTYPES[name])
        for target in DTYPES:
            cases.add("cast", f"to-{target}", [values], [values.astype(DTYPES[target])], BITS, {"dtype": target})
    x = cases.draw((2, 3))
    cases.add("cast", "differentiated-to-f32", [x], [x.astype(np.float32)], BITS, {"dtype": "f32"},
              gradient=lambda v: v.to(torch.float32))
