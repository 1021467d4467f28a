"""evaluation.json and evaluation.safetensors: figures of evaluation from scikit-learn and SciPy."""

import math

import numpy as np
from scipy import linalg, ndimage, optimize, special
from sklearn import calibration, decomposition, metrics, model_selection, neighbors

from .files import write_json, write_tensors
from .philox import normal, uniform

EXAMPLES, CLASSES = 200, 4


def write(folder):
    """Writes evaluation.json and evaluation.safetensors."""
    tensors = {}
    parts = [classification, calibrated, ranking, folds, proportions, components, frechet, nearest, images]
    entries = [{"name": part.__name__, **part(tensors)} for part in parts]
    head = {"format": "jacquard.goldens.evaluation", "version": 1}
    return [
        write_json(folder / "evaluation.json", head, figures=entries),
        write_tensors(folder / "evaluation.safetensors", tensors),
    ]


def draw(number, shape):
    return np.asarray(normal((6000 + number, 7), shape, np.float64), np.float64)


def even(number, shape):
    return np.asarray(uniform((6000 + number, 7), shape), np.float64)


def labelled():
    """Logits that are over-confident, and labels that follow the largest of them more often than not."""
    labels = np.floor(even(1, (EXAMPLES,)) * CLASSES).astype(np.int32)
    logits = 2.5 * draw(2, (EXAMPLES, CLASSES)) + 3 * np.eye(CLASSES)[labels]
    return logits, labels


def classification(tensors):
    logits, labels = labelled()
    predictions = logits.argmax(1)
    tensors["logits"], tensors["labels"] = logits, labels
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(labels, predictions, zero_division=0)
    return {"confusion": metrics.confusion_matrix(labels, predictions).tolist(), "precision": precision.tolist(),
            "recall": recall.tolist(), "f1": f1.tolist(), "macroF1": metrics.f1_score(labels, predictions, average="macro"),
            "accuracy": metrics.accuracy_score(labels, predictions)}


def calibrated(tensors):
    logits, labels = labelled()
    probabilities = special.softmax(logits, 1)
    confidence, correct = probabilities.max(1), logits.argmax(1) == labels
    accuracies, confidences = calibration.calibration_curve(correct, confidence, n_bins=10)
    counts = np.histogram(confidence, np.linspace(0, 1, 11))[0]
    filled = counts[counts > 0]
    loss = lambda log_t: metrics.log_loss(labels, special.softmax(logits / math.exp(log_t), 1))
    best = optimize.minimize_scalar(loss, bracket=(-1, 1), options={"xtol": 1e-12})
    return {"nll": loss(0.0), "ece": float((np.abs(accuracies - confidences) * filled).sum() / EXAMPLES),
            "counts": counts.tolist(), "accuracies": accuracies.tolist(), "confidences": confidences.tolist(),
            "temperature": math.exp(best.x), "fittedNLL": best.fun,
            "energy": (-2 * special.logsumexp(logits / 2, 1)).tolist()[:5]}


def ranking(tensors):
    positive = even(3, (EXAMPLES,)) < 0.4
    scores = np.round(draw(4, (EXAMPLES,)) + positive, 1)  # many ties
    tensors["scores"], tensors["positive"] = scores, positive.astype(np.int32)
    false, true, _ = metrics.roc_curve(positive, scores, drop_intermediate=False)
    return {"auroc": metrics.roc_auc_score(positive, scores), "fpr95": float(false[np.argmax(true >= 0.95)])}


def folds(tensors):
    splits = model_selection.KFold(4).split(np.zeros(10))
    return {"splits": [test.tolist() for _, test in splits]}


def proportions(tensors):
    cases = [(0, 10), (10, 10), (7, 10), (9712, 10000)]
    from scipy.stats import binomtest
    intervals = [binomtest(k, n).proportion_ci(0.95, "wilson") for k, n in cases]
    return {"cases": [[k, n, i.low, i.high] for (k, n), i in zip(cases, intervals)]}


def components(tensors):
    """Few rows, which Jacquard takes through the SVD, and many, which it takes through the covariance."""
    result = {}
    for label, number, rows in (("few", 10, 20), ("many", 11, 300)):
        x = draw(number, (rows, 6)) @ np.diag([3, 2, 1.5, 1, 0.5, 0.2]) + np.arange(6)
        pca = decomposition.PCA(3, svd_solver="full").fit(x)
        signs = np.sign(pca.components_[np.arange(3), np.abs(pca.components_).argmax(1)])[:, None]
        tensors[f"pca/{label}/x"], tensors[f"pca/{label}/components"] = x, pca.components_ * signs
        tensors[f"pca/{label}/y"] = pca.transform(x) * signs.T
        result[label] = {"variance": pca.explained_variance_.tolist(), "ratio": pca.explained_variance_ratio_.tolist()}
    return result


def frechet(tensors):
    a, b = draw(20, (60, 5)), draw(21, (80, 5)) @ (np.eye(5) + 0.3 * draw(22, (5, 5))) + 0.5
    tensors["frechet/a"], tensors["frechet/b"] = a, b
    s1, s2 = np.cov(a.T), np.cov(b.T)
    root = linalg.sqrtm(s1 @ s2).real
    return {"distance": float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s1 + s2 - 2 * root))}


def nearest(tensors):
    x, y = draw(30, (150, 3)), draw(31, (40, 3))
    labels = (x[:, 0] + 0.5 * draw(32, (150,)) > 0).astype(np.int32)
    wanted = (y[:, 0] > 0).astype(np.int32)
    tensors |= {"knn/x": x, "knn/y": y, "knn/labels": labels, "knn/wanted": wanted}
    model = neighbors.KNeighborsClassifier(5, algorithm="brute").fit(x, labels)
    distances, rows = model.kneighbors(y)
    tensors["knn/distances"], tensors["knn/rows"] = distances, rows.astype(np.int32)
    return {"accuracy": model.score(y, wanted)}


def images(tensors):
    x = even(40, (2, 6, 7)).astype(np.float32)
    tensors["images/x"] = x
    tensors["images/shift"] = ndimage.shift(x, (0, 2, -1), order=0, mode="constant")
    tensors["images/roll"] = np.roll(x, (2, -1), (1, 2))
    for degrees in (30, -75):
        turned = [turn(image.astype(np.float64), degrees) for image in x]
        tensors[f"images/rotate{degrees}"] = np.array(turned).astype(np.float32)
    return {"degrees": [30, -75]}


def turn(image, degrees):
    """scipy.ndimage.rotate's matrix, with zeros outside up to the edge's neighbours."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    matrix, middle = np.array([[c, s], [-s, c]]), (np.array(image.shape) - 1) / 2
    turned = ndimage.affine_transform(image, matrix, middle - matrix @ middle, order=1, mode="grid-constant")
    inner = ndimage.rotate(image, degrees, reshape=False, order=1)
    assert np.allclose(inner[2:-2, 3:-3], turned[2:-2, 3:-3]), "not scipy.ndimage.rotate"
    return turned
