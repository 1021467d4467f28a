"""Cases of windows as columns, other sizes, samples between elements, quantization, and results of a stated size."""

import numpy as np
import torch
from torch.nn import functional

from .cases import BITS, close

TOLERANCE = {"f32": close(4e-6, 2e-6), "f64": close(1e-13, 1e-14)}


def add_sampling(cases):
    """unfold fold lpPool localResponseNorm resize gridSample quantize dequantize quantizedMatmul nonZero unique."""
    add_windows(cases)
    add_resize(cases)
    add_grids(cases)
    add_quantization(cases)
    add_selection(cases)


def from_torch(cases, op, label, inputs, function, attributes, differentiable=True):
    cases.both(op, label, inputs, lambda *v: function(*(torch.tensor(x) for x in v)).numpy(), TOLERANCE, attributes,
               gradient=function if differentiable else None)


def geometry(rank, strides=1, padding=0, dilation=1):
    """A geometry in its attribute form: the same along every axis."""
    return {"strides": [strides] * rank, "low": [padding] * rank, "high": [padding] * rank,
            "dilation": [dilation] * rank, "inputDilation": [1] * rank, "groups": 1}


def add_windows(cases):
    forms = [((2, 3, 5, 6), [2, 3], {}), ((1, 2, 7, 5), [3, 2], {"strides": 2, "padding": 1}),
             ((1, 2, 7, 6), [2, 2], {"dilation": 2, "padding": 1})]
    for number, (shape, window, form) in enumerate(forms):
        attributes = {"window": window, "geometry": geometry(2, **form)}
        names = {"stride": form.get("strides", 1), "padding": form.get("padding", 0), "dilation": form.get("dilation", 1)}
        x = cases.draw(shape)
        from_torch(cases, "unfold", f"case-{number}", [x], lambda v: functional.unfold(v, window, **names), attributes)
        columns = cases.draw(functional.unfold(torch.tensor(x), window, **names).shape)
        from_torch(cases, "fold", f"case-{number}", [columns],
                   lambda v: functional.fold(v, shape[2:], window, **names), {"sizes": list(shape[2:]), **attributes})
    for p in (1.0, 2.0, 3.0):
        x = cases.draw((2, 2, 5, 6), 0.5, 2)
        from_torch(cases, "lpPool", f"p-{p:.0f}", [x], lambda v: functional.lp_pool2d(v, p, [2, 3], [2, 1]),
                   {"window": [2, 3], "geometry": {**geometry(2), "strides": [2, 1]}, "p": p})
    for number, (shape, size, alpha, beta, bias) in enumerate([((2, 7, 3), 3, 0.5, 0.75, 1.0), ((1, 4, 2, 3), 5, 1.0, 0.5, 2.0)]):
        from_torch(cases, "localResponseNorm", f"case-{number}", [cases.draw(shape)],
                   lambda v: functional.local_response_norm(v, size, alpha, beta, bias),
                   {"size": size, "alpha": alpha, "beta": beta, "bias": bias})


def add_resize(cases):
    for number, (old, new) in enumerate([((4, 5), (7, 3)), ((3, 3), (6, 9)), ((6, 2), (1, 1)), ((1, 4), (3, 4))]):
        x = cases.draw((2, 2, *old))
        form = {"axes": [2, 3], "sizes": list(new)}
        for aligned in (False, True):
            from_torch(cases, "resize", f"{'aligned' if aligned else 'half-pixel'}-{number}", [x],
                       lambda v: functional.interpolate(v, new, mode="bilinear", align_corners=aligned),
                       {**form, "mode": "linear", "coordinates": "alignCorners" if aligned else "halfPixel"})
        from_torch(cases, "resize", f"nearest-{number}", [x], lambda v: functional.interpolate(v, new, mode="nearest"),
                   {**form, "coordinates": "asymmetric", "rounding": "floor"})
        from_torch(cases, "resize", f"nearest-exact-{number}", [x],
                   lambda v: functional.interpolate(v, new, mode="nearest-exact"), {**form, "rounding": "preferCeil"})


def add_grids(cases):
    for mode, name in (("linear", "bilinear"), ("nearest", "nearest")):
        for padding in ("zeros", "border"):
            for aligned in (False, True):
                for number, (shape, points) in enumerate([((2, 3, 4, 5), (3, 2)), ((1, 2, 2, 3, 4), (2, 1, 3))]):
                    x, grid = cases.draw(shape), cases.draw((shape[0], *points, len(points)), -1.3, 1.3)
                    from_torch(cases, "gridSample", f"{mode}-{padding}{'-aligned' if aligned else ''}-{number}", [x, grid],
                               lambda v, g: functional.grid_sample(v, g, name, padding, aligned),
                               {"mode": mode, "padding": padding, "alignCorners": aligned})


def add_quantization(cases):
    for name, kind in (("u8", np.uint8), ("i8", np.int8)):
        limits = np.iinfo(kind)
        x = np.concatenate([cases.draw((3, 6)), [[0.25], [-0.75], [1.25]], [[99.0], [-99.0], [0.125]]], 1).astype(np.float32)
        for label, axis, scale, zero in (("tensor", 1, np.float32(0.5), kind(3)),
                                         ("axis", 0, np.array([0.5, 0.25, 0.125], np.float32), np.array([3, 0, 7], kind))):
            wide = (lambda v: v) if np.ndim(scale) == 0 else (lambda v: v[:, None])
            steps = np.rint(x / wide(scale)) + wide(np.asarray(zero)).astype(np.float32)
            cases.add("quantize", f"{name}-{label}", [x, scale, zero], [np.clip(steps, limits.min, limits.max).astype(kind)],
                      BITS, {"axis": axis})
            q = cases.integers((3, 5), limits.min, limits.max + 1, np.int32).astype(kind)
            value = (q.astype(np.float32) - wide(np.asarray(zero)).astype(np.float32)) * wide(scale)
            cases.add("dequantize", f"{name}-{label}", [q, scale, zero], [value], BITS, {"axis": axis})
    a, b = cases.integers((5, 300), 0, 256).astype(np.uint8), cases.integers((300, 4), -128, 128).astype(np.int8)
    product = (a.astype(np.int32) - 7) @ (b.astype(np.int32) + 3)
    cases.add("quantizedMatmul", "mixed", [a, b, np.uint8(7), np.int8(-3)], [product], BITS)


def padded(rows, bound, value):
    rows = rows[:bound]
    return np.concatenate([rows, np.full((bound - len(rows), *rows.shape[1:]), value, rows.dtype)])


def add_selection(cases):
    for number, (shape, bound) in enumerate([((3, 4), 12), ((2, 3, 3), 5), ((7,), 9), ((0, 2), 2)]):
        x = cases.integers(shape, 0, 3)
        found = np.argwhere(x).astype(np.int64)
        cases.add("nonZero", f"case-{number}", [x], [padded(found, bound, -1), np.int64(len(found))], BITS, {"bound": bound})
    for number, (shape, bound) in enumerate([((3, 4), 12), ((5, 5), 3), ((7,), 4)]):
        x = cases.integers(shape, -2, 4)
        values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
        outputs = [padded(values, bound, 0), padded(counts.astype(np.int64), bound, 0),
                   inverse.reshape(shape).astype(np.int64), np.int64(len(values))]
        cases.add("unique", f"case-{number}", [x], outputs, BITS, {"bound": bound})
