"""Correctly rounded values: elementary functions in 250 bits, rounded once to f32 or f64."""

from fractions import Fraction
import math

from mpmath import mp, mpf
import mpmath
import numpy as np
import scipy.special

mp.prec = 250


def _sigmoid(x):
    return np.where(x < 0, np.exp(x) / (1 + np.exp(x)), 1 / (1 + np.exp(-x)))


def _lgamma(x):
    try:
        return math.inf if x <= 0 and x % 1 == 0 else math.lgamma(x)
    except OverflowError:
        return math.inf


# NumPy's f64 result decides where it is special (not finite, or zero); elsewhere the long computation does.
FUNCTIONS = {
    "exp": (np.exp, mpmath.exp),
    "expm1": (np.expm1, mpmath.expm1),
    "log": (np.log, mpmath.log),
    "log1p": (np.log1p, mpmath.log1p),
    "rsqrt": (lambda x: 1 / np.sqrt(x), lambda x: 1 / mpmath.sqrt(x)),
    "sin": (np.sin, mpmath.sin),
    "cos": (np.cos, mpmath.cos),
    "tanh": (np.tanh, mpmath.tanh),
    "sigmoid": (_sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "erf": (np.vectorize(math.erf, otypes=[np.float64]), mpmath.erf),
    "softplus": (lambda x: np.logaddexp(x, 0), lambda x: mpmath.log1p(mpmath.exp(x))),
    "power": (np.power, mpmath.power),
    "tan": (np.tan, mpmath.tan),
    "asin": (np.arcsin, mpmath.asin),
    "acos": (np.arccos, mpmath.acos),
    "atan": (np.arctan, mpmath.atan),
    "sinh": (np.sinh, mpmath.sinh),
    "cosh": (np.cosh, mpmath.cosh),
    "asinh": (np.arcsinh, mpmath.asinh),
    "acosh": (np.arccosh, mpmath.acosh),
    "atanh": (np.arctanh, mpmath.atanh),
    "erfc": (np.vectorize(math.erfc, otypes=[np.float64]), mpmath.erfc),
    "lgamma": (np.vectorize(_lgamma, otypes=[np.float64]), lambda x: mpmath.re(mpmath.loggamma(x))),
    "trigamma": (lambda x: scipy.special.polygamma(1, x), lambda x: mpmath.polygamma(1, x)),
    "digamma": (scipy.special.psi, mpmath.digamma),
}
SATURATED = 1e6  # beyond it NumPy's value is exact for these functions, and the long one would be slow
SATURATING = {"tanh", "sigmoid", "erf", "softplus", "exp", "expm1"}


def elementary(name, *arguments):
    """The function of the given arrays (all f32 or all f64), correctly rounded to their type."""
    dtype = np.result_type(*arguments)
    arrays = np.broadcast_arrays(*(np.asarray(a, np.float64) for a in arguments))
    plain, long = FUNCTIONS[name]
    with np.errstate(all="ignore"):
        result = np.asarray(plain(*arrays)).astype(dtype)
        special = np.asarray(plain(*arrays))
    flat = result.reshape(-1)
    for i, values in enumerate(zip(*(a.reshape(-1) for a in arrays))):
        rough = special.reshape(-1)[i]
        finite = all(math.isfinite(v) for v in values)
        saturated = name in SATURATING and abs(values[0]) > SATURATED
        if finite and math.isfinite(rough) and rough != 0 and not saturated:
            value = long(*(mpf(float(v)) for v in values))
            flat[i] = rounded(mpf_fraction(value), dtype, negative_zero=rough < 0)
    return flat.reshape(result.shape)


def fused_multiply_add(a, b, c):
    """a * b + c rounded once; NumPy's unfused value where it is not finite or an operand is zero."""
    dtype = np.result_type(a, b, c)
    a, b, c = np.broadcast_arrays(a, b, c)
    with np.errstate(all="ignore"):
        result = np.array(a * b + c, dtype)
    flat = result.reshape(-1)
    for i, (x, y, z) in enumerate(zip(a.reshape(-1), b.reshape(-1), c.reshape(-1))):
        if all(map(np.isfinite, (x, y, z))):
            exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
            if exact != 0:
                flat[i] = rounded(exact, dtype)
    return flat.reshape(result.shape)


def mpf_fraction(value):
    """An mpmath number as the exact fraction it is."""
    sign, mantissa, exponent, _ = mpf(value)._mpf_
    magnitude = Fraction(int(mantissa)) * (Fraction(2) ** exponent)
    return -magnitude if sign else magnitude


def rounded(exact, dtype, negative_zero=False):
    """A fraction rounded to nearest, ties to even, with subnormals and overflow."""
    precision, lowest, largest = (24, -149, 128) if dtype == np.float32 else (53, -1074, 1024)
    if exact == 0:
        return dtype.type(-0.0 if negative_zero else 0.0)
    magnitude = abs(exact)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if magnitude < Fraction(2) ** exponent:
        exponent -= 1
    unit = max(exponent - precision + 1, lowest)
    count = round(magnitude / Fraction(2) ** unit)  # Python rounds a fraction half to even
    if count == 0:
        return dtype.type(-0.0 if exact < 0 else 0.0)
    top = unit + count.bit_length()
    value = math.inf if top > largest else math.ldexp(count, unit)
    return dtype.type(-value if exact < 0 else value)
