"""What Jacquard has to reach, and the verdicts. Ratios are the fastest peer's time over Jacquard's: above 1 Jacquard is faster."""

import math

import models

MEBIBYTE = 1 << 20

GEOMETRIC_MEANS = {  # by the name of a group of rows
    "training": 1.3,
    "inference, batch 1": 1.2,
    "inference, batch 64": 1.0,
}
TRAINED = ("mlp", "mlp_wide", "autoencoder", "vae", "ddpm_mlp", "cnn", "resnet", "unet_ddpm", "gnn", "word2vec", "transformer")
SHAPES_SHARE = 0.80  # the geometric mean over drawn shapes, of that of "training"
EACH_TRAINING, EACH_OPERATOR = 1.0, 1.0
STREAM_SHARE, PEAK_SHARE = 0.80, 0.85
COLD_MS, WARM_MS = 1500, 30
MEMORY_OVER_NEED, QUARTER = 60 * MEBIBYTE, ("mlp", "autoencoder", "vae")
SPEEDUP, SCALED = 1.7, ("mlp_wide", "cnn")
ARENA = 1.05


def group(row_name):
    """The mean that a row belongs to, or None."""
    if models.kind_of(row_name) == models.SHAPES:
        return models.SHAPES
    if row_name in TRAINED:
        return "training"
    return f"inference, batch {row_name.split('@')[1]}" if "@" in row_name else None


def each(row_name):
    """The bound of the row's own ratio, or None."""
    if models.kind_of(row_name) == models.OPERATOR:
        return EACH_OPERATOR
    return EACH_TRAINING if row_name in TRAINED else None


def complete(mean, names):
    """Whether these are all rows of a mean: of drawn shapes at least one of each model that is trained."""
    if mean == models.SHAPES:
        return {name.rsplit(".", 1)[0] for name in names} >= {models.ROWS[name].model for name in TRAINED}
    return set(names) == {name for name in models.ROWS if group(name) == mean}


def geometric_mean(numbers):
    return math.exp(sum(map(math.log, numbers)) / len(numbers))


def verdict(value, bound, at_most=False):
    if value is None or bound is None:
        return "-"
    return "holds" if (value <= bound if at_most else value >= bound) else "falls short"
