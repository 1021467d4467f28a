"""Cases of the composites: activations, softmax and its kin, layer norm, losses."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from .cases import VALUE, close
from .elementwise import SHAPES

NAN, INFINITY = float("nan"), float("inf")
COMPOSITE = {"f32": close(1e-5, 1e-6), "f64": close(1e-12, 1e-13)}


def add_composites(cases):
    """relu leakyRelu elu silu gelu softmax logSoftmax logSumExp layerNorm and the losses (softplus is with exp)."""
    add_activations(cases)
    add_softmax(cases)
    add_layer_norm(cases)
    add_elementwise_losses(cases)
    add_cross_entropy(cases)


def through_torch(function):
    """A NumPy function that computes in PyTorch's f64."""
    return lambda *arrays: function(*(torch.tensor(a) for a in arrays)).numpy()


def by_torch(cases, op, label, inputs, function, attributes=None, gradient=True, tolerance=COMPOSITE):
    cases.both(op, label, inputs, through_torch(function), tolerance, attributes, function if gradient else None)


def exact_gelu(x):
    return x * torch.special.ndtr(x)  # no cancellation for large negative x, unlike 1 + erf


def tanh_gelu(x):
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return x * torch.sigmoid(2 * inner)  # = x (1 + tanh(inner)) / 2 without its cancellation


def add_activations(cases):
    activations = [
        ("relu", {}, torch.relu, VALUE), ("leakyRelu", {"slope": 0.01}, lambda x: F.leaky_relu(x, 0.01), COMPOSITE),
        ("elu", {"alpha": 1.0}, lambda x: F.elu(x, 1.0), COMPOSITE), ("elu", {"alpha": 1.5}, lambda x: F.elu(x, 1.5), COMPOSITE),
        ("silu", {}, F.silu, COMPOSITE), ("gelu", {"approximate": False}, exact_gelu, COMPOSITE),
        ("gelu", {"approximate": True}, tanh_gelu, COMPOSITE)]
    for op, attributes, function, tolerance in activations:
        suffix = "".join(f"-{value}".lower() for value in attributes.values())
        for label, shape in SHAPES.items():
            by_torch(cases, op, label + suffix, [cases.draw(shape, -3, 3)], function, attributes, tolerance=tolerance)
        edges = [0.0, 1e-8, -1e-8, -0.0, 1e-30, -1e-30, 10.0, -10.0, 50.0, -50.0, 200.0, -200.0, 1e4, -1e4, INFINITY, NAN]
        if op in ("relu", "leakyRelu", "elu"):
            edges.append(-INFINITY)  # silu and gelu give -inf * 0 there
        by_torch(cases, op, "edges" + suffix, [np.array(edges)], function, attributes, gradient=False, tolerance=tolerance)
    x = cases.draw((3, 7), -3, 3)
    assert np.allclose(exact_gelu(torch.tensor(x)), F.gelu(torch.tensor(x)), rtol=1e-13)
    assert np.allclose(tanh_gelu(torch.tensor(x)), F.gelu(torch.tensor(x), approximate="tanh"), rtol=1e-12)


def add_softmax(cases):
    operations = {"softmax": torch.softmax, "logSoftmax": torch.log_softmax, "logSumExp": torch.logsumexp}
    for op, function in operations.items():
        for label, shape, axis in (("last", (3, 5), 1), ("first", (3, 5), 0), ("middle", (2, 4, 3), 1), ("one", (3, 1), 1),
                                   ("vector", (7,), 0), ("wide", (2, 100), 1), ("empty-rows", (0, 4), 1)):
            by_torch(cases, op, label, [cases.draw(shape, -4, 4)], lambda x: function(x, axis), {"axis": axis})
        large = np.array([[1e4, -1e4, 0.0, 9999.0], [-1e4, -1e4, -1e4, -9999.0], [1e4, 1e4, 1e4, 1e4], [0.5, 1e4, 9998.0, 1.0]])
        by_torch(cases, op, "large", [large], lambda x: function(x, 1), {"axis": 1})
        masked = np.array([[1.0, -INFINITY, 2.0], [-INFINITY, -INFINITY, 0.5], [NAN, 1.0, 2.0]])
        by_torch(cases, op, "masked", [masked], lambda x: function(x, 1), {"axis": 1}, gradient=False)


