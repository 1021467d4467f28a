"""Cases of scatter, dynamic slices, borders, copies, running totals and order."""

import numpy as np
import torch

from .cases import BITS, DTYPES, VALUE, close
from .structure import moved

TOTALS = {"f32": close(1e-6, 1e-7), "f64": close(1e-14, 1e-15)}


def add_arrangement(cases):
    """gatherND scatterElements scatterND dynamic slices, roll tile repeat padBorder tril triu, scans, sort and topK."""
    add_tuples(cases)
    add_scatter_elements(cases)
    add_dynamic(cases)
    add_copies(cases)
    add_scans(cases)
    add_sort(cases)


def add_tuples(cases):
    for number, (shape, index_shape) in enumerate([((4, 3, 2), (5, 2)), ((4, 3), (2, 2, 1)), ((4, 3), (2,)), ((5,), (0, 1))]):
        width = index_shape[-1]
        x = cases.draw(shape)
        index = cases.integers(index_shape, 0, min(shape[:width]))
        places = tuple(np.moveaxis(index, -1, 0).astype(np.int64))
        tensors = tuple(torch.tensor(p) for p in places)
        cases.both("gatherND", f"case-{number}", [x, index], lambda v, i: v[places], BITS,
                   gradient=lambda v, i: v[tensors])
        updates = cases.draw(x[places].shape)
        added = x.copy()
        np.add.at(added, places, updates)
        cases.add("scatterND", f"add-{number}", [x, index, updates], [added], close(1e-14, 1e-15), {"combiner": "add"},
                  gradient=lambda b, i, u: torch.index_put(b, tensors, u, accumulate=True))


def add_scatter_elements(cases):
    reduce = {"add": "sum", "multiply": "prod", "minimum": "amin", "maximum": "amax"}
    for number, (shape, index_shape, axis) in enumerate([((2, 5), (2, 7), 1), ((5, 3), (2, 2), 0), ((6,), (9,), 0)]):
        index = cases.integers(index_shape, 0, shape[axis])
        wide = torch.tensor(index.astype(np.int64))
        for combiner, name in reduce.items():
            base, updates = cases.draw(shape, 0.5, 2), cases.draw(index_shape, 0.5, 2)

            def scatter(b, i, u):
                return torch.scatter_reduce(b, axis, wide, u, name)

            expected = scatter(torch.tensor(base), None, torch.tensor(updates)).numpy()
            cases.add("scatterElements", f"{combiner}-{number}", [base, index, updates], [expected],
                      close(1e-14, 1e-15), {"axis": axis, "combiner": combiner}, gradient=scatter)
    # Each place once, so that PyTorch's gradient is defined.
    base, updates, index = cases.draw((3, 5)), cases.draw((3, 2)), np.array([[4, 0], [1, 2], [3, 4]], np.int32)
    wide = torch.tensor(index.astype(np.int64))
    cases.both("scatterElements", "set", [base, index, updates],
               lambda b, i, u: torch.scatter(torch.tensor(b), 1, wide, torch.tensor(u)).numpy(), BITS, {"axis": 1},
               gradient=lambda b, i, u: torch.scatter(b, 1, wide, u))


def add_dynamic(cases):
    x, update = cases.draw((4, 6)), cases.draw((2, 3))
    for number, starts in enumerate([[0, 0], [1, 2], [2, 3], [9, -4]]):
        i, j = min(max(starts[0], 0), 2), min(max(starts[1], 0), 3)
        at = np.array(starts, np.int32)
        cases.both("dynamicSlice", f"case-{number}", [x, at], lambda v, s: v[i:i + 2, j:j + 3], BITS,
                   {"sizes": [2, 3]}, gradient=lambda v, s: v[i:i + 2, j:j + 3])
        replaced = x.copy()
        replaced[i:i + 2, j:j + 3] = update
        cases.both("dynamicUpdateSlice", f"case-{number}", [x, update, at], lambda v, u, s: replaced, BITS,
                   gradient=lambda v, u, s: torch.slice_scatter(
                       v, torch.slice_scatter(v[i:i + 2], u, 1, j, j + 3), 0, i, i + 2))


def add_copies(cases):
    for number, (shifts, axes) in enumerate([([2], [1]), ([-1, 9], [0, 2]), ([0], [0])]):
        moved(cases, "roll", f"case-{number}", (2, 3, 4), {"shifts": shifts, "axes": axes},
              lambda v: np.roll(v, shifts, axes), lambda v: torch.roll(v, shifts, axes))
    for number, repeats in enumerate([[2, 3], [1, 1], [0, 2]]):
        moved(cases, "tile", f"case-{number}", (3, 2), {"repeats": repeats}, lambda v: np.tile(v, repeats),
              lambda v: torch.tile(v, repeats))
    for number, (count, axis) in enumerate([(3, 0), (2, 1), (0, 0)]):
        moved(cases, "repeatElements", f"case-{number}", (3, 2), {"count": count, "axis": axis},
              lambda v: np.repeat(v, count, axis), lambda v: torch.repeat_interleave(v, count, axis))
    modes = {"reflect": ("reflect", "reflect"), "edge": ("edge", "replicate"), "circular": ("wrap", "circular")}
    for mode, (name, torch_name) in modes.items():
        moved(cases, "padBorder", mode, (2, 3, 4), {"mode": mode, "low": [0, 1, 3], "high": [0, 2, 0]},
              lambda v: np.pad(v, [(0, 0), (1, 2), (3, 0)], mode=name),
              lambda v: torch.nn.functional.pad(v[None], (3, 0, 1, 2), mode=torch_name)[0])
    for diagonal in (-2, 0, 1, 9):
        moved(cases, "tril", f"case-{diagonal}", (2, 3, 4), {"diagonal": diagonal}, lambda v: np.tril(v, diagonal),
              lambda v: torch.tril(v, diagonal))
        moved(cases, "triu", f"case-{diagonal}", (2, 3, 4), {"diagonal": diagonal}, lambda v: np.triu(v, diagonal),
              lambda v: torch.triu(v, diagonal))
    index = np.array([0, 2, -1, 5, 1], np.int32)
    cases.add("oneHot", "f32", [index], [(index[:, None] == np.arange(3)).astype(np.float32)], BITS, {"depth": 3})


