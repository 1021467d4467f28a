/* Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011) on eight blocks at once, and Box-Muller on its words. */
#ifndef JQ_PHILOX_BLOCKS_H
#define JQ_PHILOX_BLOCKS_H

#include "vecmath_log.h"
#include "vecmath_trig.h"

#define JQ_LOW_WORD 0xffffffffULL

/* One round. Words lie in 64-bit lanes whose upper half is 0 (and is masked again where the compiler cannot see
 * it: only then is the product one instruction). */
#define JQ_PHILOX_ROUND(c0, c1, c2, c3, k0, k1) \
    do { \
        const jqv_u64 p = ((c0) & JQ_LOW_WORD) * 0xD2511F53ULL, q = ((c2) & JQ_LOW_WORD) * 0xCD9E8D57ULL; \
        (c0) = (q >> 32) ^ (c1) ^ (k0); \
        (c1) = q & JQ_LOW_WORD; \
        (c2) = (p >> 32) ^ (c3) ^ (k1); \
        (c3) = p & JQ_LOW_WORD; \
        (k0) = ((k0) + 0x9E3779B9ULL) & JQ_LOW_WORD; \
        (k1) = ((k1) + 0xBB67AE85ULL) & JQ_LOW_WORD; \
    } while (0)

/* The words of blocks block ..< block + 8, in order. */
JQV_INLINE void jqv_philox_eight(const uint32_t key[2], uint64_t block, uint32_t out[32]) {
    const jqv_u64 number = block + (jqv_u64){0, 1, 2, 3, 4, 5, 6, 7};
    jqv_u64 c0 = number & JQ_LOW_WORD, c1 = number >> 32, c2 = c0 ^ c0, c3 = c2;
    uint64_t k0 = key[0], k1 = key[1];
    JQ_PHILOX_ROUND(c0, c1, c2, c3, k0, k1);
    JQ_PHILOX_ROUND(c0, c1, c2, c3, k0, k1);
    JQ_PHILOX_ROUND(c0, c1, c2, c3, k0, k1);
    JQ_PHILOX_ROUND(c0, c1, c2, c3, k0, k1);
    JQ_PHILOX_ROUND(c0, c1, c2, c3, k0, k1);
    JQ_PHILOX_ROUND(c0, c1, c2, c3, k0, k1);
    JQ_PHILOX_ROUND(c0, c1, c2, c3, k0, k1);
    JQ_PHILOX_ROUND(c0, c1, c2, c3, k0, k1);
    JQ_PHILOX_ROUND(c0, c1, c2, c3, k0, k1);
    JQ_PHILOX_ROUND(c0, c1, c2, c3, k0, k1);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    const jqv_u64 low = c0 << 32 | c1, high = c2 << 32 | c3;
#else
    const jqv_u64 low = c0 | c1 << 32, high = c2 | c3 << 32;
#endif
    JQV_STORE(jqv_u64, out, __builtin_shufflevector(low, high, 0, 8, 1, 9, 2, 10, 3, 11));
    JQV_STORE(jqv_u64, out + 16, __builtin_shufflevector(low, high, 4, 12, 5, 13, 6, 14, 7, 15));
}

static void philox_words(const uint32_t key[2], uint64_t block, long blocks, uint32_t *out) {
    uint32_t rest[32];
    long i = 0;
    for (; i + 8 <= blocks; i += 8) jqv_philox_eight(key, block + (uint64_t)i, out + 4 * i);
    if (i == blocks) return;
    jqv_philox_eight(key, block + (uint64_t)i, rest);
    memcpy(out + 4 * i, rest, (size_t)(blocks - i) * 4 * sizeof(uint32_t));
}

/* Sixteen pairs of words to sixteen pairs of normal numbers. */
JQV_INLINE void jqv_box_muller(const uint32_t *words, float *out) {
    const jqv_u32 a = JQV_LOAD(jqv_u32, words), b = JQV_LOAD(jqv_u32, words + 16);
    const jqv_u32 first = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const jqv_u32 second = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    const jqv_f32 u = __builtin_convertvector((jqv_i32)((first >> 8) + 1), jqv_f32) * 0x1p-24f;
    const jqv_f32 v = __builtin_convertvector((jqv_i32)(second >> 8), jqv_f32) * 0x1p-24f;
    const jqv_f32 radius = jqv_sqrt(jqv_log(u) * -2.0f);
    jqv_i32 quadrant;
    const jqv_f32 r = jqv_reduce_trig(v * 0x1.921fb6p2f, &quadrant);
    const jqv_f32 x = radius * jqv_sin_reduced(r, quadrant + 1), y = radius * jqv_sin_reduced(r, quadrant);
    JQV_STORE(jqv_f32, out, __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    JQV_STORE(jqv_f32, out + 16,
              __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
}

/* `n` is even. */
static void box_muller(const uint32_t *words, long n, float *out) {
    long i = 0;
    for (; i + 32 <= n; i += 32) jqv_box_muller(words + i, out + i);
    if (i == n) return;
    uint32_t padded[32] = {0};
    float rest[32];
    memcpy(padded, words + i, (size_t)(n - i) * sizeof(uint32_t));
    jqv_box_muller(padded, rest);
    memcpy(out + i, rest, (size_t)(n - i) * sizeof(float));
}

#endif
