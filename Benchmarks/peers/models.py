"""The models that are compared, described without a framework: sizes, inputs, optimiser, and Jacquard's graph.

`torch_models.py`, `torch_networks.py` and `jax_models.py` hold the forward pass and loss of each by the same name. A new model
is an entry here, a function in them (a peer without one is left out), and, where a figure is known, an entry in `reference.json`. Needs no package.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Input:
    """One array of a batch: uniform in [0, 1), or integers below `classes`. `whole`: the shape has the batch in it."""

    shape: tuple
    classes: int = 0
    whole: bool = False


@dataclass(frozen=True)
class Model:
    """`graph`: the file in graphs/ that holds the same whole training step."""

    name: str
    graph: str
    batch: int
    layers: dict = field(default_factory=dict)  # name -> (inputs, outputs), for dense models
    inputs: dict = field(default_factory=dict)
    optimiser: str = "adam"  # "adam" and "adamw" (1e-3, epsilon 1e-8 outside the root) or "sgd" (1e-2)
    channels_last: bool = False  # faster for PyTorch's convolutions


LEARNING_RATES = {"adam": 1e-3, "adamw": 1e-3, "sgd": 1e-2}
PIXELS = Input((784,))
IMAGES = {"x": PIXELS}
CLASS = Input((), classes=10)
LABELLED = {"x": PIXELS, "y": CLASS}

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
        Model("cnn", "cnn.train.json", 128, inputs={"x": Input((1, 28, 28)), "y": CLASS}),
        Model("resnet", "resnet.train.json", 64, inputs={"x": Input((3, 32, 32)), "y": CLASS}, channels_last=True),
        Model("unet_ddpm", "unet_ddpm.train.json", 64, inputs={"x": Input((1, 28, 28))}, channels_last=True),
        Model("gnn", "gnn.train.json", 2048,
              inputs={"x": Input((64,)), "edges": Input((2, 16384), classes=2048, whole=True),
                      "y": Input((), classes=7)}),
        Model("word2vec", "word2vec.train.json", 1024,
              inputs={"word": Input((), classes=10_000), "context": Input((), classes=10_000),
                      "negative": Input((5,), classes=10_000)}, optimiser="sgd"),
        Model("transformer", "transformer.train.json", 16,
              inputs={"x": Input((128,), classes=96), "y": Input((128,), classes=96)}, optimiser="adamw"),
    ]
}
