"""The models that are compared, described without a framework: sizes, inputs, optimiser, and Jacquard's graph.

`torch_models.py` and `jax_models.py` hold the forward pass and loss of each by the same name. A new model is an entry
here, a function in each of them, and, where a figure is known, an entry in `reference.json`. Needs no package.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Input:
    """One array of a batch: uniform in [0, 1), or integers below `classes`."""

    shape: tuple
    classes: int = 0


@dataclass(frozen=True)
class Model:
    """`graph`: the file in graphs/ that holds the same whole training step."""

    name: str
    graph: str
    batch: int
    layers: dict  # name -> (inputs, outputs), for dense models
    inputs: dict = field(default_factory=dict)
    optimiser: str = "adam"  # "adam" (1e-3, epsilon 1e-8 outside the root) or "sgd" (1e-2)


LEARNING_RATES = {"adam": 1e-3, "sgd": 1e-2}
PIXELS = Input((784,))
IMAGES = {"x": PIXELS}
LABELLED = {"x": PIXELS, "y": Input((), classes=10)}

MODELS = {
    model.name: model
    for model in [
        Model("mlp", "mlp.train.json", 128, {"hidden": (784, 256), "output": (256, 10)}, LABELLED),
        Model("mlp_sgd", "mlp.sgd.train.json", 128, {"hidden": (784, 256), "output": (256, 10)}, LABELLED, "sgd"),
        Model("mlp_wide", "mlp_wide.train.json", 256,
              {"hidden1": (784, 2048), "hidden2": (2048, 2048), "output": (2048, 10)}, LABELLED),
        Model("autoencoder", "autoencoder.train.json", 128,
              {"encoder1": (784, 256), "encoder2": (256, 64), "latent": (64, 2), "decoder1": (2, 64),
               "decoder2": (64, 256), "output": (256, 784)}, IMAGES),
        Model("vae", "vae.train.json", 128,
              {"encoder": (784, 400), "mean": (400, 20), "logVariance": (400, 20), "decoder": (20, 400),
               "output": (400, 784)}, IMAGES),
    ]
}
