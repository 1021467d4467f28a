"""The dense models and the single operators in PyTorch: modules whose call with a batch gives the loss (of a training row) or
whose `infer` gives the output. Layers have Jacquard's names. `MAKERS`: functions of the sizes of a row."""

import torch
from torch import nn
import torch.nn.functional as F

from models import layers_of
from torch_networks import diffuse, signal, sinusoids


class Chain(nn.Module):
    """Linear layers by name, with ReLU between them."""

    def __init__(self, **sizes):
        super().__init__()
        for name, (fan_in, width) in sizes.items():
            self.add_module(name, nn.Linear(fan_in, width))

    def chain(self, x, *names):
        for name in names[:-1]:
            x = F.relu(self.get_submodule(name)(x))
        return self.get_submodule(names[-1])(x)


class Classifier(Chain):
    def infer(self, x):
        return self.chain(x, *(name for name, _ in self.named_children()))

    def forward(self, x, y):
        return F.cross_entropy(self.infer(x), y)


class Autoencoder(Chain):
    def forward(self, x):
        code = self.chain(x, "encoder1", "encoder2", "latent")
        return F.mse_loss(self.chain(code, "decoder1", "decoder2", "output"), x)


class VariationalAutoencoder(Chain):
    def forward(self, x):
        h = F.relu(self.encoder(x))
        mean, log_variance = self.mean(h), self.logVariance(h)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        logits = self.chain(z, "decoder", "output")
        likelihood = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        divergence = -0.5 * torch.sum(1 + log_variance - mean.square() - log_variance.exp())
        return (likelihood + divergence) / len(x)


class DenoisingMLP(Chain):
    def __init__(self, **sizes):
        super().__init__(**sizes)
        self.register_buffer("signal", signal(), persistent=False)

    def forward(self, x):
        noisy, noise, step = diffuse(self.signal, x)
        h = F.silu(self.input(torch.cat([noisy, sinusoids(step, 32)], 1)))
        return F.mse_loss(self.output(F.silu(self.hidden2(F.silu(self.hidden1(h))))), noise)


class Normalised(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(1024)), nn.Parameter(torch.zeros(1024))

    def infer(self, x):
        return x + F.gelu(F.layer_norm(x, (1024,), self.weight, self.bias))


class Softmax(nn.Module):
    def infer(self, x):
        return torch.softmax(x, 1)


class Product(nn.Module):
    def infer(self, x, w):
        return x @ w


def autoencoder(pixels, large, small, code):
    return Autoencoder(encoder1=(pixels, large), encoder2=(large, small), latent=(small, code),
                       decoder1=(code, small), decoder2=(small, large), output=(large, pixels))


def variational_autoencoder(pixels, hidden, code):
    return VariationalAutoencoder(encoder=(pixels, hidden), mean=(hidden, code), logVariance=(hidden, code),
                                  decoder=(code, hidden), output=(hidden, pixels))


def denoising_mlp(size, width):
    return DenoisingMLP(input=(size + 32, width), hidden1=(width, width), hidden2=(width, width), output=(width, size))


MAKERS = {
    "mlp": lambda widths: Classifier(**layers_of(widths)),
    "autoencoder": autoencoder,
    "vae": variational_autoencoder,
    "ddpm_mlp": denoising_mlp,
    "layernorm_gelu_residual": Normalised,
    "softmax": Softmax,
    **{f"gemm_{sizes}": Product for sizes in ("128x784x256", "512x512x512", "1024x1024x1024")},
}
