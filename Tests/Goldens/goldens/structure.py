"""Cases of the operations that move values without changing them."""

import numpy as np
import torch

from .cases import BITS, DTYPES, accumulated


def add_structure(cases):
    """reshape transpose broadcast slice pad concat reverse gather scatterAdd iota."""
    add_reshape_and_broadcast(cases)
    add_transpose_and_reverse(cases)
    add_slice(cases)
    add_pad(cases)
    add_concat(cases)
    add_gather(cases)
    add_scatter_add(cases)
    add_iota(cases)


def moved(cases, op, label, shape, attributes, function, torch_function):
    """The case for floats (with gradient), integers and booleans."""
    x = cases.draw(shape)
    cases.add(op, label, [x], [function(x)], BITS, attributes, gradient=torch_function)
    for values in (x.astype(np.float32), np.floor(x * 10).astype(np.int32), x > 0):
        cases.add(op, label, [values], [function(values)], BITS, attributes)


def add_reshape_and_broadcast(cases):
    reshapes = [((2, 3, 4), (6, 4)), ((2, 3, 4), (24,)), ((24,), (2, 3, 4)), ((6, 4), (4, 6)), ((1,), ()), ((), (1, 1)),
                ((2, 0, 3), (0, 5)), ((3, 1, 2), (3, 2)), ((2, 3), (2, 3))]
    for index, (shape, target) in enumerate(reshapes):
        moved(cases, "reshape", f"case-{index}", shape, {"shape": list(target)}, lambda v: v.reshape(target),
              lambda v: v.reshape(target))
    broadcasts = [((3,), (2, 3)), ((2, 1), (2, 3)), ((), (2, 2)), ((1, 1), (3, 2)), ((4, 1, 3), (2, 4, 5, 3)),
                  ((2, 3), (2, 3)), ((1, 3), (0, 3)), ((1,), (7,))]
    for index, (shape, target) in enumerate(broadcasts):
        moved(cases, "broadcast", f"case-{index}", shape, {"shape": list(target)},
              lambda v: np.broadcast_to(v, target), lambda v: v.expand(target))


def add_transpose_and_reverse(cases):
    transposes = [((2, 3), [1, 0]), ((2, 3, 4), [2, 0, 1]), ((2, 3, 4), [0, 2, 1]), ((2, 3, 4), [0, 1, 2]),
                  ((2, 3, 4, 5), [3, 1, 0, 2]), ((), []), ((17, 33), [1, 0]), ((1, 5, 1), [2, 1, 0])]
    for index, (shape, permutation) in enumerate(transposes):
        moved(cases, "transpose", f"case-{index}", shape, {"permutation": permutation},
              lambda v: v.transpose(permutation), lambda v: v.permute(permutation))
    for index, (shape, axes) in enumerate([((5,), [0]), ((2, 3, 4), [1]), ((2, 3, 4), [0, 2]), ((2, 3), []), ((0, 3), [1])]):
        moved(cases, "reverse", f"case-{index}", shape, {"axes": axes}, lambda v: np.flip(v, axes),
              lambda v: torch.flip(v, axes))


def add_slice(cases):
    slices = [((10,), [2], [7], [1]), ((10,), [0], [10], [3]), ((10,), [1], [10], [4]), ((4, 6), [1, 2], [3, 6], [1, 2]),
              ((4, 6), [0, 0], [4, 6], [1, 1]), ((4, 6), [2, 3], [2, 6], [1, 1]), ((3, 4, 5), [0, 1, 4], [3, 4, 5], [2, 3, 1]),
              ((10,), [9], [10], [5]), ((), [], [], [])]
    for index, (shape, starts, limits, strides) in enumerate(slices):
        cut = tuple(slice(*triple) for triple in zip(starts, limits, strides))
        moved(cases, "slice", f"case-{index}", shape, {"starts": starts, "limits": limits, "strides": strides},
              lambda v: v[cut], lambda v: v[cut])


def add_pad(cases):
    pads = [((3,), [1], [2]), ((2, 3), [0, 1], [1, 0]), ((2, 3), [0, 0], [0, 0]), ((2, 2, 2), [1, 0, 2], [0, 3, 1]),
            ((0, 2), [2, 0], [1, 1]), ((), [], [])]
    for index, (shape, low, high) in enumerate(pads):
        widths = list(zip(low, high))
        flat = [width for pair in reversed(widths) for width in pair]
        for value in (0.0, -1.5):
            x = cases.draw(shape)
            expected = np.pad(x, widths, constant_values=value) if widths else x
            cases.both("pad", f"case-{index}-{value}", [x], lambda v: expected, BITS,
                       {"low": low, "high": high, "value": value},
                       gradient=lambda v: torch.nn.functional.pad(v, flat, value=value) if flat else v * 1)
    x = np.arange(4, dtype=np.int32)
    cases.add("pad", "integers", [x], [np.pad(x, (1, 2), constant_values=7)], BITS, {"low": [1], "high": [2], "value": 7})
    for infinite in (float("-inf"), float("nan")):
        x = cases.draw((2,))
        attributes = {"low": [1], "high": [0], "value": str(infinite)}
        cases.add("pad", f"with-{infinite}", [x], [np.pad(x, (1, 0), constant_values=infinite)], BITS, attributes)


