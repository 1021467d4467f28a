"""Models exported by torch.onnx, run by Jacquard and compared with PyTorch.

Usage: torch_models.py JACQUARD [--report FILE] [--only TEXT]
Each model is exported by both exporters of torch with a dynamic batch axis, and run with another batch than that of the
export. Weights are random. Ends with 1 if a result is wrong.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy
import onnxruntime
import torch
from torch import nn
from torch.nn import functional

import tables

TITLE = "Models exported by PyTorch"
BATCH = 3
TOLERANCE = 1e-3


def mlp():
    return nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 32), nn.GELU(), nn.LayerNorm(32), nn.Linear(32, 5)), [(20,)]


def cnn():
    layers = [nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False),
              nn.BatchNorm2d(16), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(16, 10)]
    return nn.Sequential(*layers), [(3, 16, 16)]


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)])
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = functional.relu(self.norms[0](self.first(x)))
        return functional.relu(self.norms[1](self.second(y)) + self.shortcut(x))


def resnet18():
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    blocks = []
    for inputs, outputs, stride in ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)):
        blocks += [BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1)]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(512, 1000)), [(3, 64, 64)]


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        def double(inputs, outputs):
            return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.GroupNorm(4, outputs), nn.ReLU(),
                                 nn.Conv2d(outputs, outputs, 3, padding=1), nn.GroupNorm(4, outputs), nn.ReLU())
        self.down = nn.ModuleList([double(1, 8), double(8, 16), double(16, 32)])
        self.up = nn.ModuleList([double(32, 16), double(16 + 8, 8)])
        self.transposed = nn.ConvTranspose2d(32, 16, 2, stride=2)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x):
        a = self.down[0](x)
        b = self.down[1](functional.max_pool2d(a, 2))
        c = self.down[2](functional.max_pool2d(b, 2))
        d = self.up[0](torch.cat([self.transposed(c), b], dim=1))
        e = functional.interpolate(d, scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.out(self.up[1](torch.cat([e, a], dim=1)))


def transformer_encoder():
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, activation="gelu")
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), [(10, 32)]


class DecoderBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))

    def forward(self, x):
        batch, length, width = x.shape
        parts = self.qkv(self.norms[0](x)).split(width, dim=2)
        q, k, v = (part.view(batch, length, self.heads, width // self.heads).transpose(1, 2) for part in parts)
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(batch, length, width))
        return x + self.mlp(self.norms[1](x))


class Decoder(nn.Module):
    """The shape of GPT-2, small."""

    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(100, 48), nn.Embedding(32, 48)
        self.blocks = nn.Sequential(DecoderBlock(48, 4), DecoderBlock(48, 4))
        self.norm, self.head = nn.LayerNorm(48), nn.Linear(48, 100, bias=False)

    def forward(self, tokens):
        places = torch.arange(tokens.shape[1], device=tokens.device)
        return self.head(self.norm(self.blocks(self.tokens(tokens) + self.places(places))))


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.cell = kind(8, 16, num_layers=2, batch_first=True, bidirectional=True)
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        return self.out(self.cell(x)[0])


class VisionTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 48, 8, 8)
        self.token = nn.Parameter(torch.randn(1, 1, 48))
        self.places = nn.Parameter(torch.randn(1, 17, 48))
        layer = nn.TransformerEncoderLayer(48, 3, 96, batch_first=True, norm_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(48, 10)

    def forward(self, x):
        y = self.patches(x).flatten(2).transpose(1, 2)
        y = torch.cat([self.token.expand(y.shape[0], -1, -1), y], dim=1) + self.places
        return self.head(self.encoder(y)[:, 0])


class GraphNetwork(nn.Module):
    """Sums of the messages of neighbours: the batch axis is that of the edges."""

    def __init__(self):
        super().__init__()
        self.message, self.update = nn.Linear(16, 16), nn.Linear(32, 8)

    def forward(self, source, target):
        nodes = torch.sin(torch.arange(6 * 16, dtype=torch.float32).reshape(6, 16))
        messages = functional.relu(self.message(nodes[source]))
        total = torch.zeros(6, 16).index_add(0, target, messages)
        counts = torch.zeros(6, 16).scatter_add(0, target[:, None].expand(-1, 16), torch.ones_like(messages))
        return self.update(torch.cat([nodes, total / counts.clamp(min=1)], dim=1))


MODELS = {
    "MLP": mlp, "CNN with batch norm": cnn, "ResNet-18": resnet18, "U-Net": lambda: (UNet(), [(1, 16, 16)]),
    "TransformerEncoder": transformer_encoder, "GPT-2 shape": lambda: (Decoder(), [(12, 100)]),
    "LSTM": lambda: (Recurrent(nn.LSTM), [(7, 8)]), "GRU": lambda: (Recurrent(nn.GRU), [(7, 8)]),
    "ViT-tiny": lambda: (VisionTransformer(), [(3, 32, 32)]), "GNN": lambda: (GraphNetwork(), [(6,), (6,)]),
}
# Inputs that are whole numbers below a bound, which stands at the end of the shape.
BOUNDED = {"GPT-2 shape", "GNN"}


def draw(name, shapes, batch):
    if name in BOUNDED:
        return tuple(torch.randint(0, shape[-1], (batch, *shape[:-1])) for shape in shapes)
    return tuple(torch.randn(batch, *shape) for shape in shapes)


def export(model, inputs, path, dynamo):
    names = [f"x{index}" for index in range(len(inputs))]
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        if dynamo:
            axes = tuple({0: torch.export.Dim("batch")} for _ in inputs)
            torch.onnx.export(model, inputs, str(path), input_names=names, output_names=["y"], dynamic_shapes=axes, dynamo=True, verbose=False)
        else:
            axes = {name: {0: "batch"} for name in [*names, "y"]}
            torch.onnx.export(model, inputs, str(path), input_names=names, output_names=["y"], dynamic_axes=axes, dynamo=False)


def randomised(model):
    """In evaluation, with statistics of batch norm that are not those of the beginning."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
    return model.eval()


