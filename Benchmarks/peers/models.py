"""What is compared, described without a framework: rows of five kinds, each with the graph that Jacquard runs.

Shapes, data and initial parameters come from that graph (`data.py`). `torch_models.py`, `torch_networks.py` and
`jax_models.py` hold the same models by name, for any sizes; a peer without one is left out. Needs no package.
"""

from dataclasses import dataclass, field
import json
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
GRAPHS = BENCHMARKS.parent / "graphs"
TRAINING, SHAPES, INFERENCE, OPERATOR, PRODUCT = KINDS = ("training", "shapes", "inference", "operator", "product")
DRAWING = ("vae", "ddpm_mlp", "unet_ddpm")  # models whose step draws random numbers
CHANNELS_LAST = ("resnet", "unet_ddpm")  # models whose convolutions are faster so in PyTorch


@dataclass(frozen=True)
class Optimiser:
    """Adam and AdamW: betas 0.9 and 0.999, epsilon 1e-8 outside the root. `decay`: AdamW's."""

    rate: float
    kind: str = "adam"  # or "sgd"
    decay: float = 0.0


@dataclass(frozen=True)
class Row:
    """`sizes`: of the model, with the keys of ../README.md. `bindings`: sizes of the graph's symbols, for those that do not have
    their default. `drawn`: of a row of drawn shapes the seed, the batch and the file that describes it."""

    name: str
    kind: str
    model: str
    graph: Path
    sizes: dict = field(default_factory=dict)
    bindings: dict = field(default_factory=dict)
    optimiser: Optimiser = None
    drawn: dict = None

    @property
    def trains(self):
        return self.kind in (TRAINING, SHAPES)

    @property
    def draws(self):
        return self.trains and self.model in DRAWING

    @property
    def channels_last(self):
        return self.model in CHANNELS_LAST

    @property
    def words(self):
        """What names it on the command line of a peer."""
        return [self.name, *(["--shapes", self.drawn["file"]] if self.drawn else [])]


# The sizes of the models in `graphs/`.
SIZES = {
    "mlp": {"widths": [784, 256, 10]},
    "mlp_wide": {"widths": [784, 2048, 2048, 10]},
    "autoencoder": {"pixels": 784, "large": 256, "small": 64, "code": 2},
    "vae": {"pixels": 784, "hidden": 400, "code": 20},
    "ddpm_mlp": {"size": 2, "width": 128},
    "cnn": {"inputs": 1, "side": 28, "channels": [32, 64], "hidden": 128, "classes": 10},
    "resnet": {"inputs": 3, "side": 32, "channels": [16, 32, 64], "blocks": 2, "classes": 10},
    "unet_ddpm": {"side": 28, "channels": [32, 64, 64], "groups": 8, "time_width": 128},
    "gnn": {"nodes": 2048, "edges": 16384, "features": 64, "width": 64, "layers": 2, "classes": 7},
    "word2vec": {"vocabulary": 10_000, "size": 128, "negatives": 5},
    "transformer": {"vocabulary": 96, "length": 128, "width": 128, "heads": 4, "hidden": 512, "layers": 4},
}


def training(name, optimiser=Optimiser(1e-3), **bindings):
    graph = "mlp.sgd" if name == "mlp_sgd" else name
    model = "mlp" if name.startswith("mlp") else name
    return Row(name, TRAINING, model, GRAPHS / f"{graph}.train.json", SIZES.get(name, SIZES[model]), bindings, optimiser)


def inference(model, batch):
    return Row(f"{model}@{batch}", INFERENCE, model, GRAPHS / f"{model}.json", SIZES[model], {"N": batch})


def small(name, kind):
    return Row(name, kind, name, BENCHMARKS / "graphs" / f"{name}.json")


ROWS = {
    row.name: row
    for row in [
        training("mlp"),
        training("mlp_sgd", Optimiser(0.1, "sgd")),
        training("mlp_wide"),
        training("autoencoder"),
        training("vae"),
        training("ddpm_mlp", N=512),
        training("cnn"),
        training("resnet"),
        training("unet_ddpm"),
        training("gnn"),
        training("word2vec", Optimiser(0.025, "sgd")),
        training("transformer", Optimiser(3e-4, decay=0.01)),
        *(inference(model, batch) for batch in (1, 64) for model in ("mlp", "cnn", "resnet", "transformer")),
        small("layernorm_gelu_residual", OPERATOR),
        small("softmax", OPERATOR),
        small("gemm_128x784x256", PRODUCT),
        small("gemm_512x512x512", PRODUCT),
        small("gemm_1024x1024x1024", PRODUCT),
    ]
}


def kind_of(name):
    """Of a row by its name, whether or not the file that describes a drawn one is still there."""
    return ROWS[name].kind if name in ROWS else SHAPES


def drawn(file):
    """The rows that a `shapes.json` describes, by name. OSError if it cannot be read, ValueError if it is something else."""
    file = Path(file).resolve()
    try:
        described = json.loads(file.read_text())
        if (described["format"], described["version"]) != ("jacquard.shapes", 1):
            raise ValueError(f"{described['format']}, version {described['version']}, not jacquard.shapes, version 1")
        rows = [drawn_row(file, described["seed"], shape) for shape in described["shapes"]]
    except (KeyError, TypeError) as missing:
        raise ValueError(f"{file}: {missing} is missing or of another type") from None
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    return {row.name: row for row in rows}


def drawn_row(file, seed, shape):
    wanted = shape["optimizer"]
    kind = {"adam": "adam", "adamw": "adam", "sgd": "sgd"}[wanted["kind"]]
    optimiser = Optimiser(wanted["learning_rate"], kind, wanted.get("weight_decay", 0.0))
    return Row(shape["name"], SHAPES, shape["family"], file.parent / shape["graph"], dict(shape["sizes"]),
               optimiser=optimiser, drawn={"seed": seed, "batch": shape["batch"], "file": str(file)})


def rows(file=None):
    """All rows by name; with those of a `shapes.json`, if one is given."""
    return ROWS | (drawn(file) if file else {})


def layers_of(widths):
    """Of an `mlp` by name, with the sizes of input and output: one hidden layer is called `hidden`, several are numbered."""
    count = len(widths) - 2
    hidden = ["hidden"] if count == 1 else [f"hidden{index + 1}" for index in range(count)]
    return dict(zip([*hidden, "output"], zip(widths, widths[1:])))
