/* pow on vectors of 8 floats, computed in double as 2^(y log2 x): within 0.51 ulp, the special cases
 * those of C's powf. Tables `log2_double` and `exp2_double` of Scripts/fit_polynomials.py. */
#ifndef JQ_VECMATH_POW_H
#define JQ_VECMATH_POW_H

#include "vector.h"

#define JQV_ROOT_HALF_BITS_F64 0x3fe6a09e667f3bcdLL

/* log2 of a > 0; -inf at 0; inf and NaN stay. A float is never subnormal as a double. */
JQV_INLINE jqv_f64 jqv_log2_f64(jqv_f64 a) {
    jqv_u64 bits = (jqv_u64)a - JQV_ROOT_HALF_BITS_F64 + (1024ULL << 52); /* biased: no arithmetic shift */
    jqv_f64 e = (jqv_f64)((bits >> 52) | 0x4330000000000000ULL) - (0x1p52 + 1024.0);
    jqv_f64 m = (jqv_f64)((bits & 0xfffffffffffffULL) + JQV_ROOT_HALF_BITS_F64);
    jqv_f64 z = (m - 1.0) / (m + 1.0);
    jqv_f64 s = z * z;
    jqv_f64 p = jqv_splat_f64(0x1.21bbee0a281acp-2);
    JQV_HORNER_F64(p, s, 0x1.47949b34a193fp-2);
    JQV_HORNER_F64(p, s, 0x1.a61a3313714c0p-2);
    JQV_HORNER_F64(p, s, 0x1.2776c28e3007bp-1);
    JQV_HORNER_F64(p, s, 0x1.ec709dc5407dfp-1);
    JQV_HORNER_F64(p, s, 0x1.71547652b824fp+1);
    jqv_f64 y = jqv_fma_f64(z, p, e);
    y = jqv_select_f64(a < __builtin_inf(), y, a);
    return jqv_select_f64(a == 0.0, jqv_splat_f64(-__builtin_inf()), y);
}

/* 2^t, with t clamped to where the result is a double; NaN stays. */
JQV_INLINE jqv_f64 jqv_exp2_f64(jqv_f64 t) {
    t = jqv_select_f64(t > 300.0, jqv_splat_f64(300.0), t);
    t = jqv_select_f64(t < -300.0, jqv_splat_f64(-300.0), t);
    jqv_f64 shifted = t + JQV_ROUNDER_F64;
    jqv_f64 r = t - (shifted - JQV_ROUNDER_F64);
    jqv_f64 p = jqv_splat_f64(0x1.5a6126c594a14p-20);
    JQV_HORNER_F64(p, r, 0x1.00de02e583cefp-16);
    JQV_HORNER_F64(p, r, 0x1.4311a20ba673dp-13);
    JQV_HORNER_F64(p, r, 0x1.5d8744f130f4ap-10);
    JQV_HORNER_F64(p, r, 0x1.3b2ab1fadc239p-7);
    JQV_HORNER_F64(p, r, 0x1.c6b08dd43889cp-5);
    JQV_HORNER_F64(p, r, 0x1.ebfbdffb72b3ap-3);
    JQV_HORNER_F64(p, r, 0x1.62e42fef896afp-1);
    jqv_f64 scale = (jqv_f64)(((jqv_u64)shifted + 1023ULL) << 52);
    return jqv_fma_f64(r, p, jqv_splat_f64(1.0)) * scale;
}

/* Masks: y is an integer; y is an odd integer. From 2^24 on every float is an even integer. */
JQV_INLINE jqv_i64 jqv_integral(jqv_f64 y, jqv_i64 *odd) {
    jqv_f64 magnitude = (jqv_f64)((jqv_i64)y & 0x7fffffffffffffffLL);
    jqv_f64 shifted = magnitude + JQV_ROUNDER_F64;
    jqv_i64 large = magnitude >= 0x1p24;
    jqv_i64 whole = (shifted - JQV_ROUNDER_F64) == magnitude;
    *odd = whole & ~large & (((jqv_i64)shifted & 1) != 0);
    return whole | large;
}

JQV_INLINE jqv_f64 jqv_pow_f64(jqv_f64 x, jqv_f64 y) {
    jqv_f64 magnitude = (jqv_f64)((jqv_i64)x & 0x7fffffffffffffffLL);
    jqv_f64 logarithm = jqv_log2_f64(magnitude);
    jqv_i64 one = magnitude == 1.0, endless = (y == __builtin_inf()) | (y == -__builtin_inf());
    jqv_f64 result = jqv_exp2_f64(jqv_select_f64(one & endless, jqv_splat_f64(0.0), y * logarithm));
    jqv_i64 odd, integral = jqv_integral(y, &odd);
    jqv_i64 undefined = (x < 0.0) & (x > -__builtin_inf()) & ~integral;
    result = jqv_select_f64(undefined, jqv_splat_f64(__builtin_nan("")), result);
    result = (jqv_f64)((jqv_i64)result | ((jqv_i64)x & odd & (-0x7fffffffffffffffLL - 1)));
    return jqv_select_f64((y == 0.0) | (x == 1.0), jqv_splat_f64(1.0), result);
}

JQV_INLINE jqv_f32x8 jqv_pow8(jqv_f32x8 x, jqv_f32x8 y) {
    jqv_f64 result = jqv_pow_f64(__builtin_convertvector(x, jqv_f64), __builtin_convertvector(y, jqv_f64));
    return __builtin_convertvector(result, jqv_f32x8);
}

#endif
