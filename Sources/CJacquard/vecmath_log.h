/* log and log1p on vectors of 16 floats; table `log` of Scripts/fit_polynomials.py. */
#ifndef JQ_VECMATH_LOG_H
#define JQ_VECMATH_LOG_H

#include "vector.h"

#define JQV_INFINITY __builtin_inff()
#define JQV_ROOT_HALF_BITS 0x3f3504f3 /* sqrt(1/2) */

/* e ln2 + log(1 + f) for sqrt(1/2) <= 1 + f <= sqrt(2), the small terms first. */
JQV_INLINE jqv_f32 jqv_log_combine(jqv_f32 e, jqv_f32 f) {
    jqv_f32 p = jqv_splat(0x1.b70420p-5f);
    JQV_HORNER(p, f, -0x1.bfc7d6p-4f);
    JQV_HORNER(p, f, 0x1.f00848p-4f);
    JQV_HORNER(p, f, -0x1.010140p-3f);
    JQV_HORNER(p, f, 0x1.230322p-3f);
    JQV_HORNER(p, f, -0x1.552f06p-3f);
    JQV_HORNER(p, f, 0x1.99a542p-3f);
    JQV_HORNER(p, f, -0x1.000070p-2f);
    JQV_HORNER(p, f, 0x1.555548p-2f);
    jqv_f32 s = f * f;
    jqv_f32 tail = jqv_fma(f * s, p, s * -0.5f);
    tail = jqv_fma(e, jqv_splat(-0x1.05c610p-29f), tail);
    return jqv_fma(e, jqv_splat(0x1.62e43p-1f), f + tail);
}

/* `y` where x > 0 is finite; the logarithm's limits elsewhere: -inf at 0, NaN below, inf at inf. */
JQV_INLINE jqv_f32 jqv_log_limits(jqv_f32 x, jqv_f32 y) {
    jqv_f32 special = jqv_select(x == 0.0f, jqv_splat(-JQV_INFINITY), jqv_splat(__builtin_nanf("")));
    return jqv_select(x == JQV_INFINITY, x, jqv_select(x > 0.0f, y, special));
}

JQV_INLINE jqv_f32 jqv_log(jqv_f32 x) {
    jqv_i32 subnormal = x < 0x1p-126f;
    jqv_f32 scaled = jqv_select(subnormal, x * 0x1p23f, x);
    jqv_i32 bits = (jqv_i32)scaled - JQV_ROOT_HALF_BITS;
    jqv_i32 exponent = (bits >> 23) - (subnormal & 23);
    jqv_f32 mantissa = (jqv_f32)((bits & 0x7fffff) + JQV_ROOT_HALF_BITS);
    jqv_f32 e = __builtin_convertvector(exponent, jqv_f32);
    return jqv_log_limits(x, jqv_log_combine(e, mantissa - 1.0f));
}

/* log(1 + x): 1 + x = 2^e (1 + f) with f = x 2^-e + (2^-e - 1), which is exact but for one rounding.
 * From e = 25 on, 1 + x rounds to x and f comes from its mantissa alone. */
JQV_INLINE jqv_f32 jqv_log1p(jqv_f32 x) {
    jqv_f32 u = x + 1.0f;
    jqv_i32 bits = (jqv_i32)u - JQV_ROOT_HALF_BITS;
    jqv_i32 exponent = bits >> 23;
    jqv_i32 far = exponent > 24;
    jqv_f32 scale = (jqv_f32)((127 - (exponent & ~far)) << 23);
    jqv_f32 near_f = jqv_fma(x, scale, scale - 1.0f);
    jqv_f32 far_f = (jqv_f32)((bits & 0x7fffff) + JQV_ROOT_HALF_BITS) - 1.0f;
    jqv_f32 e = __builtin_convertvector(exponent, jqv_f32);
    jqv_f32 y = jqv_log_combine(e, jqv_select(far, far_f, near_f));
    return jqv_select(x == 0.0f, x, jqv_log_limits(u, y));
}

#endif
