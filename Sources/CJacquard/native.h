/* What emitted functions call: loads and stores of up to 16 elements, and the arithmetic of the tile functions on vectors. A bool is a
 * lane of 0 or -1. Reductions have the order of reduce_values.h. */
#ifndef JQ_NATIVE_H
#define JQ_NATIVE_H

typedef signed char jqn_bytes __attribute__((vector_size(16)));

JQV_INLINE int64_t jqn_least(int64_t a, int64_t b) { return a < b ? a : b; }
JQV_INLINE int64_t jqn_largest(int64_t a, int64_t b) { return a > b ? a : b; }
/* Where a run along an axis ends that begins at `first`: at the axis's own end, or after `rest` points. */
JQV_INLINE int64_t jqn_end(int64_t first, int64_t rest, int64_t extent) {
    return rest < extent - first ? first + rest : extent;
}
JQV_INLINE int64_t jqn_divide(int64_t x, int64_t d) { return x >= 0 ? x / d : -((d - 1 - x) / d); }
JQV_INLINE int64_t jqn_modulo(int64_t x, int64_t d) { return x - jqn_divide(x, d) * d; }

JQV_INLINE float jqn_float(unsigned bits) {
    union { unsigned bits; float value; } both = {bits};
    return both.value;
}

JQV_INLINE jqv_i32 jqn_numbers(void) { return (jqv_i32){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; }

/* Whether a checked index lies outside, which is reported. */
JQV_INLINE int jqn_outside(const jq_native_block *b, int64_t index, int64_t extent, int32_t node, int64_t position) {
    if (index >= 0 && index < extent) return 0;
    b->report(b->worker, node, position, index, extent);
    return 1;
}

/* A checked index; 0 where it lies outside. */
JQV_INLINE int64_t jqn_check(const jq_native_block *b, int64_t index, int64_t extent, int32_t node, int64_t position) {
    return jqn_outside(b, index, extent, node, position) ? 0 : index;
}

/* ---- Memory: the lanes m ..< n, which lie at p[m] ..< p[n] ---- */

#define JQN_LANES(m, n) for (int lane = (m); lane < (n); lane++)

#ifdef __AVX512F__
#define JQN_BITS(m, n) ((unsigned short)(((1u << (n)) - 1) & ~((1u << (m)) - 1)))
JQV_INLINE jqv_f32 jqn_in(const float *p, int m, int n) {
    return (jqv_f32)__builtin_ia32_loadups512_mask(p, (jqv_f32){0}, JQN_BITS(m, n));
}
JQV_INLINE void jqn_out(float *p, jqv_f32 v, int m, int n) { __builtin_ia32_storeups512_mask(p, v, JQN_BITS(m, n)); }
#else
JQV_INLINE jqv_f32 jqn_in(const float *p, int m, int n) {
    jqv_f32 v = {0};
    if (m == 0 && n == 16) return JQV_LOAD(jqv_f32, p);
    JQN_LANES(m, n) v[lane] = p[lane];
    return v;
}
JQV_INLINE void jqn_out(float *p, jqv_f32 v, int m, int n) {
    if (m == 0 && n == 16) JQV_STORE(jqv_f32, p, v);
    else JQN_LANES(m, n) p[lane] = v[lane];
}
#endif

/* The same, past the caches where a whole line is written: for what is not read soon. Such stores are made visible to other threads
 * by jqn_end_past_caches. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_nontemporal_store)
#define JQN_STREAMS
#endif
#endif
JQV_INLINE void jqn_out_past_caches(float *p, jqv_f32 v, int m, int n) {
#ifdef JQN_STREAMS
    if (m == 0 && n == 16 && ((uintptr_t)p & (sizeof v - 1)) == 0) {
        __builtin_nontemporal_store(v, (jqv_f32 *)p);
        return;
    }
#endif
    jqn_out(p, v, m, n);
}

JQV_INLINE void jqn_end_past_caches(void) {
#if defined(JQN_STREAMS) && defined(__x86_64__)
    __builtin_ia32_sfence();
#endif
}

/* The lanes low ..< high from memory, the others from `fill`. */
JQV_INLINE jqv_f32 jqn_part(const float *p, int low, int high, jqv_f32 fill) {
    const jqv_i32 lanes = jqn_numbers();
    return jqv_select((lanes >= low) & (lanes < high), jqn_in(p, low, high), fill);
}

JQV_INLINE jqv_i32 jqn_in_i32(const int *p, int m, int n) { return (jqv_i32)jqn_in((const float *)p, m, n); }
JQV_INLINE void jqn_out_i32(int *p, jqv_i32 v, int m, int n) { jqn_out((float *)p, (jqv_f32)v, m, n); }

JQV_INLINE jqv_i32 jqn_in_u8(const unsigned char *p, int m, int n) {
    jqv_u8 v = {0};
    if (m == 0 && n == 16) v = JQV_LOAD(jqv_u8, p);
    else JQN_LANES(m, n) v[lane] = p[lane];
    return __builtin_convertvector(v, jqv_i32);
}
JQV_INLINE void jqn_out_u8(unsigned char *p, jqv_i32 v, int m, int n) {
    const jqv_u8 bytes = __builtin_convertvector(v, jqv_u8);
    if (m == 0 && n == 16) JQV_STORE(jqv_u8, p, bytes);
    else JQN_LANES(m, n) p[lane] = bytes[lane];
}
JQV_INLINE jqv_i32 jqn_in_bool(const unsigned char *p, int m, int n) { return jqn_in_u8(p, m, n) != 0; }
JQV_INLINE void jqn_out_bool(unsigned char *p, jqv_i32 v, int m, int n) { jqn_out_u8(p, v & 1, m, n); }

/* i64 that are known to be small. */
JQV_INLINE void jqn_out_i64(long long *p, jqv_i32 v, int m, int n) { JQN_LANES(m, n) p[lane] = v[lane]; }

/* Every other element: the lanes m ..< n at p[2 m], ... , p[2 (n - 1)]. */
#ifdef __AVX512F__
#define JQN_EVEN 0x55555555u
#define JQN_PAIRS(m, n) (JQN_EVEN & (unsigned)((((uint64_t)1 << 2 * (n)) - 1) & ~(((uint64_t)1 << 2 * (m)) - 1)))
JQV_INLINE jqv_f32 jqn_in_pairs(const float *p, int m, int n) {
    const unsigned bits = JQN_PAIRS(m, n);
    const jqv_f32 low = (jqv_f32)__builtin_ia32_loadups512_mask(p, (jqv_f32){0}, (unsigned short)bits);
    const jqv_f32 high = (jqv_f32)__builtin_ia32_loadups512_mask(p + 16, (jqv_f32){0}, (unsigned short)(bits >> 16));
    return __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
JQV_INLINE void jqn_out_pairs(float *p, jqv_f32 v, int m, int n) {
    const unsigned bits = JQN_PAIRS(m, n);
    const jqv_f32 low = __builtin_shufflevector(v, v, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    const jqv_f32 high = __builtin_shufflevector(v, v, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15);
    __builtin_ia32_storeups512_mask(p, low, (unsigned short)bits);
    __builtin_ia32_storeups512_mask(p + 16, high, (unsigned short)(bits >> 16));
}
#else
JQV_INLINE jqv_f32 jqn_in_pairs(const float *p, int m, int n) {
    jqv_f32 v = {0};
    JQN_LANES(m, n) v[lane] = p[lane * 2];
    return v;
}
JQV_INLINE void jqn_out_pairs(float *p, jqv_f32 v, int m, int n) { JQN_LANES(m, n) p[lane * 2] = v[lane]; }
#endif

/* Each element `times` times (a power of two), the first one from the middle: lane l has p[(first + l) / times]. */
#ifdef __AVX512F__
JQV_INLINE jqv_f32 jqn_in_repeated(const float *p, int64_t first, int times, int m, int n) {
    const int skipped = (int)(first % times);
    const jqv_f32 v = jqn_in(p + first / times, (skipped + m) / times, (skipped + n - 1) / times + 1);
    const jqv_i32 places = (jqv_i32)((jqv_u32)(jqn_numbers() + skipped) / (unsigned)times);
#ifdef __clang__
    return __builtin_ia32_permvarsf512(v, places);
#else
    return __builtin_shuffle(v, places);
#endif
}
#else
JQV_INLINE jqv_f32 jqn_in_repeated(const float *p, int64_t first, int times, int m, int n) {
    jqv_f32 v = {0};
    JQN_LANES(m, n) v[lane] = p[(first + lane) / times];
    return v;
}
#endif

/* Elements `step` apart. */
#define JQN_STEPS(suffix, type, vector) \
    JQV_INLINE vector jqn_in_step##suffix(const type *p, int64_t step, int m, int n) { \
        vector v = {0}; \
        JQN_LANES(m, n) v[lane] = p[lane * step]; \
        return v; \
    } \
    JQV_INLINE void jqn_out_step##suffix(type *p, int64_t step, vector v, int m, int n) { \
        JQN_LANES(m, n) p[lane * step] = (type)v[lane]; \
    }
JQN_STEPS(, float, jqv_f32)
JQN_STEPS(_i32, int, jqv_i32)
JQN_STEPS(_u8, unsigned char, jqv_i32)
JQN_STEPS(_i64, long long, jqv_i32)
JQV_INLINE jqv_i32 jqn_in_step_bool(const unsigned char *p, int64_t step, int m, int n) {
    return jqn_in_step_u8(p, step, m, n) != 0;
}
JQV_INLINE void jqn_out_step_bool(unsigned char *p, int64_t step, jqv_i32 v, int m, int n) {
    jqn_out_step_u8(p, step, v & 1, m, n);
}

/* ---- Random numbers, drawn some hundred at a time ---- */

enum { JQN_DRAWN = 256 };

typedef struct jqn_stream {
    int64_t first; /* element of the first one drawn */
    float drawn[JQN_DRAWN];
} jqn_stream;

JQV_INLINE jqv_f32 jqn_draw(jqn_stream *s, void (*draw)(const int32_t *, int64_t, int64_t, float *), const int *key,
                            int64_t element, int m, int n) {
    if (element + m < s->first || element + n > s->first + JQN_DRAWN) {
        s->first = element + m;
        draw(key, s->first, JQN_DRAWN, s->drawn);
    }
    return jqn_in(s->drawn + (element - s->first), m, n);
}

/* ---- Functions of which the C language has none on vectors ---- */

#ifdef JQV_HAS_ELEMENTWISE
JQV_INLINE jqv_f32 jqn_floor(jqv_f32 x) { return __builtin_elementwise_floor(x); }
JQV_INLINE jqv_f32 jqn_ceil(jqv_f32 x) { return __builtin_elementwise_ceil(x); }
JQV_INLINE jqv_f32 jqn_round(jqv_f32 x) { return __builtin_elementwise_roundeven(x); }
JQV_INLINE jqv_f32 jqn_truncate(jqv_f32 x) { return __builtin_elementwise_trunc(x); }
#else
#define JQN_BY_LANES(name, function) \
    JQV_INLINE jqv_f32 name(jqv_f32 x) { \
        JQN_LANES(0, 16) x[lane] = function(x[lane]); \
        return x; \
    }
JQN_BY_LANES(jqn_floor, __builtin_floorf)
JQN_BY_LANES(jqn_ceil, __builtin_ceilf)
JQN_BY_LANES(jqn_round, __builtin_rintf)
JQN_BY_LANES(jqn_truncate, __builtin_truncf)
#endif

JQV_INLINE jqv_f32 jqn_sign(jqv_f32 x) {
    const jqv_i32 sign = (x < 0.0f) - (x > 0.0f); /* a comparison that holds is -1 */
    return jqv_select((x != x) | (x == 0.0f), x, __builtin_convertvector(sign, jqv_f32));
}

JQV_INLINE jqv_f32 jqn_power(jqv_f32 x, jqv_f32 y) {
    union { jqv_f32 whole; jqv_f32x8 half[2]; } a = {x}, b = {y};
    a.half[0] = jqv_pow8(a.half[0], b.half[0]);
    a.half[1] = jqv_pow8(a.half[1], b.half[1]);
    return a.whole;
}

/* The first operand where one is NaN or the comparison holds. */
JQV_INLINE jqv_f32 jqn_minimum(jqv_f32 p, jqv_f32 q) { return jqv_select((p < q) | (p != p), p, q); }
JQV_INLINE jqv_f32 jqn_maximum(jqv_f32 p, jqv_f32 q) { return jqv_select((p > q) | (p != p), p, q); }
JQV_INLINE jqv_i32 jqn_minimum_i32(jqv_i32 p, jqv_i32 q) { return jqv_select_i32(p < q, p, q); }
JQV_INLINE jqv_i32 jqn_maximum_i32(jqv_i32 p, jqv_i32 q) { return jqv_select_i32(p > q, p, q); }
JQV_INLINE jqv_f32 jqn_sum(jqv_f32 a, jqv_f32 x) { return a + x; }
JQV_INLINE jqv_f32 jqn_product(jqv_f32 a, jqv_f32 x) { return a * x; }

/* Integers wrap around. */
JQV_INLINE jqv_i32 jqn_add_i32(jqv_i32 a, jqv_i32 b) { return (jqv_i32)((jqv_u32)a + (jqv_u32)b); }
JQV_INLINE jqv_i32 jqn_subtract_i32(jqv_i32 a, jqv_i32 b) { return (jqv_i32)((jqv_u32)a - (jqv_u32)b); }
JQV_INLINE jqv_i32 jqn_multiply_i32(jqv_i32 a, jqv_i32 b) { return (jqv_i32)((jqv_u32)a * (jqv_u32)b); }

JQV_INLINE jqv_f32 jqn_to_f32(jqv_i32 x) { return __builtin_convertvector(x, jqv_f32); }
JQV_INLINE jqv_i32 jqn_to_i32(jqv_f32 x) {
    jqv_i32 v;
    JQN_LANES(0, 16) {
        const float p = x[lane];
        v[lane] = p != p ? 0 : p >= 0x1p31f ? 2147483647 : p < -0x1p31f ? -2147483647 - 1 : (int)p;
    }
    return v;
}

/* ---- Reductions ---- */

/* The lanes from k on, those before them after them. */
#define JQN_ROTATED(v, k) \
    __builtin_shufflevector(v, v, (0 + k) % 16, (1 + k) % 16, (2 + k) % 16, (3 + k) % 16, (4 + k) % 16, (5 + k) % 16, \
                            (6 + k) % 16, (7 + k) % 16, (8 + k) % 16, (9 + k) % 16, (10 + k) % 16, (11 + k) % 16, \
                            (12 + k) % 16, (13 + k) % 16, (14 + k) % 16, (15 + k) % 16)

/* In every lane what `combine` makes of all lanes: l with l + 8, then l + 4, and so on. */
#define JQN_FOLD(combine) \
    JQV_INLINE jqv_f32 combine##_fold(jqv_f32 v) { \
        v = combine(v, JQN_ROTATED(v, 8)); \
        v = combine(v, JQN_ROTATED(v, 4)); \
        v = combine(v, JQN_ROTATED(v, 2)); \
        v = combine(v, JQN_ROTATED(v, 1)); \
        return jqv_splat(v[0]); \
    }
JQN_FOLD(jqn_sum)
JQN_FOLD(jqn_product)
JQN_FOLD(jqn_minimum)
JQN_FOLD(jqn_maximum)

/* The lanes m ..< n of x, the identity of a reduction in the others. */
JQV_INLINE jqv_f32 jqn_kept(jqv_f32 x, int m, int n, float identity) {
    const jqv_i32 lanes = jqn_numbers();
    return m == 0 && n == 16 ? x : jqv_select((lanes >= m) & (lanes < n), x, jqv_splat(identity));
}

/* Whether x comes before the value kept: it is more extreme, or the first NaN. */
JQV_INLINE jqv_i32 jqn_above(jqv_f32 x, jqv_f32 kept) { return (x > kept) | ((x != x) & (kept == kept)); }
JQV_INLINE jqv_i32 jqn_below(jqv_f32 x, jqv_f32 kept) { return (x < kept) | ((x != x) & (kept == kept)); }

#endif
