/* exp, expm1, sigmoid, tanh and erf on vectors of 16 floats. Every polynomial was fitted by
 * Scripts/fit_polynomials.py (table named beside it); errors over all floats: see docs of jq_ulp_scan. */
#ifndef JQ_VECMATH_EXP_H
#define JQ_VECMATH_EXP_H

#include "vector.h"

/* x = n ln2 + r with |r| <= ln2/2. */
typedef struct {
    jqv_f32 remainder, whole; /* whole: the exponent as a float */
    jqv_i32 exponent;
} jqv_reduced;

JQV_INLINE jqv_reduced jqv_reduce_exp(jqv_f32 x) {
    jqv_f32 shifted = jqv_fma(x, jqv_splat(0x1.715476p0f), jqv_splat(JQV_ROUNDER));
    jqv_f32 n = shifted - JQV_ROUNDER;
    jqv_f32 r = jqv_fma(n, jqv_splat(-0x1.62e43p-1f), x); /* exact: a multiple of 2^-24 below 1/2 */
    r = jqv_fma(n, jqv_splat(0x1.05c610p-29f), r);
    return (jqv_reduced){r, n, (jqv_i32)shifted - (jqv_i32)jqv_splat(JQV_ROUNDER)};
}

/* (exp(r) - 1 - r) / r^2 for |r| <= ln2/2; table `exp`. */
JQV_INLINE jqv_f32 jqv_exp_tail(jqv_f32 r) {
    jqv_f32 q = jqv_splat(0x1.3b8ad2p-13f);
    JQV_HORNER(q, r, 0x1.6d2e4ap-10f);
    JQV_HORNER(q, r, 0x1.1155a8p-7f);
    JQV_HORNER(q, r, 0x1.555502p-5f);
    JQV_HORNER(q, r, 0x1.55552cp-3f);
    JQV_HORNER(q, r, 0x1p-1f);
    return q;
}

/* (exp(r) - 1) / r for |r| <= ln2/2. */
JQV_INLINE jqv_f32 jqv_exp_slope(jqv_f32 r) { return jqv_fma(jqv_exp_tail(r), r, jqv_splat(1.0f)); }

/* 2^n for -126 <= n <= 127. */
JQV_INLINE jqv_f32 jqv_power_of_two(jqv_i32 n) { return (jqv_f32)((n + 127) << 23); }

/* exp where neither x nor the result leaves the normal range: |x| <= 87. A NaN stays NaN. */
JQV_INLINE jqv_f32 jqv_exp_normal(jqv_f32 x) {
    jqv_reduced reduced = jqv_reduce_exp(x);
    jqv_f32 p = jqv_fma(jqv_exp_slope(reduced.remainder), reduced.remainder, jqv_splat(1.0f));
    return p * jqv_power_of_two(reduced.exponent);
}

/* p 2^n for 1/2 <= p <= 2 and -252 <= n <= 254: in two steps, so that subnormal results are rounded once and overflow comes by
 * itself. Where one instruction does that, it gives the same bytes. */
JQV_INLINE jqv_f32 jqv_scaled(jqv_f32 p, const jqv_reduced *reduced) {
#if defined(__AVX512F__)
    __asm__("vscalefps %1, %0, %0" : "+v"(p) : "v"(reduced->whole));
    return p;
#else
    jqv_i32 half = reduced->exponent >> 1;
    return p * jqv_power_of_two(half) * jqv_power_of_two(reduced->exponent - half);
#endif
}

JQV_INLINE jqv_f32 jqv_exp(jqv_f32 x) {
    jqv_reduced reduced = jqv_reduce_exp(jqv_at_least(jqv_at_most(x, 89.0f), -104.0f));
    jqv_f32 p = jqv_fma(jqv_exp_slope(reduced.remainder), reduced.remainder, jqv_splat(1.0f));
    return jqv_scaled(p, &reduced);
}

