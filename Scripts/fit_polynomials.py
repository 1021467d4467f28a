#!/usr/bin/env python3
"""Fits the polynomials of the C runtime's maths functions (Sources/CJacquard/vecmath*.h).

Each polynomial is the weighted minimax solution found by the Remez exchange in
60-digit arithmetic. Coefficients are rounded to the working precision one at a
time, lowest degree first (the one that matters most), and the rest is fitted
again around what rounding left, so the printed polynomial is close to the best
one that has representable coefficients.

    python3 Scripts/fit_polynomials.py            # prints every table as C macros
    python3 Scripts/fit_polynomials.py exp log    # only these

Needs: mpmath, numpy. Each line of output is followed by the largest weighted
error over a dense grid, as a power of two, computed with the rounded coefficients.
"""
import sys

import mpmath as mp
import numpy as np

mp.mp.dps = 60


def chebyshev_points(low, high, count):
    """`count` Chebyshev extrema of [low, high], in ascending order."""
    return [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * k / (count - 1)) for k in range(count)]


def evaluate(powers, coefficients, x):
    return mp.fsum(c * x**p for p, c in zip(powers, coefficients))


def solve_levelled(target, weight, powers, points):
    """The coefficients whose weighted errors at `points` are equal and alternate in sign."""
    size = len(powers) + 1
    matrix, right = mp.matrix(size, size), mp.matrix(size, 1)
    for row, x in enumerate(points):
        for column, power in enumerate(powers):
            matrix[row, column] = x**power
        matrix[row, len(powers)] = (-1) ** row / weight(x)
        right[row] = target(x)
    return list(mp.lu_solve(matrix, right))[:-1]


def alternating_extrema(error, grid, count):
    """One grid point of largest |error| in each run of one sign; the best `count` neighbours."""
    runs = []
    for x in grid:
        e = error(x)
        if not runs or (e > 0) != (runs[-1][1] > 0):
            runs.append((x, e))
        elif abs(e) > abs(runs[-1][1]):
            runs[-1] = (x, e)
    while len(runs) > count:
        runs.pop(0 if abs(runs[0][1]) < abs(runs[-1][1]) else -1)
    return [x for x, _ in runs]


def away_from_zero(x, width):
    """A first exchange point must not lie where a relative weight vanishes."""
    return x + width / 50 if abs(x) < width / 100 else x


def remez(target, weight, powers, low, high, rounds=12, grid_size=400):
    """Minimax fit of `target` by sum c_p x^p with error weighted by `weight`."""
    low, high = mp.mpf(low), mp.mpf(high)
    grid = chebyshev_points(low, high, grid_size)
    points = [away_from_zero(x, high - low) for x in chebyshev_points(low, high, len(powers) + 1)]
    coefficients = solve_levelled(target, weight, powers, points)
    for _ in range(rounds):
        found = alternating_extrema(
            lambda x: weight(x) * (evaluate(powers, coefficients, x) - target(x)), grid, len(powers) + 1)
        if len(found) != len(powers) + 1 or found == points:
            break
        points = found
        coefficients = solve_levelled(target, weight, powers, points)
    return coefficients


def rounded(value, precision):
    return mp.mpf(float(np.float32(float(value)))) if precision == 32 else mp.mpf(float(value))


def fit(target, weight, degree, low, high, precision=32, fixed=0):
    """Coefficients c_0..c_degree, representable in `precision` bits, lowest first."""
    powers, done = list(range(degree + 1)), []
    cache = {}

    def value(x):
        if x not in cache:
            cache[x] = target(x)
        return cache[x]

    while powers:
        rest = remez(lambda x: value(x) - evaluate(range(len(done)), done, x), weight, powers, low, high)
        done.append(rounded(rest[0], precision))
        powers.pop(0)
    grid = chebyshev_points(mp.mpf(low), mp.mpf(high), 1500)
    worst = max(abs(weight(x) * (evaluate(range(degree + 1), done, x) - target(x))) for x in grid)
    return done, worst


def divided(function, subtract, power):
    """x -> (function(x) - subtract(x)) / x^power, with a safe value at tiny x."""

    def value(x):
        x = x if abs(x) > mp.mpf("1e-12") else mp.mpf("1e-12")
        return (function(x) - subtract(x)) / x**power

    return value


def of_square(function):
    """s -> function(sqrt(s)); for even and odd functions as polynomials in x^2."""
    return lambda s: function(mp.sqrt(s if s > mp.mpf("1e-24") else mp.mpf("1e-24")))


HALF_LN2 = mp.log(2) / 2 * mp.mpf("1.001")


def table_exp():
    """exp(r) = 1 + r + r^2 q(r), |r| <= ln2/2; weighted by the error relative to exp(r) - 1."""
    target = divided(mp.exp, lambda r: 1 + r, 2)
    return fit(target, lambda r: abs(r * r / mp.expm1(r)) if r else r, 5, -HALF_LN2, HALF_LN2)


