/* Vectors of 64 bytes in the GCC vector extension: 16 lanes of 4 bytes, 8 of 8. The compiler splits
 * them for narrower machines, so one source, one sequence of operations and one result serve every
 * instruction set. Comparison results are integer vectors of 0 and -1. Nothing is contracted: a fused
 * multiply-add is formed only where jqv_fma says so. */
#ifndef JQ_VECTOR_H
#define JQ_VECTOR_H

#define JQV_INLINE static inline __attribute__((always_inline, unused))

typedef float jqv_f32 __attribute__((vector_size(64)));
typedef int jqv_i32 __attribute__((vector_size(64)));
typedef unsigned jqv_u32 __attribute__((vector_size(64)));
typedef double jqv_f64 __attribute__((vector_size(64)));
typedef long long jqv_i64 __attribute__((vector_size(64)));
typedef unsigned long long jqv_u64 __attribute__((vector_size(64)));
typedef unsigned char jqv_u8 __attribute__((vector_size(16)));
typedef signed char jqv_i8 __attribute__((vector_size(16)));
typedef float jqv_f32x8 __attribute__((vector_size(32)));

/* The same, as they lie in memory: aligned like one element. */
typedef float jqv_f32_memory __attribute__((vector_size(64), aligned(4), may_alias));
typedef int jqv_i32_memory __attribute__((vector_size(64), aligned(4), may_alias));
typedef unsigned jqv_u32_memory __attribute__((vector_size(64), aligned(4), may_alias));
typedef double jqv_f64_memory __attribute__((vector_size(64), aligned(8), may_alias));
typedef long long jqv_i64_memory __attribute__((vector_size(64), aligned(8), may_alias));
typedef unsigned long long jqv_u64_memory __attribute__((vector_size(64), aligned(4), may_alias)); /* pairs of words too */
typedef unsigned char jqv_u8_memory __attribute__((vector_size(16), aligned(1), may_alias));
typedef float jqv_f32x8_memory __attribute__((vector_size(32), aligned(4), may_alias));

#define JQV_LOAD(type, pointer) ((type) * (const type##_memory *)(pointer))
#define JQV_STORE(type, pointer, value) (*(type##_memory *)(pointer) = (type##_memory)(value))

