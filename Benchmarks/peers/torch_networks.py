"""The larger models in PyTorch, as in Sources/Jacquard/Models and with its names: modules whose call with a batch gives the loss,
and whose `infer` gives the output. They are made with the sizes of a row; what those say of the data alone is not used."""

import math

import torch
from torch import nn
import torch.nn.functional as F

from torch_sums import FORMS


class CNN(nn.Module):
    def __init__(self, inputs, side, channels, hidden, classes):
        super().__init__()
        first, second = channels
        self.conv1, self.conv2 = nn.Conv2d(inputs, first, 3, padding=1), nn.Conv2d(first, second, 3, padding=1)
        self.hidden, self.output = nn.Linear(second * (side // 4) ** 2, hidden), nn.Linear(hidden, classes)

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
    def __init__(self, inputs, side, channels, blocks, classes):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(inputs, channels[0], 3, padding=1, bias=False), nn.BatchNorm2d(channels[0])
        stages = [[(before, width, 1 if stage == 0 else 2), *[(width, width, 1)] * (blocks - 1)]
                  for stage, (before, width) in enumerate(zip([channels[0], *channels], channels))]
        self.blocks = nn.Sequential(*[ResidualBlock(*size) for stage in stages for size in stage])
        self.output = nn.Linear(channels[-1], classes)

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
    def __init__(self, inputs, outputs, groups, width):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(groups, inputs), nn.GroupNorm(groups, outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.time = nn.Linear(width, outputs)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, embedding):
        shift = self.time(F.silu(embedding))[:, :, None, None]
        y = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))) + shift)))
        return self.shortcut(x) + y


class UNet(nn.Module):
    def __init__(self, side, channels, groups, time_width):
        super().__init__()
        (large, medium, small), timed = channels, (groups, time_width)
        self.time1, self.time2 = nn.Linear(64, time_width), nn.Linear(time_width, time_width)
        self.stem = nn.Conv2d(1, large, 3, padding=1)
        self.down1, self.down2 = TimedBlock(large, large, *timed), TimedBlock(large, medium, *timed)
        self.shrink1, self.shrink2 = nn.Conv2d(large, large, 3, 2, 1), nn.Conv2d(medium, medium, 3, 2, 1)
        self.middle = TimedBlock(medium, small, *timed)
        self.up2, self.up1 = TimedBlock(small + medium, medium, *timed), TimedBlock(medium + large, large, *timed)
        self.norm, self.output = nn.GroupNorm(groups, large), nn.Conv2d(large, 1, 3, padding=1)
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
    def __init__(self, size, width):
        super().__init__()
        self.message = nn.Sequential(nn.Linear(2 * size, width), nn.ReLU(), nn.Linear(width, width))
        self.update = nn.Sequential(nn.Linear(size + width, width), nn.ReLU())

    def forward(self, x, edges):
        messages = self.message(torch.cat(edges.ends(x), 1))
        return self.update(torch.cat([x, edges.sums(messages)], 1))


class GNN(nn.Module):
    def __init__(self, nodes, edges, features, width, layers, classes):
        super().__init__()
        self.layers = nn.ModuleList(MessagePassing(width if layer else features, width) for layer in range(layers))
        self.output = nn.Linear(width, classes)

    @staticmethod
    def arranged(batch, form):
        """The batch with its edges in a form of torch_sums.py, which `forward` takes."""
        if form not in FORMS:
            raise SystemExit(f"no form {form} (known: {'; '.join(FORMS)})")
        return batch | {"edges": FORMS[form](batch["edges"], len(batch["x"]))}

    def forward(self, x, edges, y):
        for layer in self.layers:
            x = layer(x, edges)
        return F.cross_entropy(self.output(x), y)


class Word2Vec(nn.Module):
    def __init__(self, vocabulary, size, negatives):
        super().__init__()
        self.centers, self.contexts = nn.Embedding(vocabulary, size), nn.Embedding(vocabulary, size)

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
    def __init__(self, vocabulary, length, width, heads, hidden, layers):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.layers = nn.Sequential(*[Block(width, heads, hidden) for _ in range(layers)])
        self.norm, self.output = nn.LayerNorm(width), nn.Linear(width, vocabulary)

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
