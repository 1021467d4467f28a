/* Running totals and extremes along an axis, some neighbouring lines at once, each in the order of its elements. */
#include <stddef.h>

#include "vm_library.h"

#if defined(__clang__)
#pragma clang fp contract(off)
#endif

#define JQ_ROWS_HEAD(name) \
    static int64_t name(const jq_library_call *call, void *const *buffers, unsigned char *scratch, int64_t item)

/* Totals are kept in `wide`. */
#define JQ_TOTAL(name, type, wide, start, op) \
    JQ_ROWS_HEAD(name) { \
        const type *x = buffers[call->operands[0]]; \
        type *y = buffers[call->results[0]]; \
        wide total[JQ_LINES_AT_ONCE]; \
        (void)scratch; \
        for (jq_lines l = jq_first_lines(call->parameters, item); jq_next_lines(&l);) { \
            for (int64_t c = 0; c < l.width; c++) total[c] = start; \
            for (int64_t t = 0; t < l.length; t++) { \
                const int64_t at = jq_step(&l, t); \
                for (int64_t c = 0; c < l.width; c++) { \
                    const wide before = total[c]; \
                    total[c] = (wide)(before op (wide)x[at + c]); \
                    y[at + c] = (type)(l.exclusive ? before : total[c]); \
                } \
            } \
        } \
        return JQ_ITEM_DONE; \
    }

#define JQ_RECURRENCE(name, type, wide) \
    JQ_ROWS_HEAD(name) { \
        const type *a = buffers[call->operands[0]], *b = buffers[call->operands[1]]; \
        type *y = buffers[call->results[0]]; \
        wide state[JQ_LINES_AT_ONCE]; \
        (void)scratch; \
        for (jq_lines l = jq_first_lines(call->parameters, item); jq_next_lines(&l);) { \
            for (int64_t t = 0; t < l.length; t++) { \
                const int64_t at = jq_step(&l, t); \
                for (int64_t c = 0; c < l.width; c++) { \
                    const wide added = (wide)b[at + c]; \
                    state[c] = t == 0 ? added : (wide)((wide)a[at + c] * state[c] + added); \
                    y[at + c] = (type)state[c]; \
                } \
            } \
        } \
        return JQ_ITEM_DONE; \
    }

/* The first of equal elements; a NaN (which no integer is) stays. */
#define JQ_EXTREME(name, type, op) \
    JQ_ROWS_HEAD(name) { \
        const type *x = buffers[call->operands[0]]; \
        type *y = buffers[call->results[0]]; \
        int64_t *positions = buffers[call->results[1]]; \
        (void)scratch; \
        for (jq_lines l = jq_first_lines(call->parameters, item); jq_next_lines(&l);) { \
            int64_t best[JQ_LINES_AT_ONCE] = {0}; \
            for (int64_t t = 0; t < l.length; t++) { \
                const int64_t at = jq_step(&l, t), place = (at - l.base) / l.stride; \
                for (int64_t c = 0; c < l.width; c++) { \
                    const type value = x[at + c], old = x[l.base + best[c] * l.stride + c]; \
                    if (t == 0 || (old == old && (value != value || value op old))) best[c] = place; \
                    y[at + c] = x[l.base + best[c] * l.stride + c]; \
                    positions[at + c] = best[c]; \
                } \
            } \
        } \
        return JQ_ITEM_DONE; \
    }

/* `wide` of integers is unsigned: they wrap around. */
#define JQ_CUMULATIVE(suffix, type, wide) \
    JQ_TOTAL(sum_##suffix, type, wide, 0, +) \
    JQ_TOTAL(product_##suffix, type, wide, 1, *) \
    JQ_RECURRENCE(recurrence_##suffix, type, wide) \
    JQ_EXTREME(largest_##suffix, type, >) \
    JQ_EXTREME(least_##suffix, type, <)

JQ_CUMULATIVE(f32, float, double)
JQ_CUMULATIVE(f64, double, double)
JQ_CUMULATIVE(i32, int32_t, uint32_t)
JQ_CUMULATIVE(i64, int64_t, uint64_t)
JQ_CUMULATIVE(u8, uint8_t, uint32_t)
JQ_CUMULATIVE(u64, uint64_t, uint64_t)

#define JQ_NUMBERS(name) \
    {[JQ_F32] = name##_f32, [JQ_F64] = name##_f64, [JQ_I32] = name##_i32, [JQ_I64] = name##_i64, [JQ_U8] = name##_u8, \
     [JQ_U64] = name##_u64}

jq_library_function jq_cumulative(jq_library_code code, jq_dtype dtype) {
    static const jq_library_function functions[JQ_LIBRARY_COUNT][JQ_DTYPE_COUNT] = {
        [JQ_CUMULATIVE_SUM] = JQ_NUMBERS(sum), [JQ_CUMULATIVE_PRODUCT] = JQ_NUMBERS(product),
        [JQ_CUMULATIVE_MAXIMUM] = JQ_NUMBERS(largest), [JQ_CUMULATIVE_MINIMUM] = JQ_NUMBERS(least),
        [JQ_LINEAR_RECURRENCE] = JQ_NUMBERS(recurrence),
    };
    return functions[code][dtype];
}
