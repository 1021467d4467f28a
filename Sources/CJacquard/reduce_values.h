/* Sum, product, minimum, maximum, any and all, in lanes along rows and in order down columns. */
#ifndef JQ_REDUCE_VALUES_H
#define JQ_REDUCE_VALUES_H

#include "vector.h"

/* mask ? a : b for any vector type and the integer vector type of its masks. */
#define JQV_PICK(vector, mask_type, mask, a, b) \
    ((vector)(((mask_type)(mask) & (mask_type)(a)) | (~(mask_type)(mask) & (mask_type)(b))))

#define JQ_COMBINE_SUM(vector, mask, a, x) ((a) + (x))
#define JQ_COMBINE_PRODUCT(vector, mask, a, x) ((a) * (x))
#define JQ_COMBINE_ANY(vector, mask, a, x) ((a) | (x))
#define JQ_COMBINE_ALL(vector, mask, a, x) ((a) & (x))
#define JQ_COMBINE_LEAST(vector, mask, a, x) JQV_PICK(vector, mask, ((a) < (x)) | ((a) != (a)), a, x)
#define JQ_COMBINE_LARGEST(vector, mask, a, x) JQV_PICK(vector, mask, ((a) > (x)) | ((a) != (a)), a, x)

/* The lanes from k on, those before them after them. */
#define JQV_ROTATE_16(v, k) \
    __builtin_shufflevector(v, v, (0 + k) % 16, (1 + k) % 16, (2 + k) % 16, (3 + k) % 16, (4 + k) % 16, \
                            (5 + k) % 16, (6 + k) % 16, (7 + k) % 16, (8 + k) % 16, (9 + k) % 16, (10 + k) % 16, \
                            (11 + k) % 16, (12 + k) % 16, (13 + k) % 16, (14 + k) % 16, (15 + k) % 16)
#define JQV_ROTATE_8(v, k) \
    __builtin_shufflevector(v, v, (0 + k) % 8, (1 + k) % 8, (2 + k) % 8, (3 + k) % 8, (4 + k) % 8, (5 + k) % 8, \
                            (6 + k) % 8, (7 + k) % 8)
#define JQV_LANE_NUMBERS_16 {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
#define JQV_LANE_NUMBERS_8 {0, 1, 2, 3, 4, 5, 6, 7}
#define JQV_SPLAT_16(x) {x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}
#define JQV_SPLAT_8(x) {x, x, x, x, x, x, x, x}

/* Fewer than `lanes` elements, the empty lanes filled with the identity. Where `readable` elements may be
 * read from x on, the vector is loaded whole. */
#define JQ_PARTIAL_VECTOR(name, vector, mask, type, lanes, identity) \
    JQV_INLINE vector name##_partial(const type *x, long n, long readable) { \
        const vector empty = JQV_SPLAT_##lanes(identity); \
        const mask numbers = JQV_LANE_NUMBERS_##lanes; \
        if (readable >= lanes) return JQV_PICK(vector, mask, numbers < (type##_mask)n, JQV_LOAD(vector, x), empty); \
        type padded[lanes]; \
        JQV_STORE(vector, padded, empty); \
        for (long i = 0; i < n; i++) padded[i] = x[i]; \
        return JQV_LOAD(vector, padded); \
    }

#define JQ_REDUCE_ROWS(name, vector, mask, type, lanes, identity, combine) \
    JQV_INLINE vector name##_along(vector v, const type *x, long n, long readable) { \
        long i = 0; \
        for (; i + lanes <= n; i += lanes) { \
            const vector next = JQV_LOAD(vector, x + i); \
            v = combine(vector, mask, v, next); \
        } \
        if (i == n) return v; \
        const vector last = name##_partial(x + i, n - i, readable - i); \
        return combine(vector, mask, v, last); \
    } \
    JQV_INLINE type name##_fold(vector v) { \
        vector other; \
        if (lanes == 16) other = JQV_ROTATE_##lanes(v, 8), v = combine(vector, mask, v, other); \
        other = JQV_ROTATE_##lanes(v, 4), v = combine(vector, mask, v, other); \
        other = JQV_ROTATE_##lanes(v, 2), v = combine(vector, mask, v, other); \
        other = JQV_ROTATE_##lanes(v, 1), v = combine(vector, mask, v, other); \
        return v[0]; \
    } \
    static void name##_start(void *accumulators, long rows) { \
        type *a = accumulators; \
        for (long i = 0; i < rows * lanes; i++) a[i] = (type)(identity); \
    } \
    static void name##_add(void *accumulators, const void *x, long rows, long n, long stride, long first) { \
        type *a = accumulators; \
        (void)first; \
        for (long r = 0; r < rows; r++) { \
            const vector v = JQV_LOAD(vector, a + r * lanes); \
            const long readable = (rows - 1 - r) * stride + n; \
            JQV_STORE(vector, a + r * lanes, name##_along(v, (const type *)x + r * stride, n, readable)); \
        } \
    } \
    static void name##_finish(void *results, void *values, const void *accumulators, long rows) { \
        type *d = results; \
        (void)values; \
        for (long r = 0; r < rows; r++) d[r] = name##_fold(JQV_LOAD(vector, (const type *)accumulators + r * lanes)); \
    } \
    static void name##_rows(void *results, void *values, const void *x, long rows, long n, long stride) { \
        type *d = results; \
        (void)values; \
        for (long r = 0; r < rows; r++) { \
            const vector empty = JQV_SPLAT_##lanes(identity); \
            const long readable = (rows - 1 - r) * stride + n; \
            d[r] = name##_fold(name##_along(empty, (const type *)x + r * stride, n, readable)); \
        } \
    }

