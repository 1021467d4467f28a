"""The models in JAX: functions of (parameters, batch, random key) that give the loss."""

import jax
import jax.numpy as jnp


def dense(parameters, name, x):
    return x @ parameters[f"{name}.weight"] + parameters[f"{name}.bias"]


def chain(parameters, names, x):
    """Layers with ReLU between them."""
    for name in names[:-1]:
        x = jax.nn.relu(dense(parameters, name, x))
    return dense(parameters, names[-1], x)


def cross_entropy(logits, labels):
    """With a one-hot product: faster here than take_along_axis, whose gradient is a scatter."""
    chosen = jax.nn.one_hot(labels, logits.shape[1], dtype=logits.dtype)
    return -jnp.mean(jnp.sum(chosen * jax.nn.log_softmax(logits), axis=1))


def classifier(*names):
    return lambda parameters, batch, key: cross_entropy(chain(parameters, names, batch["x"]), batch["y"])


def autoencoder(parameters, batch, key):
    code = chain(parameters, ["encoder1", "encoder2", "latent"], batch["x"])
    return jnp.mean((chain(parameters, ["decoder1", "decoder2", "output"], code) - batch["x"]) ** 2)


def variational_autoencoder(parameters, batch, key):
    x = batch["x"]
    h = jax.nn.relu(dense(parameters, "encoder", x))
    mean, log_variance = dense(parameters, "mean", h), dense(parameters, "logVariance", h)
    z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)
    logits = chain(parameters, ["decoder", "output"], z)
    likelihood = jnp.sum(jax.nn.softplus(logits) - logits * x)
    divergence = -0.5 * jnp.sum(1 + log_variance - mean**2 - jnp.exp(log_variance))
    return (likelihood + divergence) / len(x)


LOSSES = {
    "mlp": classifier("hidden", "output"),
    "mlp_sgd": classifier("hidden", "output"),
    "mlp_wide": classifier("hidden1", "hidden2", "output"),
    "autoencoder": autoencoder,
    "vae": variational_autoencoder,
}
