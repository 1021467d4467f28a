/* Argmax and argmin. A lane keeps its extreme value and the step (vector of the row) at which it came first. */
#ifndef JQ_REDUCE_POSITIONS_H
#define JQ_REDUCE_POSITIONS_H

#include "reduce_values.h"

/* Whether x comes before the value kept: it is more extreme, or the first NaN. */
#define JQ_ABOVE(x, value) (((x) > (value)) | (((x) != (x)) & ((value) == (value))))
#define JQ_BELOW(x, value) (((x) < (value)) | (((x) != (x)) & ((value) == (value))))

/* Of two lanes the better, of equal ones (or two NaN) the one that came first; left in the lower one. */
#define JQ_POSITION_FOLD(name, type, lanes, better) \
    static int64_t name##_fold(type *value, int64_t *position) { \
        for (int half = lanes / 2; half > 0; half /= 2) \
            for (int l = 0; l < half; l++) { \
                const type p = value[l], q = value[l + half]; \
                const int tie = !(better(q, p)) && !(better(p, q)); \
                if (better(q, p) || (tie && position[l + half] < position[l])) \
                    value[l] = q, position[l] = position[l + half]; \
            } \
        return position[0]; \
    }

/* Accumulators: the values of the lanes, then their steps. `load` reads a vector of `stored` elements;
 * `partial` one that has fewer. */
#define JQ_POSITION_ROWS(name, vector, mask, type, lanes, stored, load, partial, better) \
    typedef struct { \
        vector##_memory value; \
        mask##_memory step; \
    } name##_state; \
    JQV_INLINE void name##_meet(vector *value, mask *step, vector next, mask now) { \
        const mask better_lanes = (mask)better(next, *value); \
        *value = JQV_PICK(vector, mask, better_lanes, next, *value); \
        *step = JQV_PICK(mask, mask, better_lanes, now, *step); \
    } \
    JQV_INLINE void name##_along(name##_state *state, const stored *x, long n, long readable, long first) { \
        vector value = state->value; \
        mask step = state->step, now = step ^ step; \
        now += (type##_mask)(first / lanes); \
        long i = 0; \
        for (; i + lanes <= n; i += lanes, now += 1) name##_meet(&value, &step, load(x + i), now); \
        if (i < n) name##_meet(&value, &step, partial(x + i, n - i, readable - i), now); \
        state->value = value, state->step = step; \
    } \
    JQ_POSITION_FOLD(name, type, lanes, better) \
    static void name##_result(int64_t *position, stored *value, const name##_state *state) { \
        type values[lanes]; \
        int64_t positions[lanes]; \
        for (int l = 0; l < lanes; l++) values[l] = state->value[l], positions[l] = (int64_t)state->step[l] * lanes + l; \
        *position = name##_fold(values, positions); \
        if (value) *value = (stored)values[0]; \
    } \
    static void name##_add(void *accumulators, const void *x, long rows, long n, long stride, long first) { \
        for (long r = 0; r < rows; r++) { \
            name##_state *state = (name##_state *)accumulators + r; \
            name##_along(state, (const stored *)x + r * stride, n, (rows - 1 - r) * stride + n, first); \
        } \
    } \
    static void name##_finish(void *results, void *values, const void *accumulators, long rows) { \
        for (long r = 0; r < rows; r++) \
            name##_result((int64_t *)results + r, values ? (stored *)values + r : NULL, \
                          (const name##_state *)accumulators + r); \
    }

/* Short rows are searched element by element: the lanes lead to the same result, by a longer way. */
#define JQ_POSITION_WHOLE_ROWS(name, vector, lanes, stored, empty, better) \
    JQV_INLINE int64_t name##_search(const stored *x, long n) { \
        long best = 0; \
        for (long i = 1; i < n; i++) best = better(x[i], x[best]) ? i : best; \
        return best; \
    } \
    static void name##_start(void *accumulators, long rows) { \
        const name##_state start = {JQV_SPLAT_##lanes(empty), JQV_SPLAT_##lanes(0)}; \
        for (long r = 0; r < rows; r++) ((name##_state *)accumulators)[r] = start; \
    } \
    static void name##_rows(void *results, void *values, const void *x, long rows, long n, long stride) { \
        for (long r = 0; r < rows; r++) { \
            const stored *row = (const stored *)x + r * stride; \
            if (n > 0 && n <= 2 * lanes) { \
                const int64_t best = name##_search(row, n); \
                ((int64_t *)results)[r] = best; \
                if (values) ((stored *)values)[r] = row[best]; \
                continue; \
            } \
            name##_state state = {JQV_SPLAT_##lanes(empty), JQV_SPLAT_##lanes(0)}; \
            name##_along(&state, row, n, (rows - 1 - r) * stride + n, 0); \
            name##_result((int64_t *)results + r, values ? (stored *)values + r : NULL, &state); \
        } \
    }

