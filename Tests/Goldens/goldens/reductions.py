"""Cases of the reductions and of `dot`."""

from fractions import Fraction
import math

import numpy as np
import torch

from .cases import BITS, DTYPES, EPSILON, VALUE, accumulated, close

NAN, INFINITY = float("nan"), float("inf")
AXES = {"all": (0, 1, 2), "first": (0,), "middle": (1,), "last": (2,), "outer": (0, 2), "inner": (1, 2), "none": ()}
SHAPE = (3, 4, 5)


def add_reductions(cases):
    """sum mean product reduceMax reduceMin any all argmax argmin dot."""
    add_sums(cases)
    add_products(cases)
    add_extrema(cases)
    add_predicates(cases)
    add_arguments(cases)
    add_dot(cases)


def exact_sum(x, axes):
    """Sums without rounding error but the last one."""
    moved = np.moveaxis(x, axes, range(len(axes))) if axes else x[None]
    rest = moved.shape[len(axes):] if axes else x.shape
    flat = moved.reshape(-1, int(np.prod(rest, dtype=int)))
    return np.array([math.fsum(column) for column in flat.T]).reshape(rest)


def keep(result, shape, axes, keep_dims):
    if not keep_dims:
        return result
    return result.reshape([1 if axis in axes else size for axis, size in enumerate(shape)])


def attributes_of(axes, keep_dims):
    return {"axes": list(axes), **({"keepDims": True} if keep_dims else {})}


def variants(axes_by_label):
    for label, axes in axes_by_label.items():
        yield label, axes, False
        if label in ("all", "middle", "outer"):
            yield f"{label}-keep", axes, True


def count_of(shape, axes):
    return int(np.prod([shape[axis] for axis in axes], dtype=int))


def add_sums(cases):
    for label, axes, keep_dims in variants(AXES):
        x = cases.draw(SHAPE)
        terms, magnitude = count_of(SHAPE, axes), np.abs(x).sum(axis=axes).max()
        tolerance = {name: accumulated(terms, magnitude, DTYPES[name]) for name in ("f32", "f64")}
        attributes = attributes_of(axes, keep_dims)
        cases.both("sum", label, [x], lambda v: keep(exact_sum(v, axes), SHAPE, axes, keep_dims), tolerance, attributes,
                   gradient=lambda v: torch.sum(v, axes, keep_dims) if axes else v * 1)
        cases.both("mean", label, [x], lambda v: keep(exact_sum(v, axes) / terms, SHAPE, axes, keep_dims), tolerance,
                   attributes, gradient=lambda v: torch.mean(v, axes, keep_dims) if axes else v * 1)
    for length in (1, 7, 16, 17, 33, 1000, 4097):
        x = cases.draw((length,), -1, 1)
        tolerance = {name: accumulated(length, np.abs(x).sum(), DTYPES[name]) for name in ("f32", "f64")}
        cases.both("sum", f"length-{length}", [x], lambda v: exact_sum(v, (0,)), tolerance, {"axes": [0]})
    odd = np.array([[1.0, NAN, 2.0], [INFINITY, 1.0, 2.0], [INFINITY, -INFINITY, 0.0], [-0.0, 0.0, -0.0]])
    cases.both("sum", "special", [odd], lambda v: v.sum(axis=1), VALUE, {"axes": [1]})
    cases.both("mean", "special", [odd], lambda v: v.mean(axis=1), VALUE, {"axes": [1]})
    empty = np.zeros((0, 3))
    cases.both("sum", "empty", [empty], lambda v: v.sum(axis=0), VALUE, {"axes": [0]}, gradient=lambda v: torch.sum(v, 0))
    cases.both("mean", "empty", [empty], lambda v: np.full(3, NAN), VALUE, {"axes": [0]})
    integers = cases.integers(SHAPE, -1000, 1000)
    for name in ("i32", "i64"):
        for label, axes, keep_dims in variants(AXES):
            values = integers.astype(DTYPES[name])
            result = values.sum(axis=axes, keepdims=keep_dims, dtype=DTYPES[name])
            cases.add("sum", label, [values], [result], BITS, attributes_of(axes, keep_dims))


def exact_product(x, axes):
    if not axes:
        return x.copy()
    rest = [size for axis, size in enumerate(x.shape) if axis not in axes]
    columns = np.moveaxis(x, axes, range(len(axes))).reshape(-1, int(np.prod(rest, dtype=int))).T
    return np.array([float(math.prod(map(Fraction, column))) for column in columns]).reshape(rest)


