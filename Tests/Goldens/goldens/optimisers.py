"""The optimisers of the training goldens: PyTorch's, and their formulas once more in NumPy to check them.

Order within a step: gradient of the loss; clipping; L2 added to the gradient; the optimiser.
"""

import numpy as np
import torch

OPTIMISERS = {
    "sgd": {"learningRate": 0.1},
    "momentum": {"learningRate": 0.1, "momentum": 0.9},
    "nesterov": {"learningRate": 0.1, "momentum": 0.9},
    "adam": {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    "adamw": {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.01},
    "rmsprop": {"learningRate": 0.01, "alpha": 0.99, "epsilon": 1e-8},
}
VARIANTS = {"plain": {}, "l2": {"l2": 0.01}, "clip": {"clip": 0.25}, "clip+l2": {"clip": 0.25, "l2": 0.01}}


def torch_optimiser(name, parameters, l2):
    """PyTorch's optimiser. AdamW's own decay is decoupled, so its L2 is added to the gradients by the caller."""
    settings = OPTIMISERS[name]
    rate = settings["learningRate"]
    if name in ("sgd", "momentum", "nesterov"):
        return torch.optim.SGD(parameters, lr=rate, momentum=settings.get("momentum", 0), nesterov=name == "nesterov",
                               weight_decay=l2)
    if name == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=rate, weight_decay=l2)
    betas = settings["beta1"], settings["beta2"]
    if name == "adam":
        return torch.optim.Adam(parameters, lr=rate, betas=betas, eps=settings["epsilon"], weight_decay=l2)
    return torch.optim.AdamW(parameters, lr=rate, betas=betas, eps=settings["epsilon"],
                             weight_decay=settings["weightDecay"])


def torch_step(name, optimiser, parameters, variant):
    """Clips, adds AdamW's L2, steps. Returns the norm before clipping."""
    norm = torch.nn.utils.clip_grad_norm_(parameters, variant.get("clip", float("inf")))
    if name == "adamw":
        for p in parameters:
            p.grad.add_(p.detach(), alpha=variant.get("l2", 0))
    optimiser.step()
    return norm.item()


class Formulas:
    """The same in NumPy."""

    def __init__(self, name, variant, parameters):
        self.name, self.variant, self.settings, self.step_number = name, variant, OPTIMISERS[name], 0
        self.first = [np.zeros_like(p) for p in parameters]
        self.second = [np.zeros_like(p) for p in parameters]

    def step(self, parameters, gradients):
        self.step_number += 1
        if "clip" in self.variant:
            norm = np.sqrt(sum(np.sum(g**2) for g in gradients))
            gradients = [g * min(1.0, self.variant["clip"] / (norm + 1e-6)) for g in gradients]
        gradients = [g + self.variant.get("l2", 0) * p for g, p in zip(gradients, parameters)]
        return [self.updated(index, p, g) for index, (p, g) in enumerate(zip(parameters, gradients))]

    def updated(self, i, p, g):
        s, rate, t = self.settings, self.settings["learningRate"], self.step_number
        if self.name in ("sgd", "momentum", "nesterov"):
            momentum = s.get("momentum", 0)
            self.first[i] = momentum * self.first[i] + g
            return p - rate * (g + momentum * self.first[i] if self.name == "nesterov" else self.first[i])
        if self.name == "rmsprop":
            self.second[i] = s["alpha"] * self.second[i] + (1 - s["alpha"]) * g**2
            return p - rate * g / (np.sqrt(self.second[i]) + s["epsilon"])
        self.first[i] = s["beta1"] * self.first[i] + (1 - s["beta1"]) * g
        self.second[i] = s["beta2"] * self.second[i] + (1 - s["beta2"]) * g**2
        mean, square = self.first[i] / (1 - s["beta1"] ** t), self.second[i] / (1 - s["beta2"] ** t)
        p = p * (1 - rate * s.get("weightDecay", 0))
        return p - rate * mean / (np.sqrt(square) + s["epsilon"])
