"""What is compared, described without a framework: rows of three kinds, each with the graph that Jacquard runs.

Shapes, data and initial parameters come from that graph (`data.py`). `torch_models.py`, `torch_networks.py` and
`jax_models.py` hold the same model by its name; a peer without it is left out. Needs no package.
"""

from dataclasses import dataclass, field
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
GRAPHS = BENCHMARKS.parent / "graphs"
TRAINING, INFERENCE, OPERATOR, PRODUCT = KINDS = ("training", "inference", "operator", "product")


@dataclass(frozen=True)
class Optimiser:
    """Adam and AdamW: betas 0.9 and 0.999, epsilon 1e-8 outside the root. `decay`: AdamW's."""

    rate: float
    kind: str = "adam"  # or "sgd"
    decay: float = 0.0


@dataclass(frozen=True)
class Row:
    """`bindings`: sizes of the graph's symbols, for those that do not have their default."""

    name: str
    kind: str
    model: str
    graph: Path
    bindings: dict = field(default_factory=dict)
    optimiser: Optimiser = None
    channels_last: bool = False  # faster for PyTorch's convolutions
    draws: bool = False  # random numbers are part of the step

    @property
    def trains(self):
        return self.kind == TRAINING


def training(name, optimiser=Optimiser(1e-3), **options):
    graph = "mlp.sgd" if name == "mlp_sgd" else name
    return Row(name, TRAINING, name, GRAPHS / f"{graph}.train.json", optimiser=optimiser, **options)


def inference(model, batch, **options):
    return Row(f"{model}@{batch}", INFERENCE, model, GRAPHS / f"{model}.json", {"N": batch}, **options)


def small(name, kind):
    return Row(name, kind, name, BENCHMARKS / "graphs" / f"{name}.json")


ROWS = {
    row.name: row
    for row in [
        training("mlp"),
        training("mlp_sgd", Optimiser(0.1, "sgd")),
        training("mlp_wide"),
        training("autoencoder"),
        training("vae", draws=True),
        training("ddpm_mlp", bindings={"N": 512}, draws=True),
        training("cnn"),
        training("resnet", channels_last=True),
        training("unet_ddpm", channels_last=True, draws=True),
        training("gnn"),
        training("word2vec", Optimiser(0.025, "sgd")),
        training("transformer", Optimiser(3e-4, decay=0.01)),
        *(inference(model, batch, channels_last=model == "resnet")
          for batch in (1, 64) for model in ("mlp", "cnn", "resnet", "transformer")),
        small("layernorm_gelu_residual", OPERATOR),
        small("softmax", OPERATOR),
        small("gemm_128x784x256", PRODUCT),
        small("gemm_512x512x512", PRODUCT),
        small("gemm_1024x1024x1024", PRODUCT),
    ]
}
