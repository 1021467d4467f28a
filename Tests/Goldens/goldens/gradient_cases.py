"""The cases of gradients.json: each differentiable operation as PyTorch has it, away from kinks and ties."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from .arrangement import torch_recurrence
from .graph_layers import Rotary
from .linear_algebra import leading_signs, torch_lu
from .reductions import DOTS, einsum_letters
from .sampling import geometry

# operation: PyTorch's function, where to draw
UNARY = {
    "abs": (torch.abs, None), "acos": (torch.acos, (-0.9, 0.9)), "acosh": (torch.acosh, (1.2, 4)), "asin": (torch.asin, (-0.9, 0.9)),
    "asinh": (torch.asinh, (-3, 3)), "atan": (torch.atan, (-3, 3)), "atanh": (torch.atanh, (-0.9, 0.9)), "cos": (torch.cos, (-3, 3)),
    "cosh": (torch.cosh, (-2, 2)), "erf": (torch.erf, (-2, 2)), "erfc": (torch.erfc, (-2, 2)), "exp": (torch.exp, (-2, 2)),
    "expm1": (torch.expm1, (-2, 2)), "log": (torch.log, (0.2, 4)), "log1p": (torch.log1p, (-0.8, 3)), "negate": (torch.neg, (-2, 2)),
    "reciprocal": (torch.reciprocal, None), "rsqrt": (torch.rsqrt, (0.2, 4)), "sigmoid": (torch.sigmoid, (-3, 3)),
    "sin": (torch.sin, (-3, 3)), "sinh": (torch.sinh, (-2, 2)), "sqrt": (torch.sqrt, (0.2, 4)), "tan": (torch.tan, (-1.2, 1.2)),
    "tanh": (torch.tanh, (-2, 2)), "relu": (torch.relu, None), "silu": (F.silu, (-3, 3)), "mish": (F.mish, (-3, 3)),
    "selu": (F.selu, None), "softsign": (F.softsign, None), "softplus": (F.softplus, (-3, 3)), "logSigmoid": (F.logsigmoid, (-3, 3)),
}
STEPS = {"floor": torch.floor, "ceil": torch.ceil, "round": torch.round, "truncate": torch.trunc, "sign": torch.sign}


def hard_sigmoid(x):
    return torch.clamp(x / 6 + 0.5, 0, 1)  # PyTorch's own derivative is 1/6 rounded to f32


def add_unary(cases):
    for op, (function, limits) in UNARY.items():
        cases.add(op, [cases.draw((3, 5), *limits) if limits else cases.signed((3, 5))], function)
    for op, function in STEPS.items():
        cases.add(op, [cases.draw((3, 5), 0.55, 0.95) + np.arange(5) - 2], function, second=False)
    # PyTorch's digamma has all digits, its trigamma nine.
    cases.add("lgamma", [cases.draw((3, 5), 0.3, 5)], torch.lgamma, second=False)
    cases.add("digamma", [cases.draw((3, 5), 0.3, 5)], torch.digamma, second=False, rtol=1e-8)
    activations = [
        ("leakyRelu", {"slope": 0.1}, lambda x: F.leaky_relu(x, 0.1)), ("elu", {"alpha": 1.5}, lambda x: F.elu(x, 1.5)),
        ("celu", {"alpha": 1.5}, lambda x: F.celu(x, 1.5)), ("gelu", {}, F.gelu),
        ("gelu", {"approximate": True}, lambda x: F.gelu(x, approximate="tanh")), ("hardSigmoid", {}, hard_sigmoid),
        ("hardSwish", {}, lambda x: x * hard_sigmoid(x)), ("thresholdedRelu", {"alpha": 1.0}, lambda x: F.threshold(x, 1.0, 0.0))]
    for op, attributes, function in activations:
        cases.add(op, [cases.signed((3, 5), 0.2, 0.9) * np.array([1, 1, 2, 2, 3])], function, attributes)
    cases.add("cast", [cases.draw((2, 3))], lambda x: x.to(torch.float32), {"dtype": "f32"})


def add_pairs(cases):
    shapes = ((3, 1, 5), (4, 1))  # broadcast
    for op, function in {"add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div, "atan2": torch.atan2,
                         "maximum": torch.maximum, "minimum": torch.minimum}.items():
        cases.add(op, [cases.signed(shapes[0]), cases.signed(shapes[1])], function)
    cases.add("power", [cases.draw(shapes[0], 0.3, 3), cases.draw(shapes[1])], torch.pow)
    for op, function in {"remainder": torch.fmod, "floorMod": torch.remainder}.items():
        cases.add(op, [cases.draw((3, 5), -9, 9), cases.signed((3, 5), 0.5, 2)], function, second=False)
    cases.add("fma", [cases.draw((3, 5)), cases.draw((5,)), cases.draw((3, 1))], lambda a, b, c: torch.addcmul(c, a, b))
    cases.add("select", [cases.draw((3, 5)) > 0, cases.draw((3, 5)), cases.draw((5,))], torch.where)
    cases.add("clamp", [cases.draw((5,), -1, -0.5), cases.signed((3, 5), 0.1, 2), cases.draw((3, 1), 0.5, 1)],
              lambda low, x, high: torch.clamp(x, low, high))
    cases.add("prelu", [cases.signed((2, 3, 4)), cases.draw((3, 1), 0.1, 0.5)], lambda x, slope: F.prelu(x, slope.flatten()))
    cases.add("dequantize", [cases.integers((3, 4), 0, 255, np.uint8), cases.draw((3,), 0.5, 2), cases.integers((3,), 90, 160, np.uint8)],
              lambda q, scale, zero: (q.double() - zero.double()[:, None]) * scale[:, None], {"axis": 0})


def add_reductions(cases):
    for op, function in {"sum": torch.sum, "mean": torch.mean, "reduceMax": torch.amax, "reduceMin": torch.amin}.items():
        cases.add(op, [cases.distinct((3, 4, 2))], lambda x: function(x, (0, 2)), {"axes": [0, 2]})
        cases.add(op, [cases.distinct((3, 4))], lambda x: function(x, (1,), keepdim=True), {"axes": [1], "keepDims": True})
    cases.add("product", [cases.signed((3, 4), 0.5, 1.5)], lambda x: torch.prod(x, 1), {"axes": [1]})
    x = cases.signed((3, 4), 0.5, 1.5)
    x[1, 2] = 0
    x[2, :2] = 0
    cases.add("product", [x], lambda x: torch.prod(x, 1), {"axes": [1]})
    for op, function in {"softmax": torch.softmax, "logSoftmax": torch.log_softmax, "logSumExp": torch.logsumexp}.items():
        for axis in (0, 1):
            cases.add(op, [cases.draw((3, 5))], lambda x: function(x, axis), {"axis": axis})
    for op, function in {"cumsum": torch.cumsum, "cumprod": torch.cumprod}.items():
        cases.add(op, [cases.signed((3, 5), 0.5, 1.5)], lambda x: function(x, 1), {"axis": 1})
        cases.add(op, [cases.signed((4, 2), 0.5, 1.5)], lambda x: function(x.flip(0), 0).flip(0), {"axis": 0, "reverse": True})
    for op, function in {"cummax": torch.cummax, "cummin": torch.cummin}.items():
        cases.add(op, [cases.distinct((3, 5))], lambda x: function(x, 1).values, {"axis": 1})
    cases.add("linearRecurrence", [cases.draw((3, 6)), cases.draw((3, 6))], torch_recurrence, {"axis": 1})
    for descending in (False, True):
        cases.add("sort", [cases.distinct((3, 5))], lambda x: torch.sort(x, 1, descending).values,
                  {"axis": 1, "descending": descending})
        cases.add("topK", [cases.distinct((4, 6))], lambda x: torch.topk(x, 3, 1, descending).values,
                  {"k": 3, "axis": 1, "largest": descending})


def add_structure(cases):
    moves = [
        ("broadcast", (2, 1), {"shape": [4, 2, 3]}, lambda x: x.expand(4, 2, 3)), ("reshape", (2, 6), {"shape": [3, 4]}, lambda x: x.reshape(3, 4)),
        ("transpose", (2, 3, 4), {"permutation": [2, 0, 1]}, lambda x: x.permute(2, 0, 1)),
        ("slice", (5, 6), {"starts": [1, 0], "limits": [4, 6], "strides": [1, 2]}, lambda x: x[1:4, 0:6:2]),
        ("pad", (2, 3), {"low": [1, 0], "high": [0, 2], "value": 1.5}, lambda x: F.pad(x, (0, 2, 1, 0), value=1.5)),
        ("reverse", (2, 3, 4), {"axes": [0, 2]}, lambda x: torch.flip(x, (0, 2))),
        ("roll", (3, 4), {"shifts": [1, -2], "axes": [0, 1]}, lambda x: torch.roll(x, (1, -2), (0, 1))),
        ("tile", (2, 3), {"repeats": [2, 2]}, lambda x: torch.tile(x, (2, 2))),
        ("repeatElements", (2, 3), {"count": 3, "axis": 1}, lambda x: torch.repeat_interleave(x, 3, 1)),
        ("tril", (2, 3, 4), {"diagonal": -1}, lambda x: torch.tril(x, -1)), ("triu", (2, 3, 4), {"diagonal": 1}, lambda x: torch.triu(x, 1))]
    for op, shape, attributes, function in moves:
        cases.add(op, [cases.draw(shape)], function, attributes)
    for mode, name in {"reflect": "reflect", "edge": "replicate", "circular": "circular"}.items():
        cases.add("padBorder", [cases.draw((2, 3, 4))], lambda x: F.pad(x[None], (3, 0, 1, 2), mode=name)[0],
                  {"mode": mode, "low": [0, 1, 3], "high": [0, 2, 0]})
    cases.add("concat", [cases.draw((2, 3)), cases.draw((2, 1)), cases.draw((2, 2))], lambda *x: torch.cat(x, 1), {"axis": 1})
    at = np.array([1, 2], np.int32)
    cases.add("dynamicSlice", [cases.draw((4, 6)), at], lambda x, _: x[1:3, 2:5], {"sizes": [2, 3]})
    cases.add("dynamicUpdateSlice", [cases.draw((4, 6)), cases.draw((2, 3)), at],
              lambda x, u, _: torch.slice_scatter(x, torch.slice_scatter(x[1:3], u, 1, 2, 5), 0, 1, 3))


def add_indexing(cases):
    index = cases.integers((2, 3), 0, 5)
    cases.add("gather", [cases.draw((4, 5, 2)), index],
              lambda x, i: torch.index_select(x, 1, i.flatten().long()).reshape(4, 2, 3, 2), {"axis": 1})
    cases.add("scatterAdd", [cases.draw((6, 3)), cases.integers((8,), 0, 6), cases.draw((8, 3))],
              lambda b, i, u: torch.index_add(b, 0, i.long(), u), {"axis": 0})
    tuples = cases.integers((5, 2), 0, 3)
    cases.add("gatherND", [cases.draw((4, 3, 2)), tuples], lambda x, i: x[tuple(i.long().unbind(-1))])
    cases.add("scatterND", [cases.draw((4, 3, 2)), tuples, cases.draw((5, 2))],
              lambda b, i, u: torch.index_put(b, tuple(i.long().unbind(-1)), u, accumulate=True), {"combiner": "add"})
    for count in (1, 4):
        cases.add("takeAlongAxis", [cases.draw((3, 5)), cases.integers((3, count), 0, 5)],
                  lambda x, i: torch.take_along_dim(x, i.long(), 1), {"axis": 1})
    # PyTorch does not differentiate the derivative of extremes and products a second time.
    for combiner, (name, second) in {"add": ("sum", True), "multiply": ("prod", False), "minimum": ("amin", False),
                                     "maximum": ("amax", False)}.items():
        values = cases.distinct((24,)) + 2
        cases.add("scatterElements", [values[:10].reshape(2, 5), cases.integers((2, 7), 0, 5), values[10:].reshape(2, 7)],
                  lambda b, i, u: torch.scatter_reduce(b, 1, i.long(), u, name), {"axis": 1, "combiner": combiner}, second)
    once = np.array([[4, 0], [1, 2], [3, 4]], np.int32)
    cases.add("scatterElements", [cases.draw((3, 5)), once, cases.draw((3, 2))],
              lambda b, i, u: torch.scatter(b, 1, i.long(), u), {"axis": 1})
    ids = np.array([2, 0, 2, 3, 0, 2, 0], np.int32)  # segment 1 is empty
    counts = torch.tensor([3.0, 1, 3, 1], dtype=torch.float64)[:, None]
    zeros = torch.zeros(4, 3, dtype=torch.float64)
    cases.add("segmentSum", [cases.draw((7, 3)), ids], lambda x, i: zeros.index_add(0, i.long(), x), {"segments": 4})
    cases.add("segmentMean", [cases.draw((7, 3)), ids], lambda x, i: zeros.index_add(0, i.long(), x) / counts, {"segments": 4})
    cases.add("segmentMax", [cases.distinct((7, 3)), ids],
              lambda x, i: zeros.scatter_reduce(0, i.long()[:, None].expand(7, 3), x, "amax", include_self=False), {"segments": 4}, False)


def add_products(cases):
    for label in ("matrix-matrix", "left-transposed", "right-transposed", "outer", "two-contracting", "batch-inside", "attention-scores"):
        left, right, *axes = DOTS[label]
        letters = einsum_letters(left, right, *axes)
        names = ("lhsBatch", "rhsBatch", "lhsContracting", "rhsContracting")
        cases.add("dot", [cases.draw(left), cases.draw(right)], lambda a, b: torch.einsum(letters, a, b), dict(zip(names, axes)))


def add_convolutions(cases):
    functions = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
    forms = [
        ((2, 2, 7), (3, 2, 3), {}), ((1, 4, 9), (6, 2, 3), {"strides": 2, "padding": 1, "groups": 2}),
        ((2, 2, 5, 6), (3, 2, 3, 2), {"padding": 1}), ((1, 2, 7, 6), (2, 2, 2, 3), {"strides": 2, "dilation": 2, "padding": 2}),
        ((1, 4, 4, 4), (4, 1, 3, 3), {"padding": 1, "groups": 4}), ((1, 2, 3, 4, 3), (2, 2, 2, 3, 2), {"padding": 1})]
    for shape, kernel, form in forms:
        rank = len(shape) - 2
        form = dict(form)
        groups = form.pop("groups", 1)
        names = {"stride": form.get("strides", 1), "padding": form.get("padding", 0), "dilation": form.get("dilation", 1), "groups": groups}
        attributes = {"geometry": {**geometry(rank, **form), "groups": groups}}
        x, weight = cases.draw(shape), cases.draw(kernel)
        cases.add("conv", [x, weight], lambda v, w: functions[rank](v, w, **names), attributes)
        if rank == 2:
            y = functions[rank](torch.tensor(x), torch.tensor(weight), **names)
            cases.add("convWeightGradient", [x, cases.draw(tuple(y.shape))],
                      lambda v, g: torch.nn.grad.conv2d_weight(v, kernel, g, **names), {"kernel": list(kernel[2:]), **attributes})
    add_transposed(cases)


def add_transposed(cases):
    """A transposed convolution is one over an input that is spread apart; PyTorch's kernel is turned around, with its channels exchanged."""
    functions = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
    for shape, kernel, stride in (((2, 3, 5), (2, 3, 3), 2), ((1, 2, 3, 4), (3, 2, 2, 3), 2), ((1, 2, 2, 3, 2), (2, 2, 2, 2, 2), 3)):
        rank = len(shape) - 2
        reach = [size - 1 for size in kernel[2:]]
        attributes = {"geometry": {**geometry(rank), "inputDilation": [stride] * rank, "low": reach, "high": reach}}
        cases.add("conv", [cases.draw(shape), cases.draw(kernel)],
                  lambda x, w: functions[rank](x, w.flip(*range(2, rank + 2)).transpose(0, 1), stride=stride), attributes)


