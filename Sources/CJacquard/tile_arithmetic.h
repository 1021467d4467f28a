/* Arithmetic, comparisons, logic and selection on tiles: loops that the compiler vectorises. */
#ifndef JQ_TILE_ARITHMETIC_H
#define JQ_TILE_ARITHMETIC_H

#include "vector.h"

/* A tile function over `type`, storing `result`: p, q and r are the elements of the operands. */
#define JQ_TILE_HEAD(name) static void name(void *dst, const void *a, const void *b, const void *c, long n)

#define JQ_UNARY(name, type, result, expression) \
    JQ_TILE_HEAD(name) { \
        result *d = dst; \
        const type *x = a; \
        (void)b, (void)c; \
        JQ_VECTORISE \
        for (long i = 0; i < n; i++) { \
            const type p = x[i]; \
            d[i] = (result)(expression); \
        } \
    }

#define JQ_BINARY(name, type, result, expression) \
    JQ_TILE_HEAD(name) { \
        result *d = dst; \
        const type *x = a, *y = b; \
        (void)c; \
        JQ_VECTORISE \
        for (long i = 0; i < n; i++) { \
            const type p = x[i], q = y[i]; \
            d[i] = (result)(expression); \
        } \
    }

#define JQ_TERNARY(name, type, expression) \
    JQ_TILE_HEAD(name) { \
        type *d = dst; \
        const type *x = a, *y = b, *z = c; \
        JQ_VECTORISE \
        for (long i = 0; i < n; i++) { \
            const type p = x[i], q = y[i], r = z[i]; \
            d[i] = (type)(expression); \
        } \
    }

/* One operand is NaN (never so for integers), or the comparison holds: the first one. */
#define JQ_LEAST(p, q) ((p) < (q) || (p) != (p) ? (p) : (q))
#define JQ_LARGEST(p, q) ((p) > (q) || (p) != (p) ? (p) : (q))

