#!/usr/bin/env python3
"""PyTorch as a peer: eager, or torch.compile with --mode compile (needs a C++ compiler). Protocol: protocol.py.

Settings that are fastest on a CPU: fused Adam, gradients set to none, freed memory kept by the allocator instead of
returned to the system (every step would fault it in again).
"""

import ctypes
import os

import protocol

OPTIONS = protocol.arguments(__doc__.splitlines()[0], mode={"choices": ["eager", "compile"], "default": "eager"})
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h


def keep_freed_memory():
    c_library = ctypes.CDLL(None)
    if hasattr(c_library, "mallopt"):
        c_library.mallopt(M_MMAP_THRESHOLD, 1 << 30)
        c_library.mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)


keep_freed_memory()  # before the framework allocates
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # no compiler processes that stay behind

import torch  # noqa: E402

import data  # noqa: E402
from models import LEARNING_RATES, MODELS  # noqa: E402
import torch_models  # noqa: E402
import torch_networks  # noqa: E402

CLASSES = torch_models.CLASSES | torch_networks.CLASSES


class Training:
    """A whole training step of a model."""

    def __init__(self, model, compiled):
        module = CLASSES[model.name](model)
        self.initial = {name: value.clone() for name, value in module.state_dict().items()}
        self.batch = {name: torch.from_numpy(value) for name, value in data.batch(model).items()}
        if model.channels_last:
            module = module.to(memory_format=torch.channels_last)
            self.batch["x"] = self.batch["x"].contiguous(memory_format=torch.channels_last)
        self.optimiser = optimiser(model, module.parameters())
        self.module, self.call = module, torch.compile(module) if compiled else module
        self.last = None

    def reset(self):
        self.module.load_state_dict(self.initial)
        self.optimiser.state.clear()

    def step(self):
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.call(**self.batch)
        loss.backward()
        self.optimiser.step()
        self.last = loss.detach()


def optimiser(model, parameters):
    rate = LEARNING_RATES[model.optimiser]
    if model.optimiser == "sgd":
        return torch.optim.SGD(parameters, lr=rate, fused=True)
    kind = torch.optim.AdamW if model.optimiser == "adamw" else torch.optim.Adam
    return kind(parameters, lr=rate, fused=True)


def main():
    torch.set_num_threads(OPTIONS.threads)
    torch.manual_seed(0)
    training = Training(MODELS[OPTIONS.model], OPTIONS.mode == "compile")
    square = torch.rand(protocol.GEMM_SIZE, protocol.GEMM_SIZE)
    name = "torch" if OPTIONS.mode == "eager" else "torch-compile"
    protocol.Peer(name, torch.__version__, OPTIONS.model, torch.get_num_threads(), training,
                  lambda: square @ square).serve()


if __name__ == "__main__":
    main()
