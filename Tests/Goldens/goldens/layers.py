"""layers.json, layers.safetensors and pytorch/*.safetensors: PyTorch's layers, their outputs, gradients and defaults."""

from unittest import mock

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from . import graph_layers as graphs
from .files import write_json, write_tensors
from .philox import uniform


def attention(**options):
    return lambda m, x, memory=None: m(x, x if memory is None else memory, x if memory is None else memory,
                                       need_weights=False, **options)[0]


def causal(size):
    return torch.triu(torch.ones(size, size, dtype=torch.bool), 1)


def encoder(norm_first, activation):
    return nn.TransformerEncoderLayer(8, 2, 12, dropout=0, activation=activation, batch_first=True, norm_first=norm_first)


def decoder(norm_first, activation):
    return nn.TransformerDecoderLayer(8, 2, 12, dropout=0, activation=activation, batch_first=True, norm_first=norm_first)


def outputs_and_states(m, x, *states):
    output, last = m(x, *([states[0] if len(states) == 1 else states] if states else []))
    return [output, *(last if isinstance(last, tuple) else [last])]


EDGES = torch.tensor([[0, 1, 2, 2, 4, 4, 0], [1, 2, 0, 1, 1, 2, 3]], dtype=torch.int32)
SEQUENCE = (2, 5, 8)

# name: module, inputs (shapes of draws, or tensors), how it is called
CASES = {
    "linear": (nn.Linear(4, 3), [(2, 4)]),
    "conv1d": (nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), [(2, 4, 7)]),
    "conv1d.circular": (nn.Conv1d(2, 3, 3, padding=2, padding_mode="circular"), [(2, 2, 5)]),
    "conv2d": (nn.Conv2d(2, 3, 3, padding=2, dilation=2, bias=False), [(2, 2, 5, 6)]),
    "conv2d.reflect": (nn.Conv2d(2, 3, 3, padding=1, padding_mode="reflect"), [(2, 2, 4, 5)]),
    "conv2d.replicate": (nn.Conv2d(2, 3, 3, stride=2, padding=1, padding_mode="replicate"), [(2, 2, 4, 5)]),
    "conv3d": (nn.Conv3d(2, 3, 2, stride=2, padding=1), [(1, 2, 3, 4, 3)]),
    "convTranspose2d": (nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), [(2, 4, 3, 4)]),
    "convTranspose2d.dilated": (nn.ConvTranspose2d(2, 3, 2, stride=3, output_padding=2, dilation=2, bias=False), [(1, 2, 3, 2)]),
    "batchNorm1d": (nn.BatchNorm1d(3), [(5, 3)]),
    "batchNorm1d.length": (nn.BatchNorm1d(3, eps=0.01, momentum=0.3), [(4, 3, 5)]),
    "batchNorm2d": (nn.BatchNorm2d(2), [(3, 2, 4, 3)]),
    "groupNorm": (nn.GroupNorm(2, 4), [(2, 4, 3, 3)]),
    "instanceNorm2d": (nn.InstanceNorm2d(3), [(2, 3, 4, 3)]),
    "instanceNorm2d.affine": (nn.InstanceNorm2d(3, affine=True), [(2, 3, 4, 3)]),
    "layerNorm": (nn.LayerNorm(6), [(3, 6)]),
    "rmsNorm": (nn.RMSNorm(6), [(3, 6)]),
    "maxPool1d": (nn.MaxPool1d(3, stride=2, padding=1), [(2, 3, 7)]),
    "avgPool2d": (nn.AvgPool2d(2), [(2, 2, 4, 6)]),
    "avgPool2d.padding": (nn.AvgPool2d(3, stride=2, padding=1), [(2, 2, 5, 6)]),
    "embedding": (nn.Embedding(6, 4), [torch.tensor([[0, 5, 2], [2, 2, 1]], dtype=torch.int32)], lambda m, i: m(i)),
    "attention": (nn.MultiheadAttention(8, 2, batch_first=True), [SEQUENCE], attention()),
    "attention.noBias": (nn.MultiheadAttention(8, 4, bias=False, batch_first=True), [SEQUENCE], attention()),
    "attention.memory": (nn.MultiheadAttention(8, 2, batch_first=True), [SEQUENCE, (2, 3, 8)], attention()),
    "attention.causal": (nn.MultiheadAttention(8, 2, batch_first=True), [SEQUENCE], attention(attn_mask=causal(5))),
    "encoderLayer.pre": (encoder(True, "gelu"), [SEQUENCE]),
    "encoderLayer.post": (encoder(False, "relu"), [SEQUENCE]),
    "decoderLayer.pre": (decoder(True, "gelu"), [SEQUENCE, (2, 3, 8)], lambda m, x, y: m(x, y, tgt_mask=causal(5))),
    "decoderLayer.post": (decoder(False, "relu"), [SEQUENCE, (2, 3, 8)], lambda m, x, y: m(x, y, tgt_mask=causal(5))),
    "encoder": (nn.TransformerEncoder(encoder(True, "gelu"), 2, nn.LayerNorm(8), enable_nested_tensor=False), [SEQUENCE]),
    "rnn": (nn.RNN(3, 4), [(5, 2, 3)], outputs_and_states),
    "rnn.relu": (nn.RNN(3, 4, num_layers=2, nonlinearity="relu", bias=False), [(5, 2, 3)], outputs_and_states),
    "lstm": (nn.LSTM(3, 4), [(5, 2, 3), (1, 2, 4), (1, 2, 4)], outputs_and_states),
    "lstm.stack": (nn.LSTM(3, 4, num_layers=2, batch_first=True, bidirectional=True), [(2, 5, 3)], outputs_and_states),
    "gru": (nn.GRU(3, 4), [(5, 2, 3), (1, 2, 4)], outputs_and_states),
    "gru.stack": (nn.GRU(3, 4, num_layers=2, batch_first=True, bidirectional=True), [(2, 5, 3)], outputs_and_states),
    "gcnConv": (graphs.GCNConv(3, 4), [(5, 3), EDGES]),
    "gatConv": (graphs.GATConv(3, 4, 2), [(5, 3), EDGES]),
    "gatConv.mean": (graphs.GATConv(3, 4, 2, concat=False), [(5, 3), EDGES]),
    "messagePassing.sum": (graphs.MessagePassing(3, 2, 4, 5, "sum"), [(5, 3), EDGES, (7, 2)]),
    "messagePassing.mean": (graphs.MessagePassing(3, 2, 4, 5, "mean"), [(5, 3), EDGES, (7, 2)]),
    "messagePassing.max": (graphs.MessagePassing(3, 2, 4, 5, "max"), [(5, 3), EDGES, (7, 2)]),
    "sinusoidalPositions": (graphs.Sinusoids(), [(2, 5, 6)]),
    "learnedPositions": (graphs.LearnedPositions(7, 6), [(2, 5, 6)]),
    "rotary": (graphs.Rotary(False), [(2, 2, 3, 6), torch.tensor([0, 3, 7], dtype=torch.int32)]),
    "rotary.interleaved": (graphs.Rotary(True), [(2, 2, 3, 6), torch.tensor([0, 3, 7], dtype=torch.int32)]),
    "decoderLayer.noBias": (nn.TransformerDecoderLayer(8, 2, 12, dropout=0, batch_first=True, bias=False), [SEQUENCE, (2, 3, 8)],
                            lambda m, x, y: m(x, y, tgt_mask=causal(5))),
}