#define JQ_POSITION_COLUMNS(name, stored, empty, better) \
    static void name##_start_columns(void *accumulators, long n) { \
        int64_t *position = accumulators; \
        stored *value = (stored *)(position + n); \
        for (long j = 0; j < n; j++) position[j] = 0, value[j] = (stored)(empty); \
    } \
    static void name##_add_columns(void *accumulators, const void *x, long rows, long n, long stride, long first) { \
        int64_t *position = accumulators; \
        stored *value = (stored *)(position + n); \
        for (long r = 0; r < rows; r++) { \
            const stored *row = (const stored *)x + r * stride; \
            JQ_VECTORISE \
            for (long j = 0; j < n; j++) { \
                const int take = better(row[j], value[j]); \
                position[j] = take ? first + r : position[j]; \
                value[j] = take ? row[j] : value[j]; \
            } \
        } \
    }

#define JQ_POSITION_REDUCER(name, vector, mask, type, lanes, stored, load, partial, empty, column_empty, better) \
    JQ_POSITION_ROWS(name, vector, mask, type, lanes, stored, load, partial, better) \
    JQ_POSITION_WHOLE_ROWS(name, vector, lanes, stored, empty, better) \
    JQ_POSITION_COLUMNS(name, stored, column_empty, better) \
    JQ_REDUCER(name, lanes, sizeof(name##_state))

#define JQ_LOAD_F32(x) JQV_LOAD(jqv_f32, x)
#define JQ_LOAD_F64(x) JQV_LOAD(jqv_f64, x)
#define JQ_LOAD_I32(x) JQV_LOAD(jqv_i32, x)
#define JQ_LOAD_I64(x) JQV_LOAD(jqv_i64, x)
#define JQ_LOAD_U64(x) JQV_LOAD(jqv_u64, x)
/* Bytes are compared as int32. Filling empty lanes with the least (largest) byte loses every tie. */
#define JQ_LOAD_U8(x) __builtin_convertvector(JQV_LOAD(jqv_u8, x), jqv_i32)
#define JQ_PARTIAL_U8_LOW(x, n, readable) __builtin_convertvector(largest_u8_partial(x, n, readable), jqv_i32)
#define JQ_PARTIAL_U8_HIGH(x, n, readable) __builtin_convertvector(least_u8_partial(x, n, readable), jqv_i32)

#define JQ_INF __builtin_inff()
JQ_POSITION_REDUCER(argmax_f32, jqv_f32, jqv_i32, float, 16, float, JQ_LOAD_F32, largest_f32_partial, -JQ_INF, -JQ_INF, JQ_ABOVE)
JQ_POSITION_REDUCER(argmin_f32, jqv_f32, jqv_i32, float, 16, float, JQ_LOAD_F32, least_f32_partial, JQ_INF, JQ_INF, JQ_BELOW)
JQ_POSITION_REDUCER(argmax_f64, jqv_f64, jqv_i64, double, 8, double, JQ_LOAD_F64, largest_f64_partial, -JQ_INF, -JQ_INF, JQ_ABOVE)
JQ_POSITION_REDUCER(argmin_f64, jqv_f64, jqv_i64, double, 8, double, JQ_LOAD_F64, least_f64_partial, JQ_INF, JQ_INF, JQ_BELOW)
JQ_POSITION_REDUCER(argmax_i32, jqv_i32, jqv_i32, int32_t, 16, int32_t, JQ_LOAD_I32, largest_i32_partial, INT32_MIN, INT32_MIN, JQ_ABOVE)
JQ_POSITION_REDUCER(argmin_i32, jqv_i32, jqv_i32, int32_t, 16, int32_t, JQ_LOAD_I32, least_i32_partial, INT32_MAX, INT32_MAX, JQ_BELOW)
JQ_POSITION_REDUCER(argmax_i64, jqv_i64, jqv_i64, int64_t, 8, int64_t, JQ_LOAD_I64, largest_i64_partial, INT64_MIN, INT64_MIN, JQ_ABOVE)
JQ_POSITION_REDUCER(argmin_i64, jqv_i64, jqv_i64, int64_t, 8, int64_t, JQ_LOAD_I64, least_i64_partial, INT64_MAX, INT64_MAX, JQ_BELOW)
JQ_POSITION_REDUCER(argmax_u64, jqv_u64, jqv_i64, uint64_t, 8, uint64_t, JQ_LOAD_U64, largest_u64_partial, 0, 0, JQ_ABOVE)
JQ_POSITION_REDUCER(argmin_u64, jqv_u64, jqv_i64, uint64_t, 8, uint64_t, JQ_LOAD_U64, least_u64_partial, UINT64_MAX, UINT64_MAX, JQ_BELOW)
JQ_POSITION_REDUCER(argmax_u8, jqv_i32, jqv_i32, int32_t, 16, uint8_t, JQ_LOAD_U8, JQ_PARTIAL_U8_LOW, -1, 0, JQ_ABOVE)
JQ_POSITION_REDUCER(argmin_u8, jqv_i32, jqv_i32, int32_t, 16, uint8_t, JQ_LOAD_U8, JQ_PARTIAL_U8_HIGH, 256, UINT8_MAX, JQ_BELOW)

#endif
