/* Products with a vector, for matrix products of one row or one column. Bound by memory, not arithmetic, so
 * plain loops are as fast as a library's; and their order of operations depends neither on how the product is
 * cut nor on strides. */
#ifndef JQ_VECTOR_PRODUCTS_H
#define JQ_VECTOR_PRODUCTS_H

#include "reduce_values.h"

enum { JQ_COMBINED_AT_ONCE = 2048 }; /* sums: a few KiB of stack that stay in the first cache */

#define JQ_FMA_SCALAR_f32 __builtin_fmaf
#define JQ_FMA_SCALAR_f64 __builtin_fma

/* sums[j] = sum over k of x[k] matrix[k][j], in the order of k, each step one fma. Eight rows at once, so that the sums
 * are loaded and stored once for eight. */
#define JQ_COMBINE(suffix, vector, type, lanes, splat, fma) \
    JQV_INLINE void combine_rows_##suffix(type *sums, const type *x, long step, const type *m, long row, long n, \
                                          int rows) { \
        type factor[8]; \
        long j = 0; \
        for (int r = 0; r < rows; r++) factor[r] = x[r * step]; \
        for (; j + lanes <= n; j += lanes) { \
            vector v = JQV_LOAD(vector, sums + j); \
            for (int r = 0; r < rows; r++) v = fma(splat(factor[r]), JQV_LOAD(vector, m + r * row + j), v); \
            JQV_STORE(vector, sums + j, v); \
        } \
        for (; j < n; j++) \
            for (int r = 0; r < rows; r++) sums[j] = JQ_FMA_SCALAR_##suffix(factor[r], m[r * row + j], sums[j]); \
    } \
    static void combine_##suffix(void *result, long result_step, const void *vector_, long step, const void *matrix, \
                                 long row, long n, long depth, int accumulate) { \
        type sums[JQ_COMBINED_AT_ONCE], *y = result; \
        const type *x = vector_, *m = matrix; \
        for (long j = 0; j < n; j += JQ_COMBINED_AT_ONCE) { \
            const long width = n - j < JQ_COMBINED_AT_ONCE ? n - j : JQ_COMBINED_AT_ONCE; \
            long k = 0; \
            memset(sums, 0, (size_t)width * sizeof(type)); \
            for (; k + 8 <= depth; k += 8) \
                combine_rows_##suffix(sums, x + k * step, step, m + k * row + j, row, width, 8); \
            for (; k < depth; k++) \
                combine_rows_##suffix(sums, x + k * step, step, m + k * row + j, row, width, 1); \
            for (long i = 0; i < width; i++) { \
                type *to = y + (j + i) * result_step; \
                *to = accumulate ? *to + sums[i] : sums[i]; \
            } \
        } \
    }

/* result[j] = sum over k of matrix[j][k] x[k], in lanes (k mod lanes), combined as a reduction's are. `step` is a literal
 * 1 where it is 1; `readable` elements may be read from m on. */
#define JQ_DOT(suffix, vector, type, lanes, fma) \
    JQV_INLINE vector dot_gather_##suffix(const type *x, long step, long n) { \
        type gathered[lanes] = {0}; \
        for (long i = 0; i < n && i < lanes; i++) gathered[i] = x[i * step]; \
        return JQV_LOAD(vector, gathered); \
    } \
    JQV_INLINE void dot_rows_##suffix(type *sum, const type *x, long step, const type *m, long row, long depth, \
                                      long readable, int rows) { \
        const vector empty = JQV_SPLAT_##lanes(0); \
        vector sums[4] = {empty, empty, empty, empty}; \
        long k = 0; \
        for (; k + lanes <= depth; k += lanes) { \
            const vector factor = step == 1 ? JQV_LOAD(vector, x + k) : dot_gather_##suffix(x + k * step, step, lanes); \
            for (int r = 0; r < rows; r++) sums[r] = fma(factor, JQV_LOAD(vector, m + r * row + k), sums[r]); \
        } \
        if (k < depth) { \
            const vector factor = dot_gather_##suffix(x + k * step, step, depth - k); \
            for (int r = 0; r < rows; r++) { \
                const long here = r * row + k; \
                sums[r] = fma(factor, sum_##suffix##_partial(m + here, depth - k, readable - here), sums[r]); \
            } \
        } \
        for (int r = 0; r < rows; r++) sum[r] = sum_##suffix##_fold(sums[r]); \
    } \
    static void dot_##suffix(void *result, long result_step, const void *vector_, long step, const void *matrix, \
                             long row, long n, long depth, int accumulate) { \
        type *y = result; \
        const type *x = vector_, *m = matrix; \
        for (long j = 0; j < n; j += 4) { \
            type sum[4]; \
            const long readable = (n - 1 - j) * row + depth, count = n - j < 4 ? n - j : 4; \
            if (count == 4 && step == 1) { \
                dot_rows_##suffix(sum, x, 1, m + j * row, row, depth, readable, 4); \
            } else { \
                for (long r = 0; r < count; r++) \
                    dot_rows_##suffix(sum + r, x, step, m + (j + r) * row, row, depth, readable - r * row, 1); \
            } \
            for (long r = 0; r < count; r++) { \
                type *to = y + (j + r) * result_step; \
                *to = accumulate ? *to + sum[r] : sum[r]; \
            } \
        } \
    }

JQ_COMBINE(f32, jqv_f32, float, 16, jqv_splat, jqv_fma)
JQ_COMBINE(f64, jqv_f64, double, 8, jqv_splat_f64, jqv_fma_f64)
JQ_DOT(f32, jqv_f32, float, 16, jqv_fma)
JQ_DOT(f64, jqv_f64, double, 8, jqv_fma_f64)

#endif
