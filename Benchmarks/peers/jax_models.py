"""The models in JAX, images with channels last. `LOSSES`: functions of (sizes of the row, parameters, batch, random key) that give
the loss and the statistics of batch norms by name (most have none); `OUTPUTS`: functions of (sizes, parameters, batch) that give
the output. Parameters have Jacquard's names; `prepared` brings them from its layouts to these. Products and convolutions are computed
in the parameters' type, losses in f32."""

import math

import jax
from jax import lax
import jax.numpy as jnp
import numpy as np

from models import layers_of

LAYOUT = ("NHWC", "HWIO", "NHWC")


def prepared(row, parameters):
    """Kernels as [height, width, in, out]; the rows of the layer after the pooling of `cnn` as channels-last pixels come."""
    changed = {name: array.transpose(2, 3, 1, 0) if array.ndim == 4 else array for name, array in parameters.items()}
    if row.model == "cnn":
        rows, quarter = changed["hidden/weight"], row.sizes["side"] // 4
        pixels = rows.reshape(-1, quarter, quarter, rows.shape[1]).transpose(1, 2, 0, 3)
        changed["hidden/weight"] = pixels.reshape(rows.shape)
    return {name: np.ascontiguousarray(array) for name, array in changed.items() if array.ndim}


def prepared_batch(batch):
    return {name: np.ascontiguousarray(array.transpose(0, 2, 3, 1)) if array.ndim == 4 else array
            for name, array in batch.items()}


def dense(p, name, x):
    weight = p[f"{name}/weight"]
    return x.astype(weight.dtype) @ weight + p[f"{name}/bias"]


def chain(p, names, x, activation=jax.nn.relu):
    """Layers with an activation between them."""
    for name in names[:-1]:
        x = activation(dense(p, name, x))
    return dense(p, names[-1], x)


def conv(p, name, x, stride=1):
    weight = p[f"{name}/weight"]
    border = (weight.shape[0] - 1) // 2
    y = lax.conv_general_dilated(x.astype(weight.dtype), weight, (stride, stride), [(border, border)] * 2,
                                 dimension_numbers=LAYOUT)
    return y + p[f"{name}/bias"] if f"{name}/bias" in p else y


def cross_entropy(logits, labels):
    """With a one-hot product: faster here than take_along_axis, whose gradient is a scatter."""
    logits = logits.astype(jnp.float32)
    chosen = jax.nn.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
    return -jnp.mean(jnp.sum(chosen * jax.nn.log_softmax(logits), axis=-1))


def autoencoder(sizes, p, batch, key):
    code = chain(p, ["encoder1", "encoder2", "latent"], batch["x"])
    return jnp.mean((chain(p, ["decoder1", "decoder2", "output"], code) - batch["x"]) ** 2), {}


def variational_autoencoder(sizes, p, batch, key):
    x = batch["x"]
    h = jax.nn.relu(dense(p, "encoder", x))
    mean, log_variance = (dense(p, name, h).astype(jnp.float32) for name in ("mean", "logVariance"))
    z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)
    logits = chain(p, ["decoder", "output"], z).astype(jnp.float32)
    likelihood = jnp.sum(jax.nn.softplus(logits) - logits * x)
    divergence = -0.5 * jnp.sum(1 + log_variance - mean**2 - jnp.exp(log_variance))
    return (likelihood + divergence) / len(x), {}


SIGNAL = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000)).astype(np.float32)


def diffuse(x, key):
    """Mixes each example with noise up to a random step: mixture, noise, step."""
    for_noise, for_step = jax.random.split(key)
    noise = jax.random.normal(for_noise, x.shape)
    step = jax.random.randint(for_step, (len(x),), 0, len(SIGNAL))
    kept = jnp.asarray(SIGNAL)[step].reshape(-1, *[1] * (x.ndim - 1))
    return jnp.sqrt(kept) * x + jnp.sqrt(1 - kept) * noise, noise, step


def sinusoids(step, width):
    """[N] to [N, width]."""
    half = width // 2
    angle = step[:, None] * jnp.exp(-math.log(10_000) * jnp.arange(half) / half)
    return jnp.concatenate([jnp.sin(angle), jnp.cos(angle)], 1)


def denoising_mlp(sizes, p, batch, key):
    noisy, noise, step = diffuse(batch["x"], key)
    features = jnp.concatenate([noisy, sinusoids(step, 32)], 1)
    predicted = chain(p, ["input", "hidden1", "hidden2", "output"], features, jax.nn.silu)
    return jnp.mean((predicted - noise) ** 2), {}


