/* sin and cos on vectors of 16 floats; tables `sin` and `cos` of Scripts/fit_polynomials.py. */
#ifndef JQ_VECMATH_TRIG_H
#define JQ_VECMATH_TRIG_H

#include "vector.h"

extern float sinf(float);
extern float cosf(float);

#define JQV_TRIG_LIMIT 0x1p16f /* beyond it the three-part reduction is not accurate: libm, lane by lane */

/* x = n pi/2 + r with |r| <= pi/4 (Cody and Waite, three parts of 24 bits). */
JQV_INLINE jqv_f32 jqv_reduce_trig(jqv_f32 x, jqv_i32 *quadrant) {
    jqv_f32 shifted = jqv_fma(x, jqv_splat(0x1.45f306p-1f), jqv_splat(JQV_ROUNDER));
    jqv_f32 n = shifted - JQV_ROUNDER;
    jqv_f32 r = jqv_fma(n, jqv_splat(-0x1.921fb6p0f), x); /* exact: a multiple of 2^-23 below 1 */
    r = jqv_fma(n, jqv_splat(0x1.777a5cp-25f), r);
    *quadrant = (jqv_i32)shifted; /* the low bits of n */
    return jqv_fma(n, jqv_splat(0x1.ee59dap-50f), r);
}

/* The sine of r + quadrant * pi/2. */
JQV_INLINE jqv_f32 jqv_sin_reduced(jqv_f32 r, jqv_i32 quadrant) {
    jqv_f32 s = r * r;
    jqv_f32 p = jqv_splat(0x1.7c2c4ep-19f);
    JQV_HORNER(p, s, -0x1.a05954p-13f);
    JQV_HORNER(p, s, 0x1.111174p-7f);
    JQV_HORNER(p, s, -0x1.555556p-3f);
    jqv_f32 sine = jqv_fma(r * s, p, r);
    jqv_f32 q = jqv_splat(0x1.99e80cp-16f);
    JQV_HORNER(q, s, -0x1.6c0c28p-10f);
    JQV_HORNER(q, s, 0x1.55554ap-5f);
    jqv_f32 cosine = jqv_fma(s * s, q, jqv_fma(s, jqv_splat(-0.5f), jqv_splat(1.0f)));
    jqv_f32 y = jqv_select((quadrant & 1) != 0, cosine, sine);
    return (jqv_f32)((jqv_i32)y ^ ((quadrant & 2) << 30));
}

JQV_INLINE jqv_f32 jqv_sin(jqv_f32 x) {
    jqv_i32 quadrant;
    jqv_f32 r = jqv_reduce_trig(x, &quadrant);
    jqv_f32 y = jqv_select(x == 0.0f, x, jqv_sin_reduced(r, quadrant));
    jqv_i32 far = jqv_abs(x) > JQV_TRIG_LIMIT;
    if (__builtin_expect(jqv_any(far), 0))
        for (int lane = 0; lane < 16; lane++)
            if (far[lane]) y[lane] = sinf(x[lane]);
    return y;
}

JQV_INLINE jqv_f32 jqv_cos(jqv_f32 x) {
    jqv_i32 quadrant;
    jqv_f32 r = jqv_reduce_trig(x, &quadrant);
    jqv_f32 y = jqv_sin_reduced(r, quadrant + 1);
    jqv_i32 far = jqv_abs(x) > JQV_TRIG_LIMIT;
    if (__builtin_expect(jqv_any(far), 0))
        for (int lane = 0; lane < 16; lane++)
            if (far[lane]) y[lane] = cosf(x[lane]);
    return y;
}

#endif