JQV_INLINE jqv_f32 jqv_splat(float x) {
    return (jqv_f32){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

JQV_INLINE jqv_i32 jqv_splat_i32(int x) {
    return (jqv_i32){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

JQV_INLINE jqv_f64 jqv_splat_f64(double x) {
    return (jqv_f64){x, x, x, x, x, x, x, x};
}

JQV_INLINE jqv_i64 jqv_splat_i64(long long x) {
    return (jqv_i64){x, x, x, x, x, x, x, x};
}

#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_fma)
#define JQV_HAS_ELEMENTWISE 1
#endif
#endif

/* A machine without fma computes it lane by lane in the C library; one copy of that is enough. */
#ifdef JQV_SOFT_FMA
#define JQV_FMA_FUNCTION static __attribute__((noinline, unused))
#else
#define JQV_FMA_FUNCTION JQV_INLINE
#endif

#if defined(JQV_HAS_ELEMENTWISE) && !defined(JQV_SOFT_FMA)
JQV_INLINE jqv_f32 jqv_fma(jqv_f32 a, jqv_f32 b, jqv_f32 c) { return __builtin_elementwise_fma(a, b, c); }
JQV_INLINE jqv_f64 jqv_fma_f64(jqv_f64 a, jqv_f64 b, jqv_f64 c) { return __builtin_elementwise_fma(a, b, c); }
#else
JQV_FMA_FUNCTION jqv_f32 jqv_fma(jqv_f32 a, jqv_f32 b, jqv_f32 c) {
    for (int lane = 0; lane < 16; lane++) a[lane] = __builtin_fmaf(a[lane], b[lane], c[lane]);
    return a;
}
JQV_FMA_FUNCTION jqv_f64 jqv_fma_f64(jqv_f64 a, jqv_f64 b, jqv_f64 c) {
    for (int lane = 0; lane < 8; lane++) a[lane] = __builtin_fma(a[lane], b[lane], c[lane]);
    return a;
}
#endif

#ifdef JQV_HAS_ELEMENTWISE
JQV_INLINE jqv_f32 jqv_sqrt(jqv_f32 a) { return __builtin_elementwise_sqrt(a); }
JQV_INLINE jqv_f64 jqv_sqrt_f64(jqv_f64 a) { return __builtin_elementwise_sqrt(a); }
JQV_INLINE int jqv_any(jqv_i32 mask) { return __builtin_reduce_or(mask) != 0; }
#else
JQV_INLINE jqv_f32 jqv_sqrt(jqv_f32 a) {
    for (int lane = 0; lane < 16; lane++) a[lane] = __builtin_sqrtf(a[lane]);
    return a;
}
JQV_INLINE jqv_f64 jqv_sqrt_f64(jqv_f64 a) {
    for (int lane = 0; lane < 8; lane++) a[lane] = __builtin_sqrt(a[lane]);
    return a;
}
JQV_INLINE int jqv_any(jqv_i32 mask) {
    int any = 0;
    for (int lane = 0; lane < 16; lane++) any |= mask[lane];
    return any != 0;
}
#endif

JQV_INLINE jqv_f32 jqv_rsqrt(jqv_f32 x) { return 1.0f / jqv_sqrt(x); }
JQV_INLINE jqv_f64 jqv_rsqrt_f64(jqv_f64 x) { return 1.0 / jqv_sqrt_f64(x); }

/* mask ? a : b, lane by lane. */
JQV_INLINE jqv_i32 jqv_select_i32(jqv_i32 mask, jqv_i32 a, jqv_i32 b) { return (mask & a) | (~mask & b); }
JQV_INLINE jqv_i64 jqv_select_i64(jqv_i64 mask, jqv_i64 a, jqv_i64 b) { return (mask & a) | (~mask & b); }
JQV_INLINE jqv_f32 jqv_select(jqv_i32 mask, jqv_f32 a, jqv_f32 b) {
    return (jqv_f32)jqv_select_i32(mask, (jqv_i32)a, (jqv_i32)b);
}
JQV_INLINE jqv_f64 jqv_select_f64(jqv_i64 mask, jqv_f64 a, jqv_f64 b) {
    return (jqv_f64)jqv_select_i64(mask, (jqv_i64)a, (jqv_i64)b);
}

#define JQV_SIGN_BIT (-2147483647 - 1)

JQV_INLINE jqv_f32 jqv_abs(jqv_f32 x) { return (jqv_f32)((jqv_i32)x & 0x7fffffff); }

/* The magnitude of `x`, which must not be negative, with the sign of `sign`. */
JQV_INLINE jqv_f32 jqv_with_sign(jqv_f32 x, jqv_f32 sign) {
    return (jqv_f32)((jqv_i32)x | ((jqv_i32)sign & JQV_SIGN_BIT));
}

/* limit where x > limit, else x; a NaN stays. */
JQV_INLINE jqv_f32 jqv_at_most(jqv_f32 x, float limit) { return jqv_select(x > limit, jqv_splat(limit), x); }
JQV_INLINE jqv_f32 jqv_at_least(jqv_f32 x, float limit) { return jqv_select(x < limit, jqv_splat(limit), x); }

/* One step of Horner's scheme. */
#define JQV_HORNER(p, x, c) ((p) = jqv_fma((p), (x), jqv_splat(c)))
#define JQV_HORNER_F64(p, x, c) ((p) = jqv_fma_f64((p), (x), jqv_splat_f64(c)))

/* Adding 1.5 * 2^23 (2^52) rounds to the nearest integer, ties to even, and leaves it in the low bits. */
#define JQV_ROUNDER 0x1.8p23f
#define JQV_ROUNDER_F64 0x1.8p52

#endif