def pool(x):
    """The maximum of squares of four; as a reshaped maximum, whose gradient is faster than that of reduce_window."""
    n, height, width, channels = x.shape[0], x.shape[1] // 2, x.shape[2] // 2, x.shape[3]
    return x[:, : 2 * height, : 2 * width].reshape(n, height, 2, width, 2, channels).max((2, 4))


def cnn(sizes, p, batch):
    x = pool(jax.nn.relu(conv(p, "conv1", batch["x"])))
    x = pool(jax.nn.relu(conv(p, "conv2", x)))
    return chain(p, ["hidden", "output"], x.reshape(len(x), -1))


def batch_norm(p, name, x, statistics):
    """`statistics`: where the batch's go by the names of the running ones; with None the running ones are used."""
    if statistics is None:
        mean, variance = p[f"{name}/running_mean"], p[f"{name}/running_var"]
    else:
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        count = x.size // x.shape[-1]
        statistics[f"{name}/running_mean"] = lax.stop_gradient(mean)
        statistics[f"{name}/running_var"] = lax.stop_gradient(variance) * count / (count - 1)
    return (x - mean) * (lax.rsqrt(variance + 1e-5) * p[f"{name}/weight"]) + p[f"{name}/bias"]


def resnet(sizes, p, batch, statistics=None):
    x = jax.nn.relu(batch_norm(p, "norm", conv(p, "stem", batch["x"]), statistics))
    for index in range(len(sizes["channels"]) * sizes["blocks"]):
        name, stride = f"blocks/{index}", 2 if index and index % sizes["blocks"] == 0 else 1
        y = jax.nn.relu(batch_norm(p, f"{name}/norm1", conv(p, f"{name}/conv1", x, stride), statistics))
        y = batch_norm(p, f"{name}/norm2", conv(p, f"{name}/conv2", y), statistics)
        if f"{name}/shortcut/weight" in p:
            x = batch_norm(p, f"{name}/shortcutNorm", conv(p, f"{name}/shortcut", x, stride), statistics)
        x = jax.nn.relu(x + y)
    return dense(p, "output", x.mean((1, 2)))


def resnet_loss(sizes, p, batch, key):
    statistics = {}
    return cross_entropy(resnet(sizes, p, batch, statistics), batch["y"]), statistics


def group_norm(p, name, x, groups):
    n, height, width, channels = x.shape
    grouped = x.reshape(n, height * width, groups, channels // groups)
    mean, variance = grouped.mean((1, 3), keepdims=True), grouped.var((1, 3), keepdims=True)
    normal = ((grouped - mean) * lax.rsqrt(variance + 1e-5)).reshape(x.shape)
    return normal * p[f"{name}/weight"] + p[f"{name}/bias"]


def timed_block(p, name, groups, x, embedding):
    shift = dense(p, f"{name}/time", jax.nn.silu(embedding))[:, None, None, :]
    y = conv(p, f"{name}/conv1", jax.nn.silu(group_norm(p, f"{name}/norm1", x, groups))) + shift
    y = conv(p, f"{name}/conv2", jax.nn.silu(group_norm(p, f"{name}/norm2", y, groups)))
    return (conv(p, f"{name}/shortcut", x) if f"{name}/shortcut/weight" in p else x) + y


def doubled(x):
    n, height, width, channels = x.shape
    wide = jnp.broadcast_to(x[:, :, None, :, None, :], (n, height, 2, width, 2, channels))
    return wide.reshape(n, 2 * height, 2 * width, channels)


def unet(sizes, p, x, step):
    groups = sizes["groups"]
    time = chain(p, ["time1", "time2"], sinusoids(step, 64), jax.nn.silu)
    large = timed_block(p, "down1", groups, conv(p, "stem", x), time)
    medium = timed_block(p, "down2", groups, conv(p, "shrink1", large, 2), time)
    small = timed_block(p, "middle", groups, conv(p, "shrink2", medium, 2), time)
    risen = timed_block(p, "up2", groups, jnp.concatenate([doubled(small), medium], 3), time)
    full = timed_block(p, "up1", groups, jnp.concatenate([doubled(risen), large], 3), time)
    return conv(p, "output", jax.nn.silu(group_norm(p, "norm", full, groups)))


def unet_loss(sizes, p, batch, key):
    noisy, noise, step = diffuse(2 * batch["x"] - 1, key)
    return jnp.mean((unet(sizes, p, noisy, step) - noise) ** 2), {}


def gnn_loss(sizes, p, batch, key):
    x, (sources, targets) = batch["x"], batch["edges"]
    for layer in (f"layers/{index}" for index in range(sizes["layers"])):
        pair = jnp.concatenate([x[targets], x[sources]], 1)
        messages = chain(p, [f"{layer}/message/0", f"{layer}/message/2"], pair)
        gathered = jnp.zeros((len(x), sizes["width"]), messages.dtype).at[targets].add(messages)
        x = jax.nn.relu(dense(p, f"{layer}/update/0", jnp.concatenate([x, gathered], 1)))
    return cross_entropy(dense(p, "output", x), batch["y"]), {}


def layer_norm(p, name, x):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-5) * p[f"{name}weight"] + p[f"{name}bias"]