def add_pooling(cases):
    form = {**geometry(2), "strides": [2, 1], "low": [1, 0], "high": [1, 0]}
    window = {"window": [3, 2], "geometry": form}
    shape = (1, 2, 5, 4)
    pool = {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)}
    cases.add("maxPool", [cases.distinct(shape)], lambda x: F.max_pool2d(x, **pool), window)
    cases.add("averagePool", [cases.draw(shape)], lambda x: F.avg_pool2d(x, **pool), window)
    cases.add("averagePool", [cases.draw(shape)], lambda x: F.avg_pool2d(x, **pool, count_include_pad=False),
              {**window, "countsPadding": False})
    cases.add("sumPool", [cases.draw(shape)], lambda x: F.avg_pool2d(x, **pool, divisor_override=1), window)
    for p in (2.0, 3.0):
        cases.add("lpPool", [cases.draw(shape, 0.5, 2)], lambda x: F.lp_pool2d(x, p, [2, 3], [2, 1]),
                  {"window": [2, 3], "geometry": {**geometry(2), "strides": [2, 1]}, "p": p})
    add_positions(cases)
    names = {"kernel_size": (2, 3), "stride": 2, "padding": 1}
    attributes = {"window": [2, 3], "geometry": geometry(2, strides=2, padding=1)}
    x = cases.draw((1, 2, 5, 6))
    cases.add("unfold", [x], lambda v: F.unfold(v, **names), attributes)
    columns = F.unfold(torch.tensor(x), **names)
    cases.add("fold", [cases.draw(tuple(columns.shape))], lambda v: F.fold(v, (5, 6), **names), {"sizes": [5, 6], **attributes})
    cases.add("localResponseNorm", [cases.draw((2, 7, 3))], lambda x: F.local_response_norm(x, 3, 0.5, 0.75, 1.0),
              {"size": 3, "alpha": 0.5, "beta": 0.75, "bias": 1.0})