def add_products(cases):
    for label, axes, keep_dims in variants(AXES):
        x = cases.draw(SHAPE, 0.5, 1.5)
        terms = count_of(SHAPE, axes)
        tolerance = {name: close(terms * EPSILON[np.dtype(DTYPES[name])], 0) for name in ("f32", "f64")}
        cases.both("product", label, [x], lambda v: keep(exact_product(v, axes), SHAPE, axes, keep_dims), tolerance,
                   attributes_of(axes, keep_dims), gradient=lambda v: torch_product(v, axes, keep_dims))
    zeros = np.array([[2.0, 3.0, 4.0], [2.0, 0.0, 4.0], [0.0, 3.0, 0.0]])
    cases.both("product", "zeros", [zeros], lambda v: v.prod(axis=1), VALUE, {"axes": [1]},
               gradient=lambda v: torch.prod(v, 1))
    special = np.array([[NAN, 0.0], [INFINITY, -2.0], [INFINITY, 0.0], [-0.0, 3.0]])
    cases.both("product", "special", [special], lambda v: v.prod(axis=1), VALUE, {"axes": [1]})
    cases.both("product", "empty", [np.zeros((0, 3))], lambda v: v.prod(axis=0), VALUE, {"axes": [0]})
    integers = np.array([[1, 2, 3], [-4, 5, 6], [7, 0, 9]], np.int32)
    cases.add("product", "rows", [integers], [integers.prod(axis=1, dtype=np.int32)], BITS, {"axes": [1]})


def torch_product(v, axes, keep_dims):
    for axis in sorted(axes, reverse=True):
        v = torch.prod(v, axis, keepdim=keep_dims)
    return v * 1


def add_extrema(cases):
    for op, numpy_function, torch_function in (("reduceMax", np.max, torch.amax), ("reduceMin", np.min, torch.amin)):
        for label, axes, keep_dims in variants(AXES):
            x = cases.draw(SHAPE)
            cases.both(op, label, [x], lambda v: numpy_function(v, axis=axes, keepdims=keep_dims), VALUE,
                       attributes_of(axes, keep_dims),
                       gradient=lambda v: torch_function(v, axes, keep_dims) if axes else v * 1)
        special = np.array([[1.0, NAN, 2.0], [INFINITY, 1.0, 2.0], [-INFINITY, 1.0, -2.0], [-0.0, 0.0, -0.0],
                            [-INFINITY, -INFINITY, -INFINITY], [NAN, INFINITY, -INFINITY]])
        cases.both(op, "special", [special], lambda v: numpy_function(v, axis=1), VALUE, {"axes": [1]})
        for name in ("i32", "i64", "u8"):
            values = cases.integers(SHAPE, 0 if name == "u8" else -100, 100, DTYPES[name])
            cases.add(op, "middle", [values], [numpy_function(values, axis=1)], BITS, {"axes": [1]})


def add_predicates(cases):
    x = cases.draw(SHAPE) > 1.2
    for op, function, values in (("any", np.any, x), ("all", np.all, ~x)):
        for label, axes, keep_dims in variants(AXES):
            result = function(values, axis=axes, keepdims=keep_dims)
            cases.add(op, label, [values], [result], BITS, attributes_of(axes, keep_dims))
        empty = np.zeros((0, 3), np.bool_)
        cases.add(op, "empty", [empty], [function(empty, axis=0)], BITS, {"axes": [0]})


def add_arguments(cases):
    """The first of equal values; the first NaN where there is one, as in NumPy. Results are i32."""
    for op, function in (("argmax", np.argmax), ("argmin", np.argmin)):
        x = cases.draw(SHAPE)
        ties = np.array([[1.0, 3.0, 3.0, 1.0], [NAN, 5.0, NAN, 9.0], [-0.0, 0.0, -0.0, 0.0],
                         [INFINITY, -INFINITY, INFINITY, -INFINITY]])
        for name in ("f32", "f64", "i32"):
            values = x.astype(DTYPES[name]) if name != "i32" else cases.integers(SHAPE, -3, 3)
            for axis in range(3):
                cases.add(op, f"axis-{axis}", [values], [function(values, axis=axis).astype(np.int32)], BITS,
                          {"axis": axis})
            if name != "i32":
                cases.add(op, "ties", [ties.astype(DTYPES[name])], [function(ties, axis=1).astype(np.int32)], BITS,
                          {"axis": 1})


