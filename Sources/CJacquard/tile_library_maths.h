/* Functions that are used too rarely for vectors of their own: the C library's in double precision, element by element. An
 * f32 result is rounded from it, so that it is right to within 1 ulp on every machine. */
#ifndef JQ_TILE_LIBRARY_MATHS_H
#define JQ_TILE_LIBRARY_MATHS_H

#include "tile_arithmetic.h"

#define JQ_LIBRARY_UNARY(name, function) \
    JQ_UNARY(name##_f32, float, float, function((double)p)) \
    JQ_UNARY(name##_f64, double, double, function(p))
#define JQ_LIBRARY_BINARY(name, function) \
    JQ_BINARY(name##_f32, float, float, function((double)p, (double)q)) \
    JQ_BINARY(name##_f64, double, double, function(p, q))

/* Not lgamma, which writes the sign to a variable that all threads share. */
static double log_gamma(double x) {
    int sign;
    return lgamma_r(x, &sign);
}

/* psi(x) = psi(x + 1) - 1/x up to 10, where the asymptotic series (https://dlmf.nist.gov/5.11.E2) has all digits;
 * psi(1 - x) = psi(x) + pi / tan(pi x) below 0. */
static double digamma(double x) {
    const double pi = 3.14159265358979323846;
    double sum = 0;
    if (x == 0) return -1 / x;
    if (x < 0) {
        const double rest = x - rint(x); /* exact, also beside 0 */
        if (x - x != 0 || rest == 0) return NAN;
        sum = -pi / tan(pi * rest);
        x = 1 - x;
    }
    for (; x < 10; x++) sum -= 1 / x;
    const double u = 1 / (x * x);
    const double series =
        u * (1.0 / 12 -
             u * (1.0 / 120 -
                  u * (1.0 / 252 - u * (1.0 / 240 - u * (1.0 / 132 - u * (691.0 / 32760 - u * (1.0 / 12)))))));
    return sum + log(x) - 0.5 / x - series;
}

/* The derivative of digamma, in the same way: psi'(x) = psi'(x + 1) + 1/x^2, psi'(1 - x) = pi^2 / sin(pi x)^2 - psi'(x). */
static double trigamma(double x) {
    const double pi = 3.14159265358979323846;
    double sum = 0, sign = 1;
    if (x <= 0) {
        const double side = pi / sin(pi * (x - rint(x)));
        sum = side * side, sign = -1;
        if (x - x != 0 || side - side != 0) return x - x != 0 ? NAN : INFINITY;
        x = 1 - x;
    }
    for (; x < 10; x++) sum += sign / (x * x);
    const double u = 1 / (x * x);
    const double series =
        u * (1.0 / 6 - u * (1.0 / 30 - u * (1.0 / 42 - u * (1.0 / 30 - u * (5.0 / 66 - u * (691.0 / 2730 - u * (7.0 / 6)))))));
    return sum + sign * ((1 + 0.5 / x + series) / x);
}

/* As NumPy's floor_divide: what the exact remainder leaves is a multiple of q. */
static double floor_quotient(double p, double q) {
    if (q == 0) return p / q;
    const double rest = fmod(p, q);
    const double quotient = (p - rest) / q - (rest != 0 && (rest < 0) != (q < 0));
    return quotient == 0 ? copysign(0, p / q) : rint(quotient);
}

static double floor_remainder(double p, double q) {
    const double rest = fmod(p, q);
    if (rest == 0) return copysign(0, q);
    return (rest < 0) != (q < 0) ? rest + q : rest;
}

JQ_LIBRARY_UNARY(tan, tan)
JQ_LIBRARY_UNARY(asin, asin)
JQ_LIBRARY_UNARY(acos, acos)
JQ_LIBRARY_UNARY(atan, atan)
JQ_LIBRARY_UNARY(sinh, sinh)
JQ_LIBRARY_UNARY(cosh, cosh)
JQ_LIBRARY_UNARY(asinh, asinh)
JQ_LIBRARY_UNARY(acosh, acosh)
JQ_LIBRARY_UNARY(atanh, atanh)
JQ_LIBRARY_UNARY(erfc, erfc)
JQ_LIBRARY_UNARY(lgamma, log_gamma)
JQ_LIBRARY_UNARY(digamma, digamma)
JQ_LIBRARY_UNARY(trigamma, trigamma)
JQ_LIBRARY_BINARY(atan2, atan2)
JQ_LIBRARY_BINARY(floor_divide, floor_quotient)
JQ_LIBRARY_BINARY(floor_mod, floor_remainder)

#endif
