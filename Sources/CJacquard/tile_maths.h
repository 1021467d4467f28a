/* The transcendental functions on tiles: vectors for f32, the C library element by element for f64. */
#ifndef JQ_TILE_MATHS_H
#define JQ_TILE_MATHS_H

#include "tile_arithmetic.h"
#include "vecmath_exp.h"
#include "vecmath_log.h"
#include "vecmath_pow.h"
#include "vecmath_trig.h"

/* Whole vectors; the last, partial one goes through a padded copy, so that an element's result does not
 * depend on where it stands. */
#define JQ_MATHS(name, suffix, type, vector, function) \
    JQ_TILE_HEAD(name##_##suffix) { \
        enum { lanes = sizeof(vector) / sizeof(type) }; \
        type *d = dst, padded[lanes] = {0}; \
        const type *x = a; \
        long i = 0; \
        (void)b, (void)c; \
        for (; i + lanes <= n; i += lanes) JQV_STORE(vector, d + i, function(JQV_LOAD(vector, x + i))); \
        if (i == n) return; \
        memcpy(padded, x + i, (size_t)(n - i) * sizeof(type)); \
        JQV_STORE(vector, padded, function(JQV_LOAD(vector, padded))); \
        memcpy(d + i, padded, (size_t)(n - i) * sizeof(type)); \
    }

#define JQ_MATHS_F32(name) JQ_MATHS(name, f32, float, jqv_f32, jqv_##name)
#define JQ_MATHS_F64(name, expression) JQ_UNARY(name##_f64, double, double, expression)

static double sigmoid(double x) {
    double z = exp(-fabs(x));
    return (x >= 0 ? 1 : z) / (1 + z);
}

JQ_MATHS_F32(sqrt)
JQ_MATHS_F32(rsqrt)
JQ_MATHS_F32(exp)
JQ_MATHS_F32(expm1)
JQ_MATHS_F32(log)
JQ_MATHS_F32(log1p)
JQ_MATHS_F32(tanh)
JQ_MATHS_F32(sigmoid)
JQ_MATHS_F32(erf)
JQ_MATHS_F32(sin)
JQ_MATHS_F32(cos)

JQ_MATHS(sqrt, f64, double, jqv_f64, jqv_sqrt_f64)
JQ_MATHS(rsqrt, f64, double, jqv_f64, jqv_rsqrt_f64)
JQ_MATHS_F64(exp, exp(p))
JQ_MATHS_F64(expm1, expm1(p))
JQ_MATHS_F64(log, log(p))
JQ_MATHS_F64(log1p, log1p(p))
JQ_MATHS_F64(tanh, tanh(p))
JQ_MATHS_F64(sigmoid, sigmoid(p))
JQ_MATHS_F64(erf, erf(p))
JQ_MATHS_F64(sin, sin(p))
JQ_MATHS_F64(cos, cos(p))
JQ_BINARY(power_f64, double, double, pow(p, q))

JQ_TILE_HEAD(power_f32) {
    float *d = dst, base[8] = {0}, exponent[8] = {0};
    const float *x = a, *y = b;
    long i = 0;
    (void)c;
    for (; i + 8 <= n; i += 8)
        JQV_STORE(jqv_f32x8, d + i, jqv_pow8(JQV_LOAD(jqv_f32x8, x + i), JQV_LOAD(jqv_f32x8, y + i)));
    if (i == n) return;
    memcpy(base, x + i, (size_t)(n - i) * sizeof(float));
    memcpy(exponent, y + i, (size_t)(n - i) * sizeof(float));
    JQV_STORE(jqv_f32x8, base, jqv_pow8(JQV_LOAD(jqv_f32x8, base), JQV_LOAD(jqv_f32x8, exponent)));
    memcpy(d + i, base, (size_t)(n - i) * sizeof(float));
}

#endif
