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
EACH_TRAINING, EACH_OPERATOR = 1.0, 1.0
STREAM_SHARE, PEAK_SHARE = 0.80, 0.85
COLD_MS, WARM_MS = 1500, 30
MEMORY_OVER_NEED, QUARTER = 60 * MEBIBYTE, ("mlp", "autoencoder", "vae")
SPEEDUP, SCALED = 1.7, ("mlp_wide", "cnn")
ARENA = 1.05


def group(row_name):
    """The mean that a row belongs to, or None."""
    if row_name in TRAINED:
        return "training"
    return f"inference, batch {row_name.split('@')[1]}" if "@" in row_name else None


def each(row):
    """The bound of the row's own ratio, or None."""
    if row.kind == models.OPERATOR:
        return EACH_OPERATOR
    return EACH_TRAINING if row.name in TRAINED else None


def members(mean):
    return [name for name in models.ROWS if group(name) == mean]


def geometric_mean(numbers):
    return math.exp(sum(map(math.log, numbers)) / len(numbers))


def verdict(value, bound, at_most=False):
    if value is None or bound is None:
        return "-"
    return "holds" if (value <= bound if at_most else value >= bound) else "falls short"