/* exp(x) - 1 = 2^n (exp(r) - 1) + (2^n - 1); the factor 2 stands in for 2^128, which is no float. */
JQV_INLINE jqv_f32 jqv_expm1(jqv_f32 x) {
    jqv_reduced reduced = jqv_reduce_exp(jqv_at_least(jqv_at_most(x, 89.0f), -20.0f));
    jqv_i32 top = reduced.exponent > 127;
    jqv_f32 r = reduced.remainder, scale = jqv_power_of_two(reduced.exponent + top);
    jqv_f32 y = jqv_fma(jqv_fma(r * r, jqv_exp_tail(r), r), scale, scale - 1.0f);
    y *= jqv_select(top, jqv_splat(2.0f), jqv_splat(1.0f));
    return jqv_with_sign(jqv_abs(y), x);
}

/* 1 / (1 + exp(-x)). With exp(-x) = 2^n (1 + r u), the sum is (1 + 2^n) + 2^n r u: rounded once. Where
 * 2^n may overflow, the 1 does not count and the result is scaled by 2^-64 instead. */
JQV_INLINE jqv_f32 jqv_sigmoid(jqv_f32 x) {
    jqv_reduced reduced = jqv_reduce_exp(jqv_at_least(jqv_at_most(-x, 104.0f), -87.0f));
    jqv_i32 tiny = reduced.exponent > 64;
    jqv_f32 scale = jqv_power_of_two(reduced.exponent - (tiny & 64));
    jqv_f32 one = jqv_select(tiny, jqv_splat(0.0f), jqv_splat(1.0f));
    jqv_f32 base = one + scale, lost = one - (base - scale); /* lost: not 0 from 2^24 on; u is close to 1 */
    jqv_f32 sum = jqv_fma(scale * reduced.remainder + lost, jqv_exp_slope(reduced.remainder), base);
    return 1.0f / sum * jqv_select(tiny, jqv_splat(0x1p-64f), jqv_splat(1.0f));
}

/* Odd polynomial up to 0.625 (table `tanh`), beyond it 1 - 2 / (exp(2|x|) + 1), which is 1 from 10 on. */
JQV_INLINE jqv_f32 jqv_tanh(jqv_f32 x) {
    jqv_f32 t = jqv_at_most(jqv_abs(x), 10.0f), s = t * t;
    jqv_f32 p = jqv_splat(-0x1.750ce4p-8f);
    JQV_HORNER(p, s, 0x1.51f8cep-6f);
    JQV_HORNER(p, s, -0x1.b835a4p-5f);
    JQV_HORNER(p, s, 0x1.1106f6p-3f);
    JQV_HORNER(p, s, -0x1.555532p-2f);
    jqv_f32 small = jqv_fma(t * s, p, t);
    jqv_f32 large = 1.0f - 2.0f / (jqv_exp_normal(t + t) + 1.0f);
    return jqv_with_sign(jqv_select(t > 0.625f, large, small), x);
}

/* Odd polynomial up to 0.925 (table `erf_small`), beyond it 1 - exp(-t + t p(t)) (table `erf_large`),
 * which is 1 from 4 on. */
JQV_INLINE jqv_f32 jqv_erf(jqv_f32 x) {
    jqv_f32 t = jqv_at_most(jqv_abs(x), 4.0f), s = t * t;
    jqv_f32 p = jqv_splat(0x1.4f562cp-14f);
    JQV_HORNER(p, s, -0x1.a606c2p-11f);
    JQV_HORNER(p, s, 0x1.5449e4p-8f);
    JQV_HORNER(p, s, -0x1.b80118p-6f);
    JQV_HORNER(p, s, 0x1.ce2d64p-4f);
    JQV_HORNER(p, s, -0x1.812740p-2f);
    JQV_HORNER(p, s, 0x1.06eba8p-3f);
    jqv_f32 q = jqv_splat(-0x1.7c7440p-17f);
    JQV_HORNER(q, t, 0x1.53885cp-12f);
    JQV_HORNER(q, t, -0x1.ddeaa2p-9f);
    JQV_HORNER(q, t, 0x1.856fb2p-6f);
    JQV_HORNER(q, t, -0x1.b32d5ep-4f);
    JQV_HORNER(q, t, -0x1.453206p-1f);
    JQV_HORNER(q, t, -0x1.077950p-3f);
    jqv_f32 small = jqv_fma(t, p, t);
    jqv_f32 large = 1.0f - jqv_exp_normal(jqv_fma(t, q, -t));
    return jqv_with_sign(jqv_select(t > 0.925f, large, small), x);
}

#endif
