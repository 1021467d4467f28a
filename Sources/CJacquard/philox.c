/* Draws of the counter-based generator: any range of elements, computed in chunks of whole blocks. */
#include <math.h>
#include <string.h>

#include "runtime.h"

#if defined(__clang__)
#pragma clang fp contract(off)
#endif

enum { CHUNK = 512 }; /* words; a multiple of those of a block */

/* The words of blocks starting at `block`, at most CHUNK. */
static void fill(const int32_t key[2], int64_t block, long words, uint32_t *out) {
    const uint32_t bits[2] = {(uint32_t)key[0], (uint32_t)key[1]};
    jq_functions_in_use()->philox_words(bits, (uint64_t)block, (words + 3) / 4, out);
}

/* Calls of `body` with `words`, the words of a chunk; its elements `skip` ..< skip + count go to `out`. */
#define FOR_CHUNKS(words_per_element, body) \
    do { \
        uint32_t words[CHUNK]; \
        enum { per_block = 4 / (words_per_element), per_chunk = CHUNK / (words_per_element) }; \
        while (n > 0) { \
            const int64_t block = first / per_block; \
            const long skip = (long)(first % per_block); \
            const long count = n < per_chunk - skip ? n : per_chunk - skip; \
            fill(key, block, (skip + count) * (words_per_element), words); \
            body; \
            out += count, first += count, n -= count; \
        } \
    } while (0)

void jq_philox_words(const int32_t key[2], int64_t first, long n, uint32_t *out) {
    FOR_CHUNKS(1, memcpy(out, words + skip, (size_t)count * sizeof(uint32_t)));
}

void jq_philox_uniform_f32(const int32_t key[2], int64_t first, long n, float *out) {
    FOR_CHUNKS(1, for (long i = 0; i < count; i++) out[i] = (float)(int32_t)(words[skip + i] >> 8) * 0x1p-24f);
}

void jq_philox_bernoulli(const int32_t key[2], double p, int64_t first, long n, uint8_t *out) {
    /* k 2^-24 < p just when k < ceil(p 2^24): both are integers or exact in double. */
    const double scaled = ceil(p * 0x1p24);
    const int32_t limit = scaled >= 0x1p24 ? 1 << 24 : scaled > 0 ? (int32_t)scaled : 0;
    FOR_CHUNKS(1, for (long i = 0; i < count; i++) out[i] = (int32_t)(words[skip + i] >> 8) < limit);
}

void jq_philox_uniform_f64(const int32_t key[2], int64_t first, long n, double *out) {
    FOR_CHUNKS(1, for (long i = 0; i < count; i++) out[i] = (double)(int32_t)(words[skip + i] >> 8) * 0x1p-24);
}

void jq_philox_normal_f32(const int32_t key[2], int64_t first, long n, float *out) {
    float normal[CHUNK];
    FOR_CHUNKS(1, {
        jq_functions_in_use()->box_muller(words, (skip + count + 3) / 4 * 4, normal);
        memcpy(out, normal + skip, (size_t)count * sizeof(float));
    });
}

void jq_philox_normal_f64(const int32_t key[2], int64_t first, long n, double *out) {
    FOR_CHUNKS(1, for (long i = 0; i < count; i++) {
        const uint32_t *pair = words + ((skip + i) & ~1L);
        const double radius = sqrt(-2 * log((double)((pair[0] >> 8) + 1) * 0x1p-24));
        const double angle = 0x1.921fb54442d18p2 * ((double)(pair[1] >> 8) * 0x1p-24);
        out[i] = radius * (((skip + i) & 1) != 0 ? sin(angle) : cos(angle));
    });
}

void jq_philox_fold(const int32_t key[2], int64_t data, int32_t folded[2]) {
    uint32_t c[4] = {(uint32_t)data, (uint32_t)((uint64_t)data >> 32), 0, 1};
    uint32_t k[2] = {(uint32_t)key[0], (uint32_t)key[1]};
    for (int round = 0; round < 10; round++) {
        const uint64_t p = (uint64_t)c[0] * 0xD2511F53u, q = (uint64_t)c[2] * 0xCD9E8D57u;
        const uint32_t c1 = c[1], c3 = c[3];
        c[0] = (uint32_t)(q >> 32) ^ c1 ^ k[0], c[1] = (uint32_t)q;
        c[2] = (uint32_t)(p >> 32) ^ c3 ^ k[1], c[3] = (uint32_t)p;
        k[0] += 0x9E3779B9u, k[1] += 0xBB67AE85u;
    }
    folded[0] = (int32_t)c[0], folded[1] = (int32_t)c[1];
}