def table_log():
    """log(1+f) = f - f^2/2 + f^3 p(f), sqrt(1/2) <= 1+f <= sqrt(2); relative to log(1+f)."""
    target = divided(mp.log1p, lambda f: f - f * f / 2, 3)
    weight = lambda f: abs(f**3 / mp.log1p(f)) if f else mp.mpf(0)
    return fit(target, weight, 8, mp.sqrt(0.5) - 1, mp.sqrt(2) - 1)


def table_tanh():
    """tanh(x) = x + x s p(s), s = x^2, |x| <= 0.625; relative to tanh(x)."""
    target = of_square(lambda x: (mp.tanh(x) / x - 1) / x**2)
    weight = lambda s: s / of_square(lambda x: mp.tanh(x) / x)(s)
    return fit(target, weight, 4, 0, mp.mpf("0.625") ** 2)


def table_erf_small():
    """erf(x) = x + x p(s), s = x^2, |x| <= 0.925; relative to erf(x)."""
    target = of_square(lambda x: mp.erf(x) / x - 1)
    return fit(target, lambda s: 1 / of_square(lambda x: mp.erf(x) / x)(s), 6, 0, mp.mpf("0.925") ** 2)


def table_erf_large():
    """erfc(t) = exp(-t + t p(t)), 0.925 <= t <= 4; weighted by the effect on erf(t)."""
    target = lambda t: (mp.log(mp.erfc(t)) + t) / t
    return fit(target, lambda t: t * mp.erfc(t), 6, mp.mpf("0.915"), 4)


def table_sin():
    """sin(r) = r + r s p(s), s = r^2, |r| <= pi/4; relative to sin(r)."""
    target = of_square(lambda r: (mp.sin(r) / r - 1) / r**2)
    return fit(target, lambda s: s / of_square(lambda r: mp.sin(r) / r)(s), 3, 0, (mp.pi / 4 * mp.mpf("1.001")) ** 2)


def table_cos():
    """cos(r) = 1 - s/2 + s^2 p(s), s = r^2, |r| <= pi/4; relative to cos(r)."""
    target = of_square(lambda r: (mp.cos(r) - 1 + r * r / 2) / r**4)
    return fit(target, lambda s: s * s / mp.cos(mp.sqrt(s)), 2, 0, (mp.pi / 4 * mp.mpf("1.001")) ** 2)


def table_log2_double():
    """log2(m) = z p(z^2), z = (m-1)/(m+1), sqrt(1/2) <= m <= sqrt(2), in double; relative."""
    limit = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * mp.mpf("1.001")
    target = of_square(lambda z: 2 * mp.atanh(z) / mp.log(2) / z)
    return fit(target, lambda s: 1 / target(s), 5, 0, limit**2, precision=64)


def table_exp2_double():
    """2^r = 1 + r p(r), |r| <= 1/2, in double; relative."""
    target = divided(lambda r: mp.mpf(2) ** r, lambda r: 1, 1)
    return fit(target, lambda r: abs(r) / mp.mpf(2) ** r, 7, -mp.mpf("0.501"), mp.mpf("0.501"), precision=64)


TABLES = {
    "exp": (table_exp, 32), "log": (table_log, 32), "tanh": (table_tanh, 32),
    "erf_small": (table_erf_small, 32), "erf_large": (table_erf_large, 32),
    "sin": (table_sin, 32), "cos": (table_cos, 32),
    "log2_double": (table_log2_double, 64), "exp2_double": (table_exp2_double, 64),
}


def split_constant(value, bits, parts):
    """`value` as a sum of `parts` floats, the leading ones with at most `bits` significant bits."""
    result = []
    for index in range(parts):
        scale = mp.mpf(2) ** (bits - 1 - mp.floor(mp.log(abs(value), 2)))
        part = mp.floor(value * scale + mp.mpf(1) / 2) / scale if index < parts - 1 else rounded(value, 32)
        result.append(part)
        value -= part
    return result


def print_constants():
    print("/* ln2 in two and pi/2 in three parts of 24 bits, for reduction with fma */")
    for name, parts in (("LN2", split_constant(mp.log(2), 24, 2)), ("PIO2", split_constant(mp.pi / 2, 24, 3))):
        print(name, ", ".join(float(p).hex() for p in parts))


def main():
    names = sys.argv[1:] or list(TABLES)
    for name in names:
        function, precision = TABLES[name]
        coefficients, worst = function()
        print(f"/* {name}: {function.__doc__} */")
        for k, c in enumerate(coefficients):
            suffix = "f" if precision == 32 else ""
            print(f"    {float(c).hex()}{suffix} /* c{k} {float(c):.9g} */")
        print(f"/* largest weighted error 2^{float(mp.log(worst, 2)):.2f} */\n")
    if len(sys.argv) == 1:
        print_constants()


if __name__ == "__main__":
    main()
