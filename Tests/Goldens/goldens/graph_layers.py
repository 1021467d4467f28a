"""The graph layers and positions that PyTorch itself does not have, by their formulas. Names are PyTorch Geometric's."""

import math

import torch
from torch import nn


def with_loops(edges, nodes):
    loops = torch.arange(nodes)
    return torch.cat([edges.long(), torch.stack([loops, loops])], 1)


class GCNConv(nn.Module):
    """D^-1/2 (A + I) D^-1/2 X W + b, by the matrix."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.lin = nn.Linear(inputs, outputs, bias=False)

    def forward(self, x, edges):
        source, target = edges.long()
        adjacency = torch.eye(len(x), dtype=x.dtype).index_put((target, source), torch.ones((), dtype=x.dtype), accumulate=True)
        factor = adjacency.sum(1) ** -0.5
        return factor[:, None] * adjacency * factor @ self.lin(x) + self.bias


class GATConv(nn.Module):
    """Softmax over the edges to each node, node by node."""

    def __init__(self, inputs, outputs, heads, concat=True):
        super().__init__()
        self.heads, self.outputs, self.concat = heads, outputs, concat
        self.att_src = nn.Parameter(torch.zeros(1, heads, outputs))
        self.att_dst = nn.Parameter(torch.zeros(1, heads, outputs))
        self.bias = nn.Parameter(torch.zeros(heads * outputs if concat else outputs))
        self.lin = nn.Linear(inputs, heads * outputs, bias=False)

    def forward(self, x, edges):
        source, target = with_loops(edges, len(x))
        vectors = self.lin(x).view(len(x), self.heads, self.outputs)
        scores = nn.functional.leaky_relu(
            (vectors * self.att_src).sum(2)[source] + (vectors * self.att_dst).sum(2)[target], 0.2)
        rows = []
        for node in range(len(x)):
            edge = target == node
            weights = torch.softmax(scores[edge], 0)
            rows.append((weights[:, :, None] * vectors[source[edge]]).sum(0))
        y = torch.stack(rows)
        return (y.flatten(1) if self.concat else y.mean(1)) + self.bias


class MessagePassing(nn.Module):
    """Messages by a linear layer of (target, source, edge), put together node by node."""

    def __init__(self, width, edge, hidden, outputs, aggregation):
        super().__init__()
        self.message = nn.Linear(2 * width + edge, hidden)
        self.update = nn.Linear(width + hidden, outputs)
        self.hidden, self.aggregation = hidden, aggregation

    def forward(self, x, edges, features):
        source, target = edges.long()
        messages = self.message(torch.cat([x[target], x[source], features], 1))
        together = {"sum": lambda m: m.sum(0), "mean": lambda m: m.mean(0), "max": lambda m: m.amax(0)}[self.aggregation]
        none = torch.zeros(self.hidden, dtype=x.dtype)
        rows = [together(messages[target == node]) if (target == node).any() else none for node in range(len(x))]
        return self.update(torch.cat([x, torch.stack(rows)], 1))


class Sinusoids(nn.Module):
    def forward(self, x):
        length, size = x.shape[-2:]
        table = torch.zeros(length, size, dtype=x.dtype)
        for position in range(length):
            for i in range(size // 2):
                angle = position / 10000 ** (2 * i / size)
                table[position, 2 * i], table[position, 2 * i + 1] = math.sin(angle), math.cos(angle)
        return x + table


class Rotary(nn.Module):
    """Each pair as a complex number, turned."""

    def __init__(self, interleaved):
        super().__init__()
        self.interleaved = interleaved

    def forward(self, x, positions):
        half = x.shape[-1] // 2
        pairs = x.unflatten(-1, (half, 2)) if self.interleaved else x.unflatten(-1, (2, half)).transpose(-1, -2)
        angles = positions.double()[:, None] * 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
        turned = torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * torch.polar(torch.ones_like(angles), angles))
        return (turned if self.interleaved else turned.transpose(-1, -2)).flatten(-2)


class LearnedPositions(nn.Module):
    def __init__(self, count, size):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(count, size))

    def forward(self, x):
        return x + self.weight[: x.shape[-2]]