def add_layer_norm(cases):
    loose = {"f32": close(2e-5, 2e-5), "f64": close(1e-11, 1e-12)}
    for label, shape, epsilon in (("rows", (4, 8), 1e-5), ("rank-3", (2, 3, 5), 1e-5), ("epsilon", (3, 6), 0.1),
                                  ("wide", (2, 200), 1e-5), ("one", (3, 1), 1e-5), ("vector", (9,), 1e-5)):
        inputs = [cases.draw(shape), cases.draw(shape[-1:], 0.5, 1.5), cases.draw(shape[-1:])]
        by_torch(cases, "layerNorm", label, inputs, lambda x, s, b: F.layer_norm(x, x.shape[-1:], s, b, epsilon),
                 {"epsilon": epsilon}, tolerance=loose)
    offset = cases.draw((3, 16)) + 1000.0  # variance in two passes, not as mean of squares minus square of the mean
    inputs = [offset, np.ones(16), np.zeros(16)]
    by_torch(cases, "layerNorm", "offset", inputs, lambda x, s, b: F.layer_norm(x, x.shape[-1:], s, b, 1e-5),
             {"epsilon": 1e-5}, tolerance={"f32": close(1e-3, 1e-3), "f64": close(1e-10, 1e-11)})


def reduced(values, reduction):
    """`values`: the loss of each element (or sample), batch first."""
    if reduction == "mean":
        return values.mean()
    if reduction == "sum":
        return values.sum()
    return values.flatten(1).sum(1) if values.dim() > 1 else values * 1


def gaussian_kl(mean, log_variance):
    return -0.5 * (1 + log_variance - mean**2 - torch.exp(log_variance))


ELEMENT_LOSSES = {
    "mse": lambda prediction, target: (prediction - target) ** 2,
    "binaryCrossEntropyWithLogits": lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="none"),
    "gaussianKL": gaussian_kl,
}
REDUCTIONS = ("mean", "sum", "sumPerSample")


def add_elementwise_losses(cases):
    """(prediction, target), (logits, target in [0, 1]), (mean, logVariance)."""
    loose = {"f32": close(1e-5, 1e-5), "f64": close(1e-12, 1e-13)}
    for op, elements in ELEMENT_LOSSES.items():
        for label, shape in (("rows", (4, 6)), ("vector", (5,)), ("rank-3", (2, 3, 4)), ("one", (1, 1))):
            low = 0.0 if op == "binaryCrossEntropyWithLogits" else -2.0
            inputs = [cases.draw(shape), cases.draw(shape, low, 1)]
            for reduction in REDUCTIONS:
                by_torch(cases, op, f"{label}-{reduction}", inputs, lambda a, b: reduced(elements(a, b), reduction),
                         {"reduction": reduction}, tolerance=loose)
    logits = np.array([[1e4, -1e4, 100.0, -100.0, 0.0, 30.0]])
    target = np.array([[1.0, 0.0, 0.0, 1.0, 0.5, 1.0]])
    function = ELEMENT_LOSSES["binaryCrossEntropyWithLogits"]
    by_torch(cases, "binaryCrossEntropyWithLogits", "large", [logits, target], lambda a, b: reduced(function(a, b), "sum"),
             {"reduction": "sum"}, tolerance=loose)


def add_cross_entropy(cases):
    """(logits, labels): integer labels, or soft labels of the logits' shape. Classes are the last axis."""
    loose = {"f32": close(1e-5, 1e-5), "f64": close(1e-12, 1e-13)}
    for label, shape in (("rows", (4, 10)), ("rank-3", (2, 3, 5)), ("one", (1, 3)), ("single-class", (3, 1))):
        logits = cases.draw(shape, -4, 4)
        integer = cases.integers(shape[:-1], 0, shape[-1])
        soft = cases.draw(shape, 0.1, 1)
        soft = np.float32(soft / soft.sum(-1, keepdims=True)).astype(np.float64)
        for reduction in REDUCTIONS:
            attributes = {"reduction": reduction}
            by_torch(cases, "crossEntropy", f"{label}-{reduction}", [logits, integer],
                     lambda x, y: reduced(integer_entropy(x, y), reduction), attributes, tolerance=loose)
            by_torch(cases, "crossEntropy", f"{label}-soft-{reduction}", [logits, soft],
                     lambda x, y: reduced(soft_entropy(x, y), reduction), attributes, tolerance=loose)
    logits = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 9999.0]])
    by_torch(cases, "crossEntropy", "large", [logits, np.array([1, 2], np.int32)],
             lambda x, y: reduced(integer_entropy(x, y), "mean"), {"reduction": "mean"}, tolerance=loose)


def integer_entropy(logits, labels):
    return -torch.log_softmax(logits, -1).gather(-1, labels.long().unsqueeze(-1)).squeeze(-1)


def soft_entropy(logits, targets):
    return -(targets * torch.log_softmax(logits, -1)).sum(-1)