def add_scans(cases):
    scans = {"cumsum": (np.cumsum, torch.cumsum), "cumprod": (np.cumprod, torch.cumprod)}
    for op, (function, torch_function) in scans.items():
        for number, (shape, axis) in enumerate([((5,), 0), ((3, 4), 0), ((3, 4), 1), ((2, 3, 4), 1), ((0, 3), 0), ((2, 0), 1)]):
            x = cases.draw(shape, 0.5, 1.5)
            cases.both(op, f"case-{number}", [x], lambda v: function(v, axis), TOTALS, {"axis": axis},
                       gradient=lambda v: torch_function(v, axis))
            cases.both(op, f"reverse-{number}", [x], lambda v: np.flip(function(np.flip(v, axis), axis), axis), TOTALS,
                       {"axis": axis, "reverse": True},
                       gradient=lambda v: torch_function(v.flip(axis), axis).flip(axis))
    x = np.array([[2.0, 0.0, 3.0, 4.0], [0.0, 1.5, 0.0, 2.0]])
    cases.both("cumprod", "zeros", [x], lambda v: np.cumprod(v, 1), TOTALS, {"axis": 1},
               gradient=lambda v: torch.cumprod(v, 1))
    x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    cases.both("cumsum", "exclusive", [x], lambda v: np.cumsum(v, 1) - v, TOTALS, {"axis": 1, "exclusive": True},
               gradient=lambda v: torch.cumsum(v, 1) - v)
    integers = np.array([100, 100, 100, 7], np.uint8)
    cases.add("cumsum", "wraps", [integers], [np.cumsum(integers, dtype=np.uint8)], BITS, {"axis": 0})
    x = cases.draw((3, 9))
    extremes = {"cummax": (np.maximum, torch.cummax), "cummin": (np.minimum, torch.cummin)}
    for op, (function, torch_function) in extremes.items():
        cases.both(op, "rows", [x], lambda v: function.accumulate(v, 1), BITS, {"axis": 1},
                   gradient=lambda v: torch_function(v, 1).values)
        x_nan = np.array([1.0, 3.0, np.nan, 5.0])
        cases.both(op, "nan", [x_nan], function.accumulate, BITS, {"axis": 0})
    a, b = cases.draw((3, 6), 0.3, 1.2), cases.draw((3, 6))
    cases.both("linearRecurrence", "rows", [a, b], recurrence, TOTALS, {"axis": 1}, gradient=torch_recurrence)


def recurrence(a, b):
    result = b.copy()
    for t in range(1, b.shape[1]):
        result[:, t] += a[:, t] * result[:, t - 1]
    return result


def torch_recurrence(a, b):
    columns = [b[:, 0]]
    for t in range(1, b.shape[1]):
        columns.append(a[:, t] * columns[-1] + b[:, t])
    return torch.stack(columns, 1)


def add_sort(cases):
    for number, (shape, axis) in enumerate([((7,), 0), ((3, 50), 1), ((40, 3), 0), ((2, 5, 3), 1), ((0, 2), 0)]):
        x = cases.draw(shape)
        for descending in (False, True):
            label = f"descending-{number}" if descending else f"case-{number}"
            cases.both("sort", label, [x],
                       lambda v: torch.sort(torch.tensor(v), stable=True, dim=axis, descending=descending).values.numpy(), VALUE,
                       {"axis": axis, "descending": descending},
                       gradient=lambda v: torch.sort(v, axis, descending).values)
    x = np.array([3.0, np.nan, -np.inf, 0.0, -0.0, np.inf, -1.0])
    cases.both("sort", "edges", [x], lambda v: np.sort(v, kind="stable"), BITS, {"axis": 0})
    for name in ("i32", "i64", "u8"):
        values = cases.integers((2, 40), 0, 9, DTYPES[name])
        cases.add("sort", "ties", [values], [np.sort(values, 1)], BITS, {"axis": 1})
    x = cases.draw((3, 8))
    for largest in (True, False):
        cases.both("topK", f"largest-{largest}".lower(), [x],
                   lambda v: torch.topk(torch.tensor(v), 3, 1, largest).values.numpy(), BITS,
                   {"k": 3, "axis": 1, "largest": largest}, gradient=lambda v: torch.topk(v, 3, 1, largest).values)
