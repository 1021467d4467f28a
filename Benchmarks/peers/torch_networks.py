"""The larger models in PyTorch, as in Sources/Jacquard/Models and with its names: modules whose call with a batch gives the loss,
and whose `infer` gives the output."""

import math

import torch
from torch import nn
import torch.nn.functional as F


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
        self.hidden, self.output = nn.Linear(3136, 128), nn.Linear(128, 10)

    def infer(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.output(F.relu(self.hidden(x.flatten(1))))

    def forward(self, x, y):
        return F.cross_entropy(self.infer(x), y)


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)
        self.shortcut = self.shortcutNorm = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.shortcutNorm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(self.shortcutNorm(self.shortcut(x)) + y)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        sizes = [(16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1)]
        self.blocks = nn.Sequential(*[ResidualBlock(*size) for size in sizes])
        self.output = nn.Linear(64, 10)

    def infer(self, x):
        features = self.blocks(F.relu(self.norm(self.stem(x))))
        return self.output(features.mean((2, 3)))

    def forward(self, x, y):
        return F.cross_entropy(self.infer(x), y)


def sinusoids(step, width):
    """[N] to [N, width]."""
    half = width // 2
    frequency = torch.exp(-math.log(10_000) * torch.arange(half) / half)
    angle = step[:, None].float() * frequency
    return torch.cat([angle.sin(), angle.cos()], 1)


def signal():
    """The share of the image that is left after each step of diffusion."""
    return torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0).float()


def diffuse(signal, x):
    """Mixes each example with noise up to a random step: mixture, noise, step."""
    noise, step = torch.randn_like(x), torch.randint(0, len(signal), (len(x),))
    kept = signal[step].view(-1, *[1] * (x.dim() - 1))
    return kept.sqrt() * x + (1 - kept).sqrt() * noise, noise, step


class TimedBlock(nn.Module):
    def __init__(self, inputs, outputs, width):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(8, inputs), nn.GroupNorm(8, outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.time = nn.Linear(width, outputs)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, embedding):
        shift = self.time(F.silu(embedding))[:, :, None, None]
        y = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))) + shift)))
        return self.shortcut(x) + y


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        width = 128
        self.time1, self.time2 = nn.Linear(64, width), nn.Linear(width, width)
        self.stem = nn.Conv2d(1, 32, 3, padding=1)
        self.down1, self.down2 = TimedBlock(32, 32, width), TimedBlock(32, 64, width)
        self.shrink1, self.shrink2 = nn.Conv2d(32, 32, 3, 2, 1), nn.Conv2d(64, 64, 3, 2, 1)
        self.middle = TimedBlock(64, 64, width)
        self.up2, self.up1 = TimedBlock(128, 64, width), TimedBlock(96, 32, width)
        self.norm, self.output = nn.GroupNorm(8, 32), nn.Conv2d(32, 1, 3, padding=1)
        self.register_buffer("signal", signal(), persistent=False)

    def forward(self, x):
        noisy, noise, step = diffuse(self.signal, 2 * x - 1)
        return F.mse_loss(self.denoise(noisy, step), noise)

    def denoise(self, x, step):
        time = self.time2(F.silu(self.time1(sinusoids(step, 64))))
        large = self.down1(self.stem(x), time)
        medium = self.down2(self.shrink1(large), time)
        small = self.middle(self.shrink2(medium), time)
        risen = self.up2(torch.cat([F.interpolate(small, scale_factor=2.0), medium], 1), time)
        full = self.up1(torch.cat([F.interpolate(risen, scale_factor=2.0), large], 1), time)
        return self.output(F.silu(self.norm(full)))


class MessagePassing(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.message = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(), nn.Linear(width, width))
        self.update = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU())

    def forward(self, x, sources, targets):
        pair = torch.cat([x.index_select(0, targets), x.index_select(0, sources)], 1)
        gathered = torch.zeros_like(x).index_add(0, targets, self.message(pair))
        return self.update(torch.cat([x, gathered], 1))


class GNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([MessagePassing(64), MessagePassing(64)])
        self.output = nn.Linear(64, 7)

    def forward(self, x, edges, y):
        sources, targets = edges
        for layer in self.layers:
            x = layer(x, sources, targets)
        return F.cross_entropy(self.output(x), y)


class Word2Vec(nn.Module):
    def __init__(self):
        super().__init__()
        self.centers, self.contexts = nn.Embedding(10_000, 128), nn.Embedding(10_000, 128)

    def forward(self, word, context, negative):
        center = self.centers(word)[:, None]
        near = (center * self.contexts(context)[:, None]).sum(2)
        far = (center * self.contexts(negative)).sum(2)
        return F.softplus(-near).mean() + F.softplus(far).sum(1).mean()


class Attention(nn.Module):
    def __init__(self, size, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(size, size) for _ in range(4))

    def forward(self, x):
        q, k, v = (f(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for f in (self.query, self.key, self.value))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.output(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, size, heads, hidden):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.attention = Attention(size, heads)
        self.linear1, self.linear2 = nn.Linear(size, hidden), nn.Linear(hidden, size)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.linear2(F.gelu(self.linear1(self.norm2(x))))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(96, 128), nn.Embedding(128, 128)
        self.layers = nn.Sequential(*[Block(128, 4, 512) for _ in range(4)])
        self.norm, self.output = nn.LayerNorm(128), nn.Linear(128, 96)

    def infer(self, x):
        return self.output(self.norm(self.layers(self.tokens(x) + self.positions.weight)))

    def forward(self, x, y):
        return F.cross_entropy(self.infer(x).flatten(0, 1), y.flatten())


MAKERS = {
    "cnn": CNN,
    "resnet": ResNet,
    "unet_ddpm": UNet,
    "gnn": GNN,
    "word2vec": Word2Vec,
    "transformer": Transformer,
}
