"""Cases of factorisations of matrices, and of what is made of them. Signs are those of the operations' conventions."""

import numpy as np
import scipy.linalg
import torch

from .cases import close

TOLERANCE = {"f32": close(2e-6, 1e-6), "f64": close(1e-12, 1e-13)}
SHAPES = [(1, 1), (4, 4), (2, 3, 3), (9, 9)]
RECTANGLES = SHAPES + [(6, 3), (2, 2, 5)]


def add_linear_algebra(cases):
    """cholesky triangularSolve lu qr eigh svd, solve inverse determinant logAbsDeterminant leastSquares."""
    add_factors(cases)
    add_systems(cases)
    add_determinants(cases)


def draw_matrix(cases, shape, diagonal=0.0):
    return np.float32(cases.draw(shape) + diagonal * np.eye(*shape[-2:])).astype(np.float64)


def several(cases, op, label, inputs, function, attributes=None, gradient=None):
    """The case in f64 and f32, with all outputs; the gradient is that of the first one."""
    for name, kind in (("f64", np.float64), ("f32", np.float32)):
        outputs = [np.asarray(y) for y in function(*inputs)]
        outputs = [y.astype(kind) if y.dtype.kind == "f" else y for y in outputs]
        cases.add(op, label, [x.astype(kind) for x in inputs], outputs, TOLERANCE[name], attributes,
                  gradient if name == "f64" else None)


def symmetric(a):
    return (a + a.swapaxes(-1, -2)) / 2


def leading_signs(vectors):
    """Signs of columns that make the first of the elements of the largest magnitude positive."""
    best = np.argmax(np.abs(vectors), axis=-2)
    return np.sign(np.take_along_axis(vectors, best[..., None, :], -2))


def lu(a):
    flat = a.reshape(-1, *a.shape[-2:])
    factors, orders, signs = [], [], []
    for matrix in flat:
        p, lower, upper = scipy.linalg.lu(matrix)
        factors.append(np.tril(lower, -1) + upper)
        orders.append(np.argmax(p, axis=0))
        signs.append(np.linalg.det(p))
    batch = a.shape[:-2]
    return [np.reshape(factors, a.shape), np.reshape(orders, a.shape[:-1]).astype(np.int64),
            np.round(np.reshape(signs, batch))]


def torch_lu(a):
    _, lower, upper = torch.linalg.lu(a)
    return torch.tril(lower, -1) + upper


def qr(a):
    q, r = np.linalg.qr(a)
    signs = np.sign(np.diagonal(r, axis1=-2, axis2=-1))
    return [q * signs[..., None, :], r * signs[..., :, None]]


def torch_q(a):
    q, r = torch.linalg.qr(a)
    return q * torch.sign(torch.diagonal(r, dim1=-2, dim2=-1)).detach()[..., None, :]


def eigh(a):
    values, vectors = np.linalg.eigh(symmetric(a))
    return [values, vectors * leading_signs(vectors)]


def svd(a):
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    signs = leading_signs(u)
    return [u * signs, s, vt * signs.swapaxes(-1, -2)]


def torch_u(a):
    u, _, _ = torch.linalg.svd(a, full_matrices=False)
    signs = torch.tensor(leading_signs(u.detach().numpy()))
    # PyTorch asks for a gradient that does not depend on the signs of U and V together: that of U alone does not.
    return u * signs


def add_factors(cases):
    for number, shape in enumerate(SHAPES):
        a = draw_matrix(cases, shape, 9)
        several(cases, "cholesky", f"case-{number}", [a], lambda v: [np.linalg.cholesky(symmetric(v))],
                gradient=lambda v: torch.linalg.cholesky((v + v.mT) / 2))
        a = draw_matrix(cases, shape)
        several(cases, "lu", f"case-{number}", [a], lu, gradient=torch_lu)
        several(cases, "eigh", f"case-{number}", [a], eigh, gradient=lambda v: torch.linalg.eigh((v + v.mT) / 2)[0])
    for number, shape in enumerate(RECTANGLES):
        a = draw_matrix(cases, shape, 1)
        # PyTorch has no gradient of wide matrices.
        several(cases, "qr", f"case-{number}", [a], qr, gradient=torch_q if shape[-2] >= shape[-1] else None)
        several(cases, "svd", f"case-{number}", [a], svd, gradient=torch_u)


def add_systems(cases):
    for number, shape in enumerate(SHAPES):
        a, b = draw_matrix(cases, shape, 6), cases.draw((*shape[:-1], 3))
        several(cases, "solve", f"case-{number}", [a, b], lambda v, w: [np.linalg.solve(v, w)],
                gradient=torch.linalg.solve)
        several(cases, "inverse", f"case-{number}", [a], lambda v: [np.linalg.inv(v)], gradient=torch.linalg.inv)
        for lower in (True, False):
            for unit in (True, False):
                for transposed in (True, False):
                    add_triangle(cases, number, a, b, lower, unit, transposed)
    for number, shape in enumerate([(6, 3), (2, 3, 3)]):
        a, b = draw_matrix(cases, shape, 2), cases.draw((*shape[:-1], 2))
        several(cases, "leastSquares", f"case-{number}", [a, b], lambda v, w: [np.linalg.pinv(v) @ w],
                gradient=lambda v, w: torch.linalg.lstsq(v, w, driver="gels").solution)


def add_triangle(cases, number, a, b, lower, unit, transposed):
    def solution(v, w):
        system = v.mT if transposed else v
        return torch.linalg.solve_triangular(system, w, upper=lower == transposed, unitriangular=unit)

    label = f"{'lower' if lower else 'upper'}{'-unit' if unit else ''}{'-transposed' if transposed else ''}-{number}"
    several(cases, "triangularSolve", label, [a, b],
            lambda v, w: [solution(torch.tensor(v), torch.tensor(w)).numpy()],
            {"lower": lower, "unitDiagonal": unit, "transposed": transposed}, gradient=solution)


def add_determinants(cases):
    for number, shape in enumerate(SHAPES):
        a = draw_matrix(cases, shape, 1)
        several(cases, "determinant", f"case-{number}", [a], lambda v: [np.linalg.det(v)], gradient=torch.linalg.det)
        several(cases, "logAbsDeterminant", f"case-{number}", [a], lambda v: list(np.linalg.slogdet(v)))
    singular = np.array([[[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]])
    several(cases, "determinant", "singular", [singular], lambda v: [np.zeros(2)])
    several(cases, "logAbsDeterminant", "singular", [singular], lambda v: [np.zeros(2), np.full(2, -np.inf)])
