#!/usr/bin/env python3
"""JAX as a peer: the whole step under jit, parameters and optimiser state donated. Protocol: protocol.py."""

import os

import protocol

OPTIONS = protocol.arguments(__doc__.splitlines()[0])
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

import data  # noqa: E402
import jax_models  # noqa: E402
from models import LEARNING_RATES, MODELS  # noqa: E402


def sgd(rate, parameters, gradients, state):
    return jax.tree.map(lambda p, g: p - rate * g, parameters, gradients), state


def adam(rate, parameters, gradients, state):
    """Epsilon outside the root, bias corrections as scalars."""
    count = state["count"] + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["first"], gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state["second"], gradients)
    scale, root = rate / (1 - 0.9**count), jnp.sqrt(1 - 0.999**count)
    updated = jax.tree.map(lambda p, m, v: p - scale * m / (jnp.sqrt(v) / root + 1e-8), parameters, first, second)
    return updated, {"count": count, "first": first, "second": second}


OPTIMISERS = {"adam": adam, "sgd": sgd}


class Training:
    """A whole training step of a model."""

    def __init__(self, model):
        if model.name not in jax_models.LOSSES:
            raise SystemExit(f"jax_models.py has no {model.name}")
        loss_of, update, rate = jax_models.LOSSES[model.name], OPTIMISERS[model.optimiser], LEARNING_RATES[model.optimiser]
        self.model, self.batch, self.last = model, jax.tree.map(jnp.asarray, data.batch(model)), None
        self.reset()

        def step(carried, batch):
            parameters, state, key = carried
            key, drawn = jax.random.split(key)
            loss, gradients = jax.value_and_grad(loss_of)(parameters, batch, drawn)
            parameters, state = update(rate, parameters, gradients, state)
            return loss, (parameters, state, key)

        self.compiled = jax.jit(step, donate_argnums=0)

    def reset(self):
        parameters = jax.tree.map(jnp.array, data.parameters(self.model))
        zeros = lambda: jax.tree.map(jnp.zeros_like, parameters)  # noqa: E731
        adam_state = lambda: {"count": jnp.float32(0), "first": zeros(), "second": zeros()}  # noqa: E731
        self.carried = (parameters, adam_state() if self.model.optimiser == "adam" else {}, jax.random.key(0))

    def step(self):
        self.last, self.carried = self.compiled(self.carried, self.batch)
        jax.block_until_ready(self.carried)


def main():
    training = Training(MODELS[OPTIONS.model])
    size = protocol.GEMM_SIZE
    square = jax.random.uniform(jax.random.key(1), (size, size))
    multiply = jax.jit(jnp.matmul)
    protocol.Peer("jax", jax.__version__, OPTIONS.model, OPTIONS.threads, training,
                  lambda: multiply(square, square).block_until_ready()).serve()


if __name__ == "__main__":
    main()
