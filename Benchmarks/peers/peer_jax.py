#!/usr/bin/env python3
"""JAX as a peer: the whole step under jit, parameters and optimiser state donated. Protocol: protocol.py.

With --precision bf16 the optimiser keeps f32 and the model computes with parameters converted to bf16."""

import functools
import os

import protocol

OPTIONS = protocol.arguments(__doc__.splitlines()[0], precision=protocol.PRECISION)
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

from data import Values  # noqa: E402
import jax_models  # noqa: E402

MOMENTUM = 0.1  # of the running statistics of batch norms
LOWERED = OPTIONS.precision == "bf16"


def with_values(row):
    """Parameters and batch, in the layouts of jax_models.py."""
    values = Values(row)
    return jax_models.prepared(row, values.parameters), jax.tree.map(
        jnp.asarray, jax_models.prepared_batch(values.batch))


def in_precision(parameters):
    """As the model computes with them."""
    return jax.tree.map(lambda p: p.astype(jnp.bfloat16), parameters) if LOWERED else parameters


def sgd(wanted, parameters, gradients, state):
    return jax.tree.map(lambda p, g: p - wanted.rate * g, parameters, gradients), state


def adam(wanted, parameters, gradients, state):
    """Epsilon outside the root, bias corrections as scalars."""
    count = state["count"] + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["first"], gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state["second"], gradients)
    scale, root, kept = wanted.rate / (1 - 0.9**count), jnp.sqrt(1 - 0.999**count), 1 - wanted.rate * wanted.decay
    updated = jax.tree.map(lambda p, m, v: kept * p - scale * m / (jnp.sqrt(v) / root + 1e-8), parameters, first, second)
    return updated, {"count": count, "first": first, "second": second}


def dense_step(row):
    """All parameters by the optimiser. Carries parameters, running statistics, the optimiser's state and a random key."""
    model = protocol.known(row, jax_models.LOSSES)
    update = {"adam": adam, "sgd": sgd}[row.optimiser.kind]

    def loss_of(parameters, batch, key):
        return model(row.sizes, in_precision(parameters), batch, key)

    def step(carried, batch):
        parameters, running, state, key = carried
        key, drawn = jax.random.split(key)
        (loss, seen), gradients = jax.value_and_grad(loss_of, has_aux=True)(parameters, batch, drawn)
        parameters, state = update(row.optimiser, parameters, gradients, state)
        running = {name: (1 - MOMENTUM) * running[name] + MOMENTUM * value for name, value in seen.items()}
        return loss, (parameters, running, state, key)

    return step


def sparse_step(row):
    """The rows of the batch alone. Carries as `dense_step`."""
    if LOWERED:
        raise SystemExit(f"no {row.model} in bf16 for this peer")

    def step(carried, batch):
        loss, parameters = jax_models.SPARSE_STEPS[row.model](row.optimiser.rate, carried[0], batch)
        return loss, (parameters, *carried[1:])

    return step


class Training:
    """A whole training step of a model."""

    def __init__(self, row):
        self.row, self.last, self.resets = row, None, 0
        self.initial, self.batch = with_values(row)
        self.reset()
        step = sparse_step(row) if row.model in jax_models.SPARSE_STEPS else dense_step(row)
        self.compiled = jax.jit(step, donate_argnums=0)

    def reset(self):
        """The next random numbers are others."""
        self.resets += 1
        running = {name: jnp.array(value) for name, value in self.initial.items() if "/running_" in name}
        parameters = {name: jnp.array(value) for name, value in self.initial.items() if name not in running}
        state = {}
        if self.row.optimiser.kind == "adam":
            first, second = (jax.tree.map(jnp.zeros_like, parameters) for _ in range(2))
            state = {"count": jnp.float32(0), "first": first, "second": second}
        self.carried = (parameters, running, state, jax.random.key(self.resets))

    def step(self):
        self.last, self.carried = self.compiled(self.carried, self.batch)
        jax.block_until_ready(self.carried)


class Inference:
    """A call of a model that does not learn."""

    def __init__(self, row):
        parameters, self.batch = jax.tree.map(jnp.asarray, with_values(row))
        self.parameters = in_precision(parameters)
        output = functools.partial(protocol.known(row, jax_models.OUTPUTS), row.sizes)
        self.compiled, self.last = jax.jit(output), None

    def reset(self):
        """Nothing changes."""

    def step(self):
        self.last = self.compiled(self.parameters, self.batch).block_until_ready()

    def output(self):
        return self.last.astype(jnp.float32)


def main():
    row = protocol.row_of(OPTIONS)
    work = Training(row) if row.trains else Inference(row)
    square = jax.random.uniform(jax.random.key(1), (protocol.GEMM_SIZE, protocol.GEMM_SIZE))
    multiply = jax.jit(jnp.matmul)
    name = "jax-bf16" if LOWERED else "jax"
    protocol.Peer(name, jax.__version__, OPTIONS, work, lambda: multiply(square, square).block_until_ready()).serve()


if __name__ == "__main__":
    main()