#define JQ_REDUCE_COLUMNS(name, vector, mask, type, lanes, identity, combine) \
    static void name##_start_columns(void *accumulators, long n) { \
        type *a = accumulators; \
        for (long i = 0; i < n; i++) a[i] = (type)(identity); \
    } \
    JQV_INLINE void name##_column_rest(type *a, const type *x, long rows, long n, long stride) { \
        for (long r = 0; r < rows; r++) { \
            const vector next = name##_partial(x + r * stride, n, n); \
            const vector v = name##_partial(a, n, n); \
            type padded[lanes]; \
            JQV_STORE(vector, padded, combine(vector, mask, v, next)); \
            for (long i = 0; i < n; i++) a[i] = padded[i]; \
        } \
    } \
    static void name##_add_columns(void *accumulators, const void *x, long rows, long n, long stride, long first) { \
        type *a = accumulators; \
        const type *source = x; \
        long j = 0; \
        (void)first; \
        for (; j + 2 * lanes <= n; j += 2 * lanes) { \
            vector v = JQV_LOAD(vector, a + j), w = JQV_LOAD(vector, a + j + lanes); \
            for (long r = 0; r < rows; r++) { \
                const type *row = source + r * stride + j; \
                const vector p = JQV_LOAD(vector, row), q = JQV_LOAD(vector, row + lanes); \
                v = combine(vector, mask, v, p), w = combine(vector, mask, w, q); \
            } \
            JQV_STORE(vector, a + j, v); \
            JQV_STORE(vector, a + j + lanes, w); \
        } \
        for (; j + lanes <= n; j += lanes) { \
            vector v = JQV_LOAD(vector, a + j); \
            for (long r = 0; r < rows; r++) { \
                const vector p = JQV_LOAD(vector, source + r * stride + j); \
                v = combine(vector, mask, v, p); \
            } \
            JQV_STORE(vector, a + j, v); \
        } \
        if (j < n) name##_column_rest(a + j, source + j, rows, n - j, stride); \
    }

#define JQ_REDUCER(name, count, size) \
    static const jq_reducer name = {count,         size,         name##_start,         name##_add, \
                                    name##_finish, name##_rows,  name##_start_columns, name##_add_columns};

/* Lane numbers are compared as integers of the element's width. */
#define float_mask int
#define double_mask long long
#define int32_t_mask int
#define uint32_t_mask int
#define int64_t_mask long long
#define uint64_t_mask long long
#define uint8_t_mask signed char

#define JQ_VALUE_REDUCER(name, vector, mask, type, lanes, identity, combine) \
    JQ_PARTIAL_VECTOR(name, vector, mask, type, lanes, identity) \
    JQ_REDUCE_ROWS(name, vector, mask, type, lanes, identity, combine) \
    JQ_REDUCE_COLUMNS(name, vector, mask, type, lanes, identity, combine) \
    JQ_REDUCER(name, lanes, lanes * sizeof(type))

/* Integer sums and products are of unsigned vectors, which wrap around. */
#define JQ_SUM_AND_PRODUCT(suffix, vector, mask, type, lanes) \
    JQ_VALUE_REDUCER(sum_##suffix, vector, mask, type, lanes, 0, JQ_COMBINE_SUM) \
    JQ_VALUE_REDUCER(product_##suffix, vector, mask, type, lanes, 1, JQ_COMBINE_PRODUCT)

#define JQ_EXTREMES(suffix, vector, mask, type, lanes, lowest, highest) \
    JQ_VALUE_REDUCER(least_##suffix, vector, mask, type, lanes, highest, JQ_COMBINE_LEAST) \
    JQ_VALUE_REDUCER(largest_##suffix, vector, mask, type, lanes, lowest, JQ_COMBINE_LARGEST)

JQ_SUM_AND_PRODUCT(f32, jqv_f32, jqv_i32, float, 16)
JQ_SUM_AND_PRODUCT(f64, jqv_f64, jqv_i64, double, 8)
JQ_SUM_AND_PRODUCT(i32, jqv_u32, jqv_i32, uint32_t, 16)
JQ_SUM_AND_PRODUCT(i64, jqv_u64, jqv_i64, uint64_t, 8)
JQ_SUM_AND_PRODUCT(u8, jqv_u8, jqv_i8, uint8_t, 16)
JQ_SUM_AND_PRODUCT(u64, jqv_u64, jqv_i64, uint64_t, 8)
JQ_EXTREMES(f32, jqv_f32, jqv_i32, float, 16, -__builtin_inff(), __builtin_inff())
JQ_EXTREMES(f64, jqv_f64, jqv_i64, double, 8, -__builtin_inf(), __builtin_inf())
JQ_EXTREMES(i32, jqv_i32, jqv_i32, int32_t, 16, INT32_MIN, INT32_MAX)
JQ_EXTREMES(i64, jqv_i64, jqv_i64, int64_t, 8, INT64_MIN, INT64_MAX)
JQ_EXTREMES(u64, jqv_u64, jqv_i64, uint64_t, 8, 0, UINT64_MAX)
JQ_EXTREMES(u8, jqv_u8, jqv_i8, uint8_t, 16, 0, UINT8_MAX)
JQ_VALUE_REDUCER(any_u8, jqv_u8, jqv_i8, uint8_t, 16, 0, JQ_COMBINE_ANY)
JQ_VALUE_REDUCER(all_u8, jqv_u8, jqv_i8, uint8_t, 16, UINT8_MAX, JQ_COMBINE_ALL)

#endif