#define JQ_ORDERED(suffix, type) \
    JQ_BINARY(minimum_##suffix, type, type, JQ_LEAST(p, q)) \
    JQ_BINARY(maximum_##suffix, type, type, JQ_LARGEST(p, q)) \
    JQ_TERNARY(clamp_##suffix, type, JQ_LEAST(JQ_LARGEST(p, q), r)) \
    JQ_BINARY(equal_##suffix, type, uint8_t, p == q) \
    JQ_BINARY(not_equal_##suffix, type, uint8_t, p != q) \
    JQ_BINARY(less_##suffix, type, uint8_t, p < q) \
    JQ_BINARY(less_equal_##suffix, type, uint8_t, p <= q) \
    JQ_BINARY(greater_##suffix, type, uint8_t, p > q) \
    JQ_BINARY(greater_equal_##suffix, type, uint8_t, p >= q)

#define JQ_SELECT(suffix, type) \
    JQ_TILE_HEAD(select_##suffix) { \
        type *d = dst; \
        const uint8_t *condition = a; \
        const type *x = b, *y = c; \
        JQ_VECTORISE \
        for (long i = 0; i < n; i++) { \
            const type p = x[i], q = y[i]; \
            d[i] = condition[i] ? p : q; \
        } \
    }

JQ_ORDERED(f32, float)
JQ_ORDERED(f64, double)
JQ_ORDERED(i32, int32_t)
JQ_ORDERED(i64, int64_t)
JQ_ORDERED(u8, uint8_t)
JQ_ORDERED(u64, uint64_t)
JQ_SELECT(f32, float)
JQ_SELECT(f64, double)
JQ_SELECT(i32, int32_t)
JQ_SELECT(i64, int64_t)
JQ_SELECT(u8, uint8_t)
JQ_SELECT(u16, uint16_t)

/* `s` is the suffix of the C library's functions: f for float. */
#define JQ_FLOAT_ARITHMETIC(suffix, type, s) \
    JQ_UNARY(negate_##suffix, type, type, -p) \
    JQ_UNARY(abs_##suffix, type, type, __builtin_fabs##s(p)) \
    JQ_UNARY(sign_##suffix, type, type, p != p || p == 0 ? p : (type)((p > 0) - (p < 0))) \
    JQ_UNARY(floor_##suffix, type, type, __builtin_floor##s(p)) \
    JQ_UNARY(ceil_##suffix, type, type, __builtin_ceil##s(p)) \
    JQ_UNARY(round_##suffix, type, type, __builtin_rint##s(p)) \
    JQ_UNARY(truncate_##suffix, type, type, __builtin_trunc##s(p)) \
    JQ_UNARY(reciprocal_##suffix, type, type, 1 / p) \
    JQ_UNARY(is_nan_##suffix, type, uint8_t, p != p) \
    JQ_UNARY(is_inf_##suffix, type, uint8_t, __builtin_fabs##s(p) == (type)INFINITY) \
    JQ_UNARY(is_finite_##suffix, type, uint8_t, __builtin_fabs##s(p) < (type)INFINITY) \
    JQ_BINARY(add_##suffix, type, type, p + q) \
    JQ_BINARY(subtract_##suffix, type, type, p - q) \
    JQ_BINARY(multiply_##suffix, type, type, p *q) \
    JQ_BINARY(divide_##suffix, type, type, p / q) \
    JQ_BINARY(remainder_##suffix, type, type, fmod##s(p, q)) \
    JQ_TERNARY(fma_##suffix, type, __builtin_fma##s(p, q, r))

JQ_FLOAT_ARITHMETIC(f32, float, f)
JQ_FLOAT_ARITHMETIC(f64, double, )

/* base to the power of exponent, modulo the width of `type`; 0 for a negative exponent, but of 1 and -1. */
#define JQ_INTEGER_POWER(suffix, type, wide) \
    static type integer_power_##suffix(type base, type exponent) { \
        wide result = 1, factor = (wide)base; \
        if (exponent < (type)1) { \
            if (exponent == 0 || base == 1) return 1; \
            return base == (type)-1 ? ((exponent & 1) != 0 ? base : 1) : 0; \
        } \
        for (wide e = (wide)exponent; e != 0; e >>= 1) { \
            if ((e & 1) != 0) result *= factor; \
            factor *= factor; \
        } \
        return (type)result; \
    }

#define JQ_IS_SHIFT(type, q) ((uint64_t)(q) < 8 * sizeof(type))

#define JQ_INTEGER_ARITHMETIC(suffix, type, wide) \
    JQ_INTEGER_POWER(suffix, type, wide) \
    JQ_BINARY(add_##suffix, type, type, (wide)p + (wide)q) \
    JQ_BINARY(subtract_##suffix, type, type, (wide)p - (wide)q) \
    JQ_BINARY(multiply_##suffix, type, type, (wide)p *(wide)q) \
    JQ_BINARY(power_##suffix, type, type, integer_power_##suffix(p, q)) \
    JQ_TERNARY(fma_##suffix, type, (wide)p *(wide)q + (wide)r) \
    JQ_UNARY(negate_##suffix, type, type, 0 - (wide)p) \
    JQ_UNARY(not_##suffix, type, type, ~p) \
    JQ_BINARY(shift_left_##suffix, type, type, JQ_IS_SHIFT(type, q) ? (wide)p << q : 0) \
    JQ_BINARY(and_##suffix, type, type, p & q) \
    JQ_BINARY(or_##suffix, type, type, p | q) \
    JQ_BINARY(xor_##suffix, type, type, p ^ q)

/* The quotient lies below the one that is cut towards zero. */
#define JQ_IS_BELOW(p, q) ((p) % (q) != 0 && ((p) < 0) != ((q) < 0))

/* The smallest number divided by -1 is no number: it wraps around to itself, and leaves 0. */
#define JQ_SIGNED_ARITHMETIC(suffix, type, wide) \
    JQ_INTEGER_ARITHMETIC(suffix, type, wide) \
    JQ_UNARY(abs_##suffix, type, type, p < 0 ? 0 - (wide)p : (wide)p) \
    JQ_UNARY(sign_##suffix, type, type, (p > 0) - (p < 0)) \
    JQ_BINARY(divide_##suffix, type, type, q == 0 ? 0 : q == -1 ? (type)(0 - (wide)p) : p / q) \
    JQ_BINARY(remainder_##suffix, type, type, q == 0 || q == -1 ? 0 : p % q) \
    JQ_BINARY(floor_divide_##suffix, type, type, q == 0 ? 0 : q == -1 ? (type)(0 - (wide)p) : p / q - JQ_IS_BELOW(p, q)) \
    JQ_BINARY(floor_mod_##suffix, type, type, q == 0 || q == -1 ? 0 : p % q + (JQ_IS_BELOW(p, q) ? q : 0)) \
    JQ_BINARY(shift_right_##suffix, type, type, p >> (JQ_IS_SHIFT(type, q) ? q : (type)(8 * sizeof(type) - 1)))

JQ_SIGNED_ARITHMETIC(i32, int32_t, uint32_t)
JQ_SIGNED_ARITHMETIC(i64, int64_t, uint64_t)
#define JQ_UNSIGNED_ARITHMETIC(suffix, type, wide) \
    JQ_INTEGER_ARITHMETIC(suffix, type, wide) \
    JQ_UNARY(abs_##suffix, type, type, p) \
    JQ_UNARY(sign_##suffix, type, type, p != 0) \
    JQ_BINARY(divide_##suffix, type, type, q == 0 ? 0 : p / q) \
    JQ_BINARY(remainder_##suffix, type, type, q == 0 ? 0 : p % q) \
    JQ_BINARY(shift_right_##suffix, type, type, JQ_IS_SHIFT(type, q) ? p >> q : 0)

JQ_UNSIGNED_ARITHMETIC(u8, uint8_t, uint32_t)
JQ_UNSIGNED_ARITHMETIC(u64, uint64_t, uint64_t)
JQ_UNARY(not_bool, uint8_t, uint8_t, p == 0)

#endif
