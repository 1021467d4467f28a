"""The models of the training goldens: parameters and inputs by formula, losses in PyTorch and, to check them, in JAX."""

from dataclasses import dataclass
from typing import Callable

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F

from . import philox

STREAM = 7  # second word of every key
PARAMETER_KEY, INPUT_KEY, LABEL_KEY, NOISE_KEY = 1000, 2000, 3000, 4000


@dataclass
class Model:
    """Layers (name, inputs, outputs) whose parameters are weight [in, out] and bias [out], in this order; the shape of
    one sample; and the loss of (parameters, batch) in both frameworks."""

    name: str
    batch: int
    layers: list
    needs: tuple  # what a batch has: "x", and "y" (labels) or "noise"
    torch_loss: Callable
    jax_loss: Callable

    def parameter_list(self):
        """(name, shape, fan in) of every parameter; its place in this list is its index."""
        return [entry for name, fan_in, width in self.layers
                for entry in ((f"{name}/weight", (fan_in, width), fan_in), (f"{name}/bias", (width,), fan_in))]

    def initial(self, dtype):
        """(2 u - 1) / sqrt(fan in) in f64, then rounded to `dtype`."""
        return [((2 * philox.uniform((PARAMETER_KEY + index, STREAM), shape) - 1) * (1 / np.sqrt(fan_in))).astype(dtype)
                for index, (_, shape, fan_in) in enumerate(self.parameter_list())]

    def batch_at(self, step, dtype):
        """The inputs of a step."""
        width = self.layers[0][1]
        batch = {"x": philox.uniform((INPUT_KEY + step, STREAM), (self.batch, width), dtype)}
        if "y" in self.needs:
            batch["y"] = (philox.top24((LABEL_KEY + step, STREAM), self.batch) * 10 >> 24).astype(np.int64)
        if "noise" in self.needs:
            batch["noise"] = philox.normal((NOISE_KEY + step, STREAM), (self.batch, 20), dtype)
        return batch


def dense(relu, x, parameters):
    """A chain of layers with ReLU between them, none after the last."""
    for index in range(0, len(parameters), 2):
        x = x if index == 0 else relu(x)
        x = x @ parameters[index] + parameters[index + 1]
    return x


def torch_mlp(parameters, batch):
    return F.cross_entropy(dense(torch.relu, batch["x"], parameters), batch["y"])


def jax_mlp(parameters, batch):
    logits = dense(jax.nn.relu, batch["x"], parameters)
    rows = jax.nn.logsumexp(logits, axis=1) - jnp.take_along_axis(logits, batch["y"][:, None], axis=1)[:, 0]
    return rows.mean()


def torch_autoencoder(parameters, batch):
    code = dense(torch.relu, batch["x"], parameters[:6])
    return F.mse_loss(dense(torch.relu, code, parameters[6:]), batch["x"])


def jax_autoencoder(parameters, batch):
    code = dense(jax.nn.relu, batch["x"], parameters[:6])
    return jnp.mean((dense(jax.nn.relu, code, parameters[6:]) - batch["x"]) ** 2)


def torch_vae(parameters, batch):
    x = batch["x"]
    h = torch.relu(x @ parameters[0] + parameters[1])
    mean, log_variance = h @ parameters[2] + parameters[3], h @ parameters[4] + parameters[5]
    z = mean + torch.exp(0.5 * log_variance) * batch["noise"]
    logits = dense(torch.relu, z, parameters[6:])
    likelihood = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    divergence = -0.5 * (1 + log_variance - mean**2 - torch.exp(log_variance)).sum(1)
    return (likelihood + divergence).mean()


def jax_vae(parameters, batch):
    x = batch["x"]
    h = jax.nn.relu(x @ parameters[0] + parameters[1])
    mean, log_variance = h @ parameters[2] + parameters[3], h @ parameters[4] + parameters[5]
    logits = dense(jax.nn.relu, mean + jnp.exp(log_variance / 2) * batch["noise"], parameters[6:])
    likelihood = jnp.sum(jax.nn.softplus(logits) - logits * x)
    divergence = jnp.sum(jnp.exp(log_variance) + mean**2 - 1 - log_variance) / 2
    return (likelihood + divergence) / len(x)


MLP = Model("mlp", 128, [("hidden", 784, 256), ("output", 256, 10)], ("x", "y"), torch_mlp, jax_mlp)
AUTOENCODER = Model(
    "autoencoder", 128,
    [("encoder1", 784, 256), ("encoder2", 256, 64), ("latent", 64, 2), ("decoder1", 2, 64), ("decoder2", 64, 256),
     ("output", 256, 784)], ("x",), torch_autoencoder, jax_autoencoder)
VAE = Model("vae", 128, [("encoder", 784, 400), ("mean", 400, 20), ("logVariance", 400, 20), ("decoder", 20, 400),
                         ("output", 400, 784)], ("x", "noise"), torch_vae, jax_vae)
SMALL_MLP = Model("mlp.small", 32, [("hidden", 20, 16), ("output", 16, 10)], ("x", "y"), torch_mlp, jax_mlp)