# label: (shapes, batch axes and contracting axes of the left, of the right)
DOTS = {
    "vector-vector": ((6,), (6,), [], [], [0], [0]),
    "matrix-vector": ((3, 4), (4,), [], [], [1], [0]),
    "vector-matrix": ((4,), (4, 3), [], [], [0], [0]),
    "matrix-matrix": ((3, 4), (4, 5), [], [], [1], [0]),
    "left-transposed": ((4, 3), (4, 5), [], [], [0], [0]),
    "right-transposed": ((3, 4), (5, 4), [], [], [1], [1]),
    "both-transposed": ((4, 3), (5, 4), [], [], [0], [1]),
    "outer": ((3,), (4,), [], [], [], []),
    "scalar-free": ((2, 3), (2, 3), [], [], [0, 1], [0, 1]),
    "two-contracting": ((2, 3, 4), (4, 3, 5), [], [], [1, 2], [1, 0]),
    "batched": ((2, 3, 4), (2, 4, 5), [0], [0], [2], [1]),
    "batch-inside": ((3, 2, 4), (4, 5, 2), [1], [2], [2], [0]),
    "two-batches": ((2, 3, 4, 5), (3, 2, 5, 6), [0, 1], [1, 0], [3], [2]),
    "attention-scores": ((2, 5, 3, 4), (2, 6, 3, 4), [0, 2], [0, 2], [3], [3]),
    "batched-outer": ((2, 3), (2, 4), [0], [0], [], []),
    "batch-only": ((2, 3), (2, 3), [0, 1], [0, 1], [], []),
    "scalar": ((), (2, 3), [], [], [], []),
    "contracting-1": ((3, 1), (1, 5), [], [], [1], [0]),
    "contracting-0": ((3, 0), (0, 5), [], [], [1], [0]),
    "empty-rows": ((0, 4), (4, 5), [], [], [1], [0]),
    "odd-sizes": ((17, 33), (33, 10), [], [], [1], [0]),
    "long-contraction": ((3, 1025), (1025, 2), [], [], [1], [0]),
}


def einsum_letters(left, right, lhs_batch, rhs_batch, lhs_contracting, rhs_contracting):
    """The subscripts of a dot: the result has batch axes, free axes of the left, free axes of the right."""
    letters = iter("abcdefghijklmnop")
    a, b = [""] * len(left), [""] * len(right)
    for i, j in [*zip(lhs_batch, rhs_batch), *zip(lhs_contracting, rhs_contracting)]:
        a[i] = b[j] = next(letters)
    result = "".join(a[i] for i in lhs_batch)
    for side, taken in ((a, lhs_batch + lhs_contracting), (b, rhs_batch + rhs_contracting)):
        for axis in range(len(side)):
            if axis not in taken:
                side[axis] = next(letters)
                result += side[axis]
    return f"{''.join(a)},{''.join(b)}->{result}"


def add_dot(cases):
    for label, (left, right, lhs_batch, rhs_batch, lhs_contracting, rhs_contracting) in DOTS.items():
        letters = einsum_letters(left, right, lhs_batch, rhs_batch, lhs_contracting, rhs_contracting)
        a, b = cases.draw(left), cases.draw(right)
        terms = count_of(left, lhs_contracting)
        magnitude = np.max(np.einsum(letters, np.abs(a), np.abs(b)), initial=0)
        tolerance = {name: accumulated(terms, magnitude, DTYPES[name]) for name in ("f32", "f64")}
        attributes = {"lhsBatch": lhs_batch, "rhsBatch": rhs_batch, "lhsContracting": lhs_contracting,
                      "rhsContracting": rhs_contracting}
        cases.both("dot", label, [a, b], lambda x, y: np.einsum(letters, x, y), tolerance, attributes,
                   gradient=lambda x, y: torch.einsum(letters, x, y))
    special = np.array([[1.0, 0.0], [INFINITY, 1.0], [NAN, 0.0]])
    right = np.array([[1.0, 0.0], [2.0, 1.0]])
    attributes = {"lhsBatch": [], "rhsBatch": [], "lhsContracting": [1], "rhsContracting": [0]}
    expected = np.array([[1.0, 0.0], [INFINITY, NAN], [NAN, NAN]])
    cases.both("dot", "special", [special, right], lambda x, y: expected, VALUE, attributes)