def check(tool, name, dynamo, folder):
    torch.manual_seed(1)
    model, shapes = MODELS[name]()
    model = randomised(model)
    path = folder / "model.onnx"
    export(model, draw(name, shapes, BATCH + 2), path, dynamo)
    inputs = draw(name, shapes, BATCH)
    command = [tool, "run", str(path), "--output-dir", str(folder / "out"), "--executor", "vm"]
    for index, value in enumerate(inputs):
        numpy.save(folder / f"{index}.npy", value.numpy())
        command += ["--input", f"x{index}={folder / f'{index}.npy'}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return "wrong", done.stderr.strip().splitlines()[-1].removeprefix(f"error: {path}: ")
    with torch.no_grad():
        wanted = model(*inputs).numpy()
    got = numpy.load(folder / "out" / "y.npy")
    if got.shape != wanted.shape or got.dtype != wanted.dtype:
        return "wrong", f"{got.dtype}{got.shape}, not {wanted.dtype}{wanted.shape}"
    if is_close(got, wanted):
        return "passed", f"difference up to {difference(got, wanted):.0e}"
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    other = session.run(None, {f"x{index}": value.numpy() for index, value in enumerate(inputs)})[0]
    if is_close(got, other):
        return "exporter", f"the file means something else: ONNX Runtime and Jacquard agree, PyTorch differs by {difference(got, wanted):.0e}"
    return "wrong", f"difference up to {difference(got, wanted):.0e}"


def difference(got, wanted):
    return float(numpy.max(numpy.abs(got - wanted) / numpy.maximum(1, numpy.abs(wanted))))


def is_close(got, wanted):
    return numpy.allclose(got, wanted, rtol=TOLERANCE, atol=TOLERANCE * 1e-2)


def main():
    # The fast path of attention is one operation of PyTorch that no exporter knows.
    torch.backends.mha.set_fastpath_enabled(False)
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    results = []
    for name in MODELS:
        for dynamo in (False, True):
            title = f"{name}, {'dynamo' if dynamo else 'TorchScript'}"
            if options.only not in title:
                continue
            with tempfile.TemporaryDirectory() as folder:
                try:
                    results.append((title, *check(options.tool, name, dynamo, pathlib.Path(folder))))
                except Exception as error:  # what the exporter refuses
                    results.append((title, "wrong", f"{type(error).__name__}: {str(error).splitlines()[0]}"))
    text = (f"Random weights, exported by torch {torch.__version__} with a dynamic batch axis by both of its exporters, run with "
            f"another batch by\n`jacquard run --executor vm` and compared with PyTorch (relative {TOLERANCE:g}, absolute {TOLERANCE * 1e-2:g}). "
            "*exporter*: what was exported is not\nwhat PyTorch computes (TorchScript writes index_add as a scatter that does not add).")
    if options.report:
        tables.append(options.report, TITLE, text, ("model, exporter", "result", "what"), results)
    return tables.summary(TITLE, results)


if __name__ == "__main__":
    sys.exit(main())
