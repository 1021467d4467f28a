"""jacobians.json and jacobians.safetensors: whole Jacobians and Hessians from PyTorch, held against JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import torch

from .files import write_json, write_tensors
from .philox import uniform

jax.config.update("jax_enable_x64", True)


def torch_mlp(x, first, second):
    return second @ torch.tanh(first @ x)


def jax_mlp(x, first, second):
    return second @ jnp.tanh(first @ x)


def torch_conv(x, weight):
    return torch.nn.functional.conv2d(x, weight, stride=2, padding=1)


def jax_conv(x, weight):
    return jax.lax.conv_general_dilated(x, weight, (2, 2), [(1, 1), (1, 1)])


def torch_cholesky(a):
    return torch.linalg.cholesky(a @ a.T + 4 * torch.eye(3, dtype=a.dtype))


def jax_cholesky(a):
    return jnp.linalg.cholesky(a @ a.T + 4 * jnp.eye(3))


def torch_attention(q, k, v):
    return torch.softmax(q @ k.T / 2**0.5, -1) @ v


def jax_attention(q, k, v):
    return jax.nn.softmax(q @ k.T / 2**0.5, -1) @ v


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


# name, shapes of the operands, the function in PyTorch and in JAX
JACOBIANS = [
    ("softmax", [(3, 4)], lambda x: torch.softmax(x, -1), lambda x: jax.nn.softmax(x, -1)),
    ("mlp", [(4,), (5, 4), (3, 5)], torch_mlp, jax_mlp),
    ("conv", [(2, 2, 5, 5), (3, 2, 3, 3)], torch_conv, jax_conv),
    ("cholesky", [(3, 3)], torch_cholesky, jax_cholesky),
    ("attention", [(4, 2), (3, 2), (3, 3)], torch_attention, jax_attention),
    ("cumsum", [(2, 5)], lambda x: torch.cumsum(torch.sin(x), 1), lambda x: jnp.cumsum(jnp.sin(x), 1)),
]
HESSIANS = [
    ("logSumExp", [(5,)], lambda x: torch.logsumexp(x, 0), lambda x: jax.nn.logsumexp(x, 0)),
    ("rosenbrock", [(6,)], rosenbrock, rosenbrock),
    ("quadratic", [(3,), (3, 3)], lambda x, a: x @ a @ x, lambda x, a: x @ a @ x),
]


def write(folder):
    """Writes jacobians.json and jacobians.safetensors."""
    tensors = {}
    jacobians = [jacobian_entry(number, *case, tensors) for number, case in enumerate(JACOBIANS)]
    hessians = [hessian_entry(100 + number, *case, tensors) for number, case in enumerate(HESSIANS)]
    head = {"format": "jacquard.goldens.jacobians", "version": 1}
    return [
        write_json(folder / "jacobians.json", head, jacobians=jacobians, hessians=hessians),
        write_tensors(folder / "jacobians.safetensors", tensors),
    ]


def operands(number, name, shapes, tensors):
    values = []
    for index, shape in enumerate(shapes):
        draw = np.asarray(uniform((4000 + 10 * number + index, 7), shape), np.float64)
        values.append(2 * draw - 1)
        tensors[f"{name}/in{index}"] = values[-1]
    return values


def jacobian_entry(number, name, shapes, torch_function, jax_function, tensors):
    values = operands(number, name, shapes, tensors)
    places = tuple(range(len(values)))
    found = torch.func.jacrev(torch_function, places)(*map(torch.tensor, values))
    other = jax.jacfwd(jax_function, places)(*values)
    for index in places:
        assert np.allclose(found[index].numpy(), other[index], rtol=1e-11, atol=1e-13), f"{name}: JAX disagrees"
        tensors[f"{name}/jacobian{index}"] = found[index].numpy()
    return {"name": name, "operands": len(values)}


def hessian_entry(number, name, shapes, torch_function, jax_function, tensors):
    values = operands(number, name, shapes, tensors)
    places = tuple(range(len(values)))
    found = torch.func.hessian(torch_function, places)(*map(torch.tensor, values))
    other = jax.hessian(jax_function, places)(*values)
    for row in places:
        for column in places:
            part = found[row][column].numpy()
            assert np.allclose(part, other[row][column], rtol=1e-11, atol=1e-12), f"{name}: JAX disagrees"
            tensors[f"{name}/hessian{row}.{column}"] = part
    return {"name": name, "operands": len(values)}
