#!/usr/bin/env python3
"""PyTorch as a peer: eager, or torch.compile with --mode compile (needs a C++ compiler). Protocol: protocol.py.

Settings that are fastest on a CPU: fused Adam, gradients set to none, sparse gradients of embeddings under SGD (eager),
weights frozen into compiled inference, the fastest sums of `gnn` (torch_sums.py; --form names others), freed memory kept by the
allocator instead of returned to the system (every step would fault it in again). With --precision bf16 under autocast: products
and convolutions in bf16, parameters in f32.
"""

import contextlib
import ctypes
import os

import protocol

OPTIONS = protocol.arguments(__doc__.splitlines()[0], mode={"choices": ["eager", "compile"], "default": "eager"},
                             precision=protocol.PRECISION, form={})
COMPILES = OPTIONS.mode == "compile"
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h


def keep_freed_memory():
    c_library = ctypes.CDLL(None)
    if hasattr(c_library, "mallopt"):
        c_library.mallopt(M_MMAP_THRESHOLD, 1 << 30)
        c_library.mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)


keep_freed_memory()  # before the framework allocates
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # no compiler processes that stay behind

import torch  # noqa: E402
from torch import nn  # noqa: E402

from data import Values  # noqa: E402
import torch_models  # noqa: E402
import torch_networks  # noqa: E402
from torch_sums import FASTEST  # noqa: E402

MAKERS = torch_models.MAKERS | torch_networks.MAKERS
LOWERED = OPTIONS.precision == "bf16"
IN_PRECISION = torch.autocast("cpu", torch.bfloat16) if LOWERED else contextlib.nullcontext()


def with_values(row):
    """The module with its initial values, and the batch. Integers become 64 bits wide, as PyTorch's losses want them."""
    values = Values(row)
    module = protocol.known(row, MAKERS)(**row.sizes)
    linear = {name for name, layer in module.named_modules() if isinstance(layer, nn.Linear)}
    state = {name.replace("/", "."): torch.from_numpy(array) for name, array in values.parameters.items()}
    for name in linear:
        state[f"{name}.weight"] = state[f"{name}.weight"].T
    counters = {name: value for name, value in module.state_dict().items() if name.endswith("num_batches_tracked")}
    module.load_state_dict(counters | state)
    batch = {name: torch.from_numpy(array) for name, array in values.batch.items()}
    batch = {name: array.long() if array.dtype == torch.int32 else array for name, array in batch.items()}
    if row.model == "gnn":
        batch = module.arranged(batch, OPTIONS.form or FASTEST[OPTIONS.mode])
    if row.channels_last:
        module = module.to(memory_format=torch.channels_last)
        batch["x"] = batch["x"].contiguous(memory_format=torch.channels_last)
    return module, batch


class Training:
    """A whole training step of a model."""

    def __init__(self, row):
        self.module, self.batch = with_values(row)
        self.initial = {name: value.clone() for name, value in self.module.state_dict().items()}
        sparse = row.optimiser.kind == "sgd" and not COMPILES
        for layer in self.module.modules():
            if isinstance(layer, nn.Embedding):
                layer.sparse = sparse
        self.optimiser = optimiser(row.optimiser, self.module)
        self.call = torch.compile(self.module) if COMPILES else self.module
        self.last = None

    def reset(self):
        self.module.load_state_dict(self.initial)
        self.optimiser.state.clear()

    def step(self):
        self.optimiser.zero_grad(set_to_none=True)
        with IN_PRECISION:
            loss = self.call(**self.batch)
        loss.backward()
        self.optimiser.step()
        self.last = loss.detach()


def optimiser(wanted, module):
    if wanted.kind == "sgd":
        sparse = any(getattr(layer, "sparse", False) for layer in module.modules())
        return torch.optim.SGD(module.parameters(), lr=wanted.rate, fused=not sparse)
    return torch.optim.AdamW(module.parameters(), lr=wanted.rate, weight_decay=wanted.decay, fused=True)


class Output(nn.Module):
    """The output of a model as a module's call, so that its weights can be frozen."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, **batch):
        return self.module.infer(**batch)


class Inference:
    """A call of a model that does not learn."""

    def __init__(self, row):
        module, self.batch = with_values(row)
        output = Output(module).eval()
        if COMPILES:
            import torch._inductor.config as inductor

            inductor.freezing = True
            output = torch.compile(output)
        self.call, self.last = output, None

    def reset(self):
        """Nothing changes."""

    @torch.inference_mode()
    def step(self):
        with IN_PRECISION:
            self.last = self.call(**self.batch)

    def output(self):
        return self.last.float().numpy()


def main():
    torch.set_num_threads(OPTIONS.threads)
    torch.manual_seed(0)
    row = protocol.row_of(OPTIONS)
    work = Training(row) if row.trains else Inference(row)
    square = torch.rand(protocol.GEMM_SIZE, protocol.GEMM_SIZE)
    name = ("torch-compile" if COMPILES else "torch") + ("-bf16" if LOWERED else "")
    protocol.Peer(name, torch.__version__, OPTIONS, work, lambda: square @ square).serve()


if __name__ == "__main__":
    main()
