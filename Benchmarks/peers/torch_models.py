"""The models in PyTorch: a module whose call gives the loss of a batch."""

import torch
from torch import nn
import torch.nn.functional as F

import data


class Dense(nn.Module):
    """The layers of a dense model, by name, with the given initial values ([in, out], transposed for PyTorch)."""

    def __init__(self, model):
        super().__init__()
        for name, (fan_in, width) in model.layers.items():
            self.add_module(name, nn.Linear(fan_in, width))
        initial = {name: torch.from_numpy(value.T.copy()) for name, value in data.parameters(model).items()}
        self.load_state_dict(initial)


class Classifier(Dense):
    def forward(self, x, y):
        *hidden, last = self.children()
        for layer in hidden:
            x = F.relu(layer(x))
        return F.cross_entropy(last(x), y)


class Autoencoder(Dense):
    def forward(self, x):
        code = self.latent(F.relu(self.encoder2(F.relu(self.encoder1(x)))))
        h = F.relu(self.decoder2(F.relu(self.decoder1(code))))
        return F.mse_loss(self.output(h), x)


class VariationalAutoencoder(Dense):
    def forward(self, x):
        h = F.relu(self.encoder(x))
        mean, log_variance = self.mean(h), self.logVariance(h)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        logits = self.output(F.relu(self.decoder(z)))
        likelihood = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        divergence = -0.5 * torch.sum(1 + log_variance - mean.square() - log_variance.exp())
        return (likelihood + divergence) / len(x)


CLASSES = {
    "mlp": Classifier,
    "mlp_sgd": Classifier,
    "mlp_wide": Classifier,
    "autoencoder": Autoencoder,
    "vae": VariationalAutoencoder,
}