def add_positions(cases):
    """One element of each 2 x 2 window, by its position in the window; and back."""
    k = cases.integers((2, 1, 2, 3), 0, 4)
    rows, columns = np.arange(2)[:, None], np.arange(3)
    flat = torch.tensor(((2 * rows + k // 2) * 6 + 2 * columns + k % 2).astype(np.int64)).flatten(2)
    attributes = {"window": [2, 2], "geometry": geometry(2, strides=2)}
    cases.add("poolGather", [cases.draw((2, 1, 4, 6)), k],
              lambda x, _: torch.gather(x.flatten(2), 2, flat).reshape(2, 1, 2, 3), attributes)
    cases.add("poolScatter", [cases.draw((2, 1, 2, 3)), k],
              lambda g, _: F.max_unpool2d(g, flat.reshape(2, 1, 2, 3), 2, output_size=(4, 6)), {**attributes, "input": [4, 6]})


def add_normalization(cases):
    def affine(size):
        return [cases.draw((size,), 0.5, 1.5), cases.draw((size,))]

    cases.add("layerNorm", [cases.draw((3, 6)), *affine(6)], lambda x, s, b: F.layer_norm(x, (6,), s, b, 0.01), {"epsilon": 0.01})
    cases.add("rmsNorm", [cases.draw((3, 6)), affine(6)[0]], lambda x, s: F.rms_norm(x, (6,), s, 0.01), {"epsilon": 0.01})
    cases.add("groupNorm", [cases.draw((2, 4, 3)), *affine(4)], lambda x, s, b: F.group_norm(x, 2, s, b, 0.01),
              {"groups": 2, "epsilon": 0.01})
    cases.add("instanceNorm", [cases.draw((2, 3, 4)), *affine(3)],
              lambda x, s, b: F.instance_norm(x, weight=s, bias=b, eps=0.01), {"epsilon": 0.01})

    def batch_norm(x, s, b):
        return (F.batch_norm(x, None, None, s, b, training=True, eps=0.01), x.mean((0, 2)), x.var((0, 2), unbiased=False))

    cases.add("batchNorm", [cases.draw((4, 3, 2)), *affine(3)], batch_norm, {"epsilon": 0.01})


def add_attention(cases):
    def attention(q, k, v, mask=None, **options):
        with sdpa_kernel(SDPBackend.MATH):
            return F.scaled_dot_product_attention(q, k, v, mask, enable_gqa=q.shape[1] != k.shape[1], **options)

    q, k, v = (2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 3)
    cases.add("attention", [cases.draw(q), cases.draw(k), cases.draw(v)], attention)
    cases.add("attention", [cases.draw((1, 4, 4, 3)), cases.draw((1, 2, 4, 3)), cases.draw((1, 2, 4, 3))],
              lambda q, k, v: attention(q, k, v, is_causal=True), {"causal": True})
    cases.add("attention", [cases.draw(q), cases.draw(k), cases.draw(v), cases.draw((3, 5))],
              lambda q, k, v, m: attention(q, k, v, m, scale=0.3), {"masked": True, "scale": 0.3})
    mask = cases.draw((2, 1, 3, 5)) > -1
    mask[..., 0] = True
    cases.add("attention", [cases.draw(q), cases.draw(k), cases.draw(v), mask], attention, {"masked": True})
    for interleaved in (False, True):
        cases.add("rotaryEmbedding", [cases.draw((2, 3, 6)), np.array([0, 3, 7], np.int32)], Rotary(interleaved).forward,
                  {"interleaved": interleaved})


def add_losses(cases):
    for reduction in ("mean", "sum", "none"):
        form = {"reduction": reduction}
        cases.add("meanSquaredError", [cases.draw((3, 4)), cases.draw((3, 4))], lambda a, b: F.mse_loss(a, b, **form), form)
        cases.add("binaryCrossEntropyWithLogits", [cases.draw((3, 4)), cases.draw((3, 4), 0, 1)],
                  lambda a, b: F.binary_cross_entropy_with_logits(a, b, **form), form)
        cases.add("crossEntropy", [cases.draw((3, 4)), cases.integers((3,), 0, 4)],
                  lambda x, y: F.cross_entropy(x, y.long(), **form), form)
        cases.add("crossEntropySoft", [cases.draw((3, 4)), cases.draw((3, 4), 0.1, 1)], lambda x, y: F.cross_entropy(x, y, **form), form)
    cases.add("gaussianKL", [cases.draw((3, 4)), cases.draw((3, 4))], gaussian_kl, {"reduction": "sum"})


def gaussian_kl(mean, log_variance):
    normal = torch.distributions.Normal(mean, torch.exp(log_variance / 2))
    standard = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    return torch.distributions.kl_divergence(normal, standard).sum()


def add_sampling(cases):
    for mode, attributes, options in (
            ("linear", {"coordinates": "halfPixel"}, {"mode": "bilinear", "align_corners": False}),
            ("linear", {"coordinates": "alignCorners"}, {"mode": "bilinear", "align_corners": True}),
            ("nearest", {"coordinates": "asymmetric", "rounding": "floor"}, {"mode": "nearest"}),
            ("nearest", {"rounding": "preferCeil"}, {"mode": "nearest-exact"})):
        cases.add("resize", [cases.draw((2, 2, 4, 5))], lambda x: F.interpolate(x, (7, 3), **options),
                  {"axes": [2, 3], "sizes": [7, 3], "mode": mode, **attributes})
    for mode, name in (("linear", "bilinear"), ("nearest", "nearest")):
        for padding in ("zeros", "border"):
            for aligned in (False, True):
                # PyTorch differentiates the derivative of two spatial axes only.
                cases.add("gridSample", [cases.draw((2, 3, 4, 5)), cases.draw((2, 3, 2, 2), -1.3, 1.3)],
                          lambda x, g: F.grid_sample(x, g, name, padding, aligned),
                          {"mode": mode, "padding": padding, "alignCorners": aligned})
    cases.add("gridSample", [cases.draw((1, 2, 2, 3, 4)), cases.draw((1, 2, 1, 3, 3), -1.3, 1.3)],
              lambda x, g: F.grid_sample(x, g, "bilinear", "zeros", False), second=False)


def matrix(cases, shape, diagonal):
    return cases.draw(shape) + diagonal * np.eye(*shape[-2:])


def signed_columns(vectors):
    """The signs that the operations' conventions give to columns; they are constant where a derivative exists."""
    return torch.tensor(leading_signs(vectors.detach().numpy()))


def eigh(a):
    values, vectors = torch.linalg.eigh((a + a.mT) / 2)
    return values, vectors * signed_columns(vectors)


def svd(a):
    u, s, vt = torch.linalg.svd(a, full_matrices=False)
    signs = signed_columns(u)
    return u * signs, s, vt * signs.mT


def qr(a):
    q, r = torch.linalg.qr(a)
    signs = torch.sign(torch.diagonal(r, dim1=-2, dim2=-1)).detach()
    return q * signs[..., None, :], r * signs[..., :, None]


def add_linear_algebra(cases):
    """All outputs of the factorisations, in the operations' gauge."""
    square, batch = (4, 4), (2, 3, 3)
    for shape in (square, batch):
        cases.add("cholesky", [matrix(cases, shape, 9)], lambda a: torch.linalg.cholesky((a + a.mT) / 2))
        cases.add("lu", [matrix(cases, shape, 0)], torch_lu)
        cases.add("eigh", [matrix(cases, shape, 0) + np.diag(3.0 * np.arange(shape[-1]))], eigh)
        cases.add("inverse", [matrix(cases, shape, 6)], torch.linalg.inv)
        cases.add("determinant", [matrix(cases, shape, 1)], torch.linalg.det)
        cases.add("logAbsDeterminant", [matrix(cases, shape, 1)], lambda a: (None, torch.linalg.slogdet(a).logabsdet))
        cases.add("solve", [matrix(cases, shape, 6), cases.draw((*shape[:-1], 2))], torch.linalg.solve)
        for lower, transposed in ((True, False), (True, True), (False, False)):
            cases.add("triangularSolve", [matrix(cases, shape, 6), cases.draw((*shape[:-1], 2))],
                      lambda a, b: torch.linalg.solve_triangular(a.mT if transposed else a, b, upper=lower == transposed),
                      {"lower": lower, "transposed": transposed})
    for shape in (square, (5, 3), (2, 4, 2)):
        cases.add("qr", [matrix(cases, shape, 1)], qr)
        cases.add("svd", [matrix(cases, shape, 1) * np.arange(1, shape[-1] + 1)], svd)
    cases.add("svd", [matrix(cases, (2, 4), 1) * np.arange(1, 5)], svd)
    cases.add("leastSquares", [matrix(cases, (5, 3), 2), cases.draw((5, 2))], lambda a, b: torch.linalg.lstsq(a, b, driver="gels").solution)


PARTS = (add_unary, add_pairs, add_reductions, add_structure, add_indexing, add_products, add_convolutions, add_pooling,
         add_normalization, add_attention, add_losses, add_sampling, add_linear_algebra)