DEFAULTS = {
    "linear": lambda: nn.Linear(12, 7), "conv1d": lambda: nn.Conv1d(4, 6, 3), "conv2d": lambda: nn.Conv2d(4, 6, 3),
    "conv3d": lambda: nn.Conv3d(4, 6, 3), "convTranspose2d": lambda: nn.ConvTranspose2d(4, 6, 3),
    "batchNorm1d": lambda: nn.BatchNorm1d(5), "batchNorm2d": lambda: nn.BatchNorm2d(5), "groupNorm": lambda: nn.GroupNorm(2, 4),
    "instanceNorm2d": lambda: nn.InstanceNorm2d(4), "layerNorm": lambda: nn.LayerNorm(6), "rmsNorm": lambda: nn.RMSNorm(6),
    "embedding": lambda: nn.Embedding(5, 6), "attention": lambda: nn.MultiheadAttention(8, 2), "dropout": lambda: nn.Dropout(),
    "rnn": lambda: nn.RNN(5, 6, num_layers=2, bidirectional=True), "lstm": lambda: nn.LSTM(5, 6, num_layers=2),
    "gru": lambda: nn.GRU(5, 6, bidirectional=True), "encoderLayer": lambda: nn.TransformerEncoderLayer(8, 2),
    "decoderLayer": lambda: nn.TransformerDecoderLayer(8, 2),
}
ATTRIBUTES = ("eps", "momentum", "affine", "p", "padding_mode", "batch_first", "bidirectional", "nonlinearity", "norm_first",
              "activation.__name__", "dropout", "dropout.p", "dropout1.p", "dropout2.p", "dropout3.p", "self_attn.dropout",
              "multihead_attn.dropout", "norm1.eps", "norm2.eps", "norm3.eps")