def add_concat(cases):
    joins = [([(2,), (3,)], 0), ([(2, 3), (4, 3)], 0), ([(2, 3), (2, 1), (2, 4)], 1), ([(2, 3)], 1), ([(0, 3), (2, 3)], 0),
             ([(2, 1, 3), (2, 5, 3)], 1)]
    for index, (shapes, axis) in enumerate(joins):
        parts = [cases.draw(shape) for shape in shapes]
        cases.both("concat", f"case-{index}", parts, lambda *v: np.concatenate(v, axis), BITS, {"axis": axis},
                   gradient=lambda *v: torch.cat(v, axis))
        integers = [np.floor(part * 10).astype(np.int32) for part in parts]
        cases.add("concat", f"case-{index}", integers, [np.concatenate(integers, axis)], BITS, {"axis": axis})


# shape of the data (or base), axis, shape of the index; indices repeat
INDEXED = [((5,), 0, (4,)), ((6, 3), 0, (8,)), ((6, 3), 1, (2,)), ((6, 3), 0, ()), ((4, 5, 3), 1, (2, 3)), ((6, 3), 0, (0,)),
           ((1, 4), 0, (3,)), ((50, 8), 0, (4, 7))]


def result_shape(shape, axis, index_shape):
    return shape[:axis] + index_shape + shape[axis + 1:]


def add_gather(cases):
    for number, (shape, axis, index_shape) in enumerate(INDEXED):
        for kind in (np.int32, np.int64):
            x = cases.draw(shape)
            index = cases.integers(index_shape, 0, shape[axis], kind)
            flat = torch.tensor(index.reshape(-1).astype(np.int64))
            target = result_shape(shape, axis, index_shape)
            cases.both("gather", f"case-{number}-{np.dtype(kind).name}", [x, index],
                       lambda v, i: np.take(v, i, axis=axis), BITS, {"axis": axis},
                       gradient=lambda v, i: torch.index_select(v, axis, flat).reshape(target))
    x, index = np.arange(12, dtype=np.int32).reshape(4, 3), np.array([3, 0, 3], np.int32)
    cases.add("gather", "integers", [x, index], [np.take(x, index, axis=0)], BITS, {"axis": 0})


def add_scatter_add(cases):
    """result = base with updates[..., j, ...] added at indices[j] along the axis; equal indices add up."""
    for number, (shape, axis, index_shape) in enumerate(INDEXED):
        base = cases.draw(shape)
        index = cases.integers(index_shape, 0, shape[axis])
        updates = cases.draw(result_shape(shape, axis, index_shape))
        flat = torch.tensor(index.reshape(-1).astype(np.int64))
        single = shape[:axis] + (index.size,) + shape[axis + 1:]
        tolerance = {name: accumulated(index.size + 1, 2 * (index.size + 1), DTYPES[name]) for name in ("f32", "f64")}
        cases.both("scatterAdd", f"case-{number}", [base, index, updates],
                   lambda b, i, u: scattered(b, axis, i.reshape(-1), u.reshape(single)), tolerance, {"axis": axis},
                   gradient=lambda b, i, u: torch.index_add(b, axis, flat, u.reshape(single)))
    integers = [np.zeros(4, np.int32), np.array([1, 3, 1], np.int32), np.array([5, 7, 9], np.int32)]
    cases.add("scatterAdd", "integers", integers, [np.array([0, 14, 0, 7], np.int32)], BITS, {"axis": 0})


def scattered(base, axis, index, updates):
    result = np.moveaxis(base.copy(), axis, 0)
    np.add.at(result, index, np.moveaxis(updates, axis, 0))
    return np.moveaxis(result, 0, axis)


def add_iota(cases):
    """The position along one axis, as the given dtype."""
    for number, (shape, axis) in enumerate([((5,), 0), ((2, 3), 0), ((2, 3), 1), ((2, 3, 4), 1), ((0,), 0), ((1, 1), 0)]):
        line = [1] * len(shape)
        line[axis] = shape[axis]
        for name in ("f32", "f64", "i32", "i64"):
            expected = np.broadcast_to(np.arange(shape[axis], dtype=DTYPES[name]).reshape(line), shape)
            cases.add("iota", f"case-{number}", [], [expected], BITS, {"shape": list(shape), "axis": axis, "dtype": name})