def attention(p, name, x, heads):
    n, length, width = x.shape
    q, k, v = (dense(p, f"{name}/{part}", x).reshape(n, length, heads, -1) for part in ("query", "key", "value"))
    scores = jnp.einsum("nqhd,nkhd->nhqk", q, k) / math.sqrt(width // heads)
    scores = jnp.where(jnp.tril(jnp.ones((length, length), bool)), scores, -jnp.inf)
    mixed = jnp.einsum("nhqk,nkhd->nqhd", jax.nn.softmax(scores), v)
    return dense(p, f"{name}/output", mixed.reshape(n, length, width))


def transformer(sizes, p, batch):
    """Tokens by a one-hot product: the gradient of a gather is a scatter, which is slow here."""
    tokens = p["tokens/weight"]
    x = jax.nn.one_hot(batch["x"], sizes["vocabulary"], dtype=tokens.dtype) @ tokens + p["positions/weight"]
    for name in (f"layers/{index}" for index in range(sizes["layers"])):
        x = x + attention(p, f"{name}/attention", layer_norm(p, f"{name}/norm1/", x), sizes["heads"])
        h = jax.nn.gelu(dense(p, f"{name}/linear1", layer_norm(p, f"{name}/norm2/", x)), approximate=False)
        x = x + dense(p, f"{name}/linear2", h)
    return dense(p, "output", layer_norm(p, "norm/", x))


def word2vec_step(rate, p, batch):
    """A step of SGD that touches only the rows of the batch: loss and parameters."""
    chosen = jnp.concatenate([batch["context"][:, None], batch["negative"]], 1)

    def loss_of(centers, contexts):
        logits = jnp.einsum("nd,nkd->nk", centers, contexts)
        return jnp.mean(jax.nn.softplus(-logits[:, 0])) + jnp.mean(jnp.sum(jax.nn.softplus(logits[:, 1:]), 1))

    rows = p["centers/weight"][batch["word"]], p["contexts/weight"][chosen]
    loss, (centers, contexts) = jax.value_and_grad(loss_of, (0, 1))(*rows)
    return loss, {"centers/weight": p["centers/weight"].at[batch["word"]].add(-rate * centers),
                  "contexts/weight": p["contexts/weight"].at[chosen].add(-rate * contexts)}


def labelled(output):
    return lambda sizes, p, batch, key: (cross_entropy(output(sizes, p, batch), batch["y"]), {})


def classifier(sizes, p, batch):
    return chain(p, list(layers_of(sizes["widths"])), batch["x"])


LOSSES = {
    "mlp": labelled(classifier),
    "autoencoder": autoencoder,
    "vae": variational_autoencoder,
    "ddpm_mlp": denoising_mlp,
    "cnn": labelled(cnn),
    "resnet": resnet_loss,
    "unet_ddpm": unet_loss,
    "gnn": gnn_loss,
    "transformer": labelled(transformer),
}

SPARSE_STEPS = {"word2vec": word2vec_step}

OUTPUTS = {
    "mlp": classifier,
    "cnn": cnn,
    "resnet": resnet,
    "transformer": transformer,
    "layernorm_gelu_residual": lambda sizes, p, batch: (
        batch["x"] + jax.nn.gelu(layer_norm(p, "", batch["x"]), approximate=False)),
    "softmax": lambda sizes, p, batch: jax.nn.softmax(batch["x"]),
    **{f"gemm_{shape}": lambda sizes, p, batch: batch["x"] @ batch["w"]
       for shape in ("128x784x256", "512x512x512", "1024x1024x1024")},
}