class Draws:
    """Values in [low, high) that are exact in f32, a fresh key for each."""

    def __init__(self):
        self.count = 0

    def __call__(self, shape, low=-1.0, high=1.0):
        self.count += 1
        values = np.float32(low + (high - low) * uniform((self.count, 13), tuple(shape) or (1,)))
        return torch.tensor(values.astype(np.float64).reshape(tuple(shape)))


def write(folder):
    """Writes layers.json, layers.safetensors and the state dicts of pytorch/."""
    draws, tensors = Draws(), {}
    (folder / "pytorch").mkdir(exist_ok=True)
    cases = [case_entry(folder, name, *case, draws=draws, tensors=tensors) for name, case in CASES.items()]
    defaults = [{"name": name, **default_entry(make)} for name, make in DEFAULTS.items()]
    head = {"format": "jacquard.goldens.layers", "version": 1}
    return [
        write_json(folder / "layers.json", head, cases=cases, defaults=defaults),
        write_tensors(folder / "layers.safetensors", {name: value.detach().numpy() for name, value in tensors.items()}),
        *sorted((folder / "pytorch").glob("*.safetensors")),
    ]


def fill(module, draws):
    """Fresh parameters and statistics: scales and variances about 1."""
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                scale = name.endswith("running_var") or ("norm" in name.lower() or value.dim() == 1) and name.endswith("weight")
                value.copy_(draws(value.shape, 0.5, 1.5) if scale else draws(value.shape, -0.6, 0.6))
            else:
                value.fill_(3)


def case_entry(folder, name, module, inputs, call=lambda m, *x: m(*x), draws=None, tensors=None):
    """State dict, outputs in both modes, gradients of sum(output * cotangent), and statistics after a step of training."""
    fill(module, draws)
    path = folder / "pytorch" / f"{name}.safetensors"
    save_file({key: value.contiguous() for key, value in module.state_dict().items()}, path, metadata={"format": "pt"})
    path.chmod(0o644)
    module.double()
    inputs = [x if isinstance(x, torch.Tensor) else draws(x).requires_grad_() for x in inputs]
    with torch.no_grad():
        evaluation = as_list(call(module.eval(), *inputs))
    training = as_list(call(module.train(), *inputs))
    cotangents = [draws(y.shape) for y in training]
    sum((y * c).sum() for y, c in zip(training, cotangents)).backward()
    for kind, values in (("in", inputs), ("evaluation", evaluation), ("training", training), ("cotangent", cotangents)):
        tensors.update({f"{name}/{kind}{index}": value for index, value in enumerate(values)})
    tensors.update({f"{name}/gradient/in{i}": x.grad for i, x in enumerate(inputs) if x.requires_grad})
    tensors.update({f"{name}/gradient/{key}": value.grad for key, value in module.named_parameters()})
    tensors.update({f"{name}/after/{key}": value for key, value in module.named_buffers()})
    return {"name": name, "inputs": len(inputs), "outputs": len(training)}


MISSING = object()


def attribute(module, path):
    """A number or name that the module, or a part of it, has; MISSING if there is none. A whole number is written as one."""
    for name in path.split("."):
        module = getattr(module, name, MISSING)
    if isinstance(module, nn.Module):
        return MISSING
    return int(module) if module == 0.0 and isinstance(module, float) else module


def as_list(outputs):
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def default_entry(make):
    """Attributes, and how each tensor starts: what torch asks its generator for while it makes the module."""
    asked = {}

    def recorder(kind, original):
        def record(tensor, first=0.0, second=1.0, **options):
            asked[tensor.data_ptr()] = [kind, float(first), float(second)]
            return original(tensor, first, second, **options)
        return record

    with mock.patch.object(torch.Tensor, "uniform_", recorder("uniform", torch.Tensor.uniform_)), \
            mock.patch.object(torch.Tensor, "normal_", recorder("normal", torch.Tensor.normal_)):
        module = make()
    attributes = {key: value for key in ATTRIBUTES for value in [attribute(module, key)] if value is not MISSING}
    starts = {}
    for key, value in module.state_dict().items():
        same = bool((value == value.flatten()[0]).all())
        starts[key] = ["constant", float(value.flatten()[0])] if same else asked[value.data_ptr()]
    return {"attributes": attributes, "shapes": {k: list(v.shape) for k, v in module.state_dict().items()}, "starts": starts}
