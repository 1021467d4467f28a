"""training.json and training.safetensors: first losses, gradients, and parameters after 100 steps of each optimiser."""

import math

import jax
import numpy as np
import torch

from .files import write_json, write_tensors
from .models import AUTOENCODER, MLP, SMALL_MLP, VAE
from .optimisers import OPTIMISERS, VARIANTS, Formulas, torch_optimiser, torch_step

jax.config.update("jax_enable_x64", True)
LOSS_STEPS, OPTIMISER_STEPS = 10, 100
SAMPLES = {"mlp": 2600, "autoencoder": 600, "vae": 600}  # at most so many entries of a gradient are stored
TORCH_DTYPES = {"f32": torch.float32, "f64": torch.float64}


def write(folder):
    """Writes training.json and training.safetensors."""
    torch.manual_seed(0)
    tensors = {}
    models = [model_entry(model, tensors) for model in (MLP, AUTOENCODER, VAE, SMALL_MLP)]
    runs = [optimiser_entry(name, variant, tensors) for name in OPTIMISERS for variant in VARIANTS]
    head = {"format": "jacquard.goldens.training", "version": 1}
    return [
        write_json(folder / "training.json", head, models=models, optimisers=runs),
        write_tensors(folder / "training.safetensors", tensors),
    ]


def leaves(model, dtype):
    return [torch.tensor(p, requires_grad=True) for p in model.initial(dtype)]


def torch_batch(model, step, dtype):
    return {name: torch.tensor(value) for name, value in model.batch_at(step, dtype).items()}


def model_entry(model, tensors):
    """Description, losses of the first steps with Adam at 1e-3, and gradients of the first step."""
    entry = {"name": model.name, "batch": model.batch, "layers": model.layers,
             "parameters": [{"name": name, "shape": shape, "fanIn": fan_in} for name, shape, fan_in in model.parameter_list()]}
    if model is SMALL_MLP:
        return entry
    entry["adam"] = {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    for name, dtype in (("f32", np.float32), ("f64", np.float64)):
        entry[f"losses.{name}"] = adam_losses(model, dtype)
        entry[f"gradients.{name}"] = gradient_entries(model, name, dtype, tensors)
    assert np.allclose(entry["losses.f32"], entry["losses.f64"], rtol=1e-5), f"{model.name}: f32 and f64 part"
    assert np.allclose(entry["losses.f64"], checked_losses(model), rtol=1e-11), f"{model.name}: JAX disagrees"
    return entry


def adam_losses(model, dtype):
    parameters = leaves(model, dtype)
    optimiser = torch.optim.Adam(parameters, lr=1e-3)
    losses = []
    for step in range(LOSS_STEPS):
        optimiser.zero_grad()
        loss = model.torch_loss(parameters, torch_batch(model, step, dtype))
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def checked_losses(model):
    """The same losses from JAX's gradients and Adam's formulas."""
    parameters = model.initial(np.float64)
    value_and_gradient = jax.jit(jax.value_and_grad(model.jax_loss))
    moments = [[np.zeros_like(p) for p in parameters] for _ in range(2)]
    losses = []
    for step in range(1, LOSS_STEPS + 1):
        loss, gradients = value_and_gradient(parameters, model.batch_at(step - 1, np.float64))
        losses.append(float(loss))
        for i, g in enumerate(map(np.asarray, gradients)):
            moments[0][i] = 0.9 * moments[0][i] + 0.1 * g
            moments[1][i] = 0.999 * moments[1][i] + 0.001 * g**2
            mean, square = moments[0][i] / (1 - 0.9**step), moments[1][i] / (1 - 0.999**step)
            parameters[i] = parameters[i] - 1e-3 * mean / (np.sqrt(square) + 1e-8)
    return losses


def stride_for(shape, limit):
    """1 where everything fits; else the smallest stride that leaves at most `limit` entries and meets every column."""
    count = math.prod(shape)
    stride = -(-count // limit)
    while any(math.gcd(stride, size) > 1 for size in shape):
        stride += 1
    return stride


def gradient_entries(model, dtype_name, dtype, tensors):
    parameters = leaves(model, dtype)
    model.torch_loss(parameters, torch_batch(model, 0, dtype)).backward()
    check_gradients(model, dtype, parameters)
    entries = []
    for (name, shape, _), parameter in zip(model.parameter_list(), parameters):
        flat = parameter.grad.numpy().reshape(-1)
        stride = stride_for(shape, SAMPLES[model.name])
        tensor = f"{model.name}/gradient.{dtype_name}/{name}"
        tensors[tensor] = flat[::stride]
        wide = flat.astype(np.float64)
        entries.append({"parameter": name, "tensor": tensor, "stride": stride, "sum": math.fsum(wide),
                        "sumOfSquares": math.fsum(wide**2), "largest": float(np.abs(wide).max())})
    return entries


def check_gradients(model, dtype, parameters):
    gradients = jax.grad(model.jax_loss)(model.initial(dtype), model.batch_at(0, dtype))
    rtol = 1e-4 if dtype == np.float32 else 1e-10
    for parameter, other in zip(parameters, gradients):
        ours, other = parameter.grad.numpy(), np.asarray(other)
        assert np.allclose(ours, other, rtol=rtol, atol=rtol * np.abs(ours).max()), f"{model.name}: JAX disagrees"


def optimiser_entry(name, variant_name, tensors):
    """100 steps of the small mlp in f64: every loss and every final parameter."""
    variant = VARIANTS[variant_name]
    parameters = leaves(SMALL_MLP, np.float64)
    optimiser = torch_optimiser(name, parameters, variant.get("l2", 0))
    losses, norms = [], []
    for step in range(OPTIMISER_STEPS):
        optimiser.zero_grad()
        loss = SMALL_MLP.torch_loss(parameters, torch_batch(SMALL_MLP, step, np.float64))
        loss.backward()
        norms.append(torch_step(name, optimiser, parameters, variant))
        losses.append(loss.item())
    final = [p.detach().numpy() for p in parameters]
    check_optimiser(name, variant, final)
    clipped = sum(norm > variant["clip"] for norm in norms) if "clip" in variant else 0
    assert "clip" not in variant or 0 < clipped < OPTIMISER_STEPS, f"{name}: clips in {clipped} steps"
    run = f"{name}/{variant_name}"
    for (parameter, _, _), value in zip(SMALL_MLP.parameter_list(), final):
        tensors[f"{run}/{parameter}"] = value
    return {"run": run, "model": SMALL_MLP.name, "steps": OPTIMISER_STEPS, "optimiser": name, **OPTIMISERS[name], **variant,
            "stepsClipped": clipped, "losses": losses}


def check_optimiser(name, variant, final):
    parameters = SMALL_MLP.initial(np.float64)
    formulas = Formulas(name, variant, parameters)
    gradient = GRADIENT
    for step in range(OPTIMISER_STEPS):
        gradients = [np.asarray(g) for g in gradient(parameters, SMALL_MLP.batch_at(step, np.float64))]
        parameters = formulas.step(parameters, gradients)
    worst = max(np.max(np.abs(p - q) / np.abs(p)) for p, q in zip(final, parameters))
    assert worst < 1e-9, f"{name} {variant}: the formulas disagree with PyTorch by {worst}"


GRADIENT = jax.jit(jax.grad(SMALL_MLP.jax_loss))
