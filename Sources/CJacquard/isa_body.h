/* The functions of one instruction set, and the table of them. Compiled once a set. */
#include "vecmath_exp.h"
#include "vecmath_log.h"
#include "vecmath_pow.h"
#include "vecmath_trig.h"

#include "tile_arithmetic.h"
#include "tile_casts.h"
#include "tile_library_maths.h"
#include "tile_maths.h"

#include "reduce_values.h"
#include "reduce_positions.h"

#include "philox_blocks.h"
#include "vector_products.h"
#include "matrix_products.h"
#include "matrix_winograd.h"
#include "limit_loops.h"

#define JQ_FLOATS(name) {[JQ_F32] = name##_f32, [JQ_F64] = name##_f64}
#define JQ_NUMBERS(name) \
    {[JQ_F32] = name##_f32, [JQ_F64] = name##_f64, [JQ_I32] = name##_i32, [JQ_I64] = name##_i64, [JQ_U8] = name##_u8, \
     [JQ_U64] = name##_u64}
#define JQ_INTEGERS(name) {[JQ_I32] = name##_i32, [JQ_I64] = name##_i64, [JQ_U8] = name##_u8, [JQ_U64] = name##_u64}
/* What is never negative is rounded down as it is rounded towards zero. */
#define JQ_ROUNDED_DOWN(name, other) \
    {[JQ_F32] = name##_f32, [JQ_F64] = name##_f64, [JQ_I32] = name##_i32, [JQ_I64] = name##_i64, [JQ_U8] = other##_u8, \
     [JQ_U64] = other##_u64}
#define JQ_ALL_TYPES(name) \
    {[JQ_F32] = name##_f32, [JQ_F64] = name##_f64, [JQ_I32] = name##_i32, [JQ_I64] = name##_i64, \
     [JQ_U8] = name##_u8,   [JQ_BOOL] = name##_u8, [JQ_U64] = name##_u64}
/* Of a type only its size matters. */
#define JQ_BY_SIZE(name) \
    {[JQ_F32] = name##_f32, [JQ_F64] = name##_f64, [JQ_I32] = name##_i32, [JQ_I64] = name##_i64, \
     [JQ_U8] = name##_u8,   [JQ_BOOL] = name##_u8, [JQ_I8] = name##_u8,   [JQ_I16] = name##_u16, \
     [JQ_U16] = name##_u16, [JQ_F16] = name##_u16, [JQ_BF16] = name##_u16, [JQ_U32] = name##_i32, \
     [JQ_U64] = name##_i64}
#define JQ_BITS(name) \
    {[JQ_I32] = name##_i32, [JQ_I64] = name##_i64, [JQ_U8] = name##_u8, [JQ_BOOL] = name##_u8, [JQ_U64] = name##_i64}
#define JQ_BYTES(name) {[JQ_U8] = name##_u8, [JQ_BOOL] = name##_u8}
#define JQ_CASTS(from) \
    {[JQ_F32] = from##_to_f32, [JQ_F64] = from##_to_f64, [JQ_I32] = from##_to_i32, [JQ_I64] = from##_to_i64, \
     [JQ_U8] = from##_to_u8,   [JQ_BOOL] = from##_to_bool, [JQ_I8] = from##_to_i8, [JQ_I16] = from##_to_i16, \
     [JQ_U16] = from##_to_u16, [JQ_U32] = from##_to_u32, [JQ_F16] = from##_to_f16, [JQ_BF16] = from##_to_bf16, \
     [JQ_U64] = from##_to_u64}

const jq_functions JQ_FUNCTIONS = {
    .tiles = {
        [JQ_NEGATE] = JQ_NUMBERS(negate), [JQ_ABS] = JQ_NUMBERS(abs), [JQ_SIGN] = JQ_NUMBERS(sign),
        [JQ_FLOOR] = JQ_FLOATS(floor), [JQ_CEIL] = JQ_FLOATS(ceil), [JQ_ROUND] = JQ_FLOATS(round),
        [JQ_TRUNCATE] = JQ_FLOATS(truncate), [JQ_SQRT] = JQ_FLOATS(sqrt), [JQ_RSQRT] = JQ_FLOATS(rsqrt),
        [JQ_RECIPROCAL] = JQ_FLOATS(reciprocal), [JQ_EXP] = JQ_FLOATS(exp), [JQ_EXPM1] = JQ_FLOATS(expm1),
        [JQ_LOG] = JQ_FLOATS(log), [JQ_LOG1P] = JQ_FLOATS(log1p), [JQ_TANH] = JQ_FLOATS(tanh),
        [JQ_SIGMOID] = JQ_FLOATS(sigmoid), [JQ_ERF] = JQ_FLOATS(erf), [JQ_SIN] = JQ_FLOATS(sin),
        [JQ_COS] = JQ_FLOATS(cos), [JQ_TAN] = JQ_FLOATS(tan), [JQ_ASIN] = JQ_FLOATS(asin), [JQ_ACOS] = JQ_FLOATS(acos),
        [JQ_ATAN] = JQ_FLOATS(atan), [JQ_SINH] = JQ_FLOATS(sinh), [JQ_COSH] = JQ_FLOATS(cosh),
        [JQ_ASINH] = JQ_FLOATS(asinh), [JQ_ACOSH] = JQ_FLOATS(acosh), [JQ_ATANH] = JQ_FLOATS(atanh),
        [JQ_ERFC] = JQ_FLOATS(erfc), [JQ_LGAMMA] = JQ_FLOATS(lgamma), [JQ_DIGAMMA] = JQ_FLOATS(digamma), [JQ_TRIGAMMA] = JQ_FLOATS(trigamma),
        [JQ_IS_NAN] = JQ_FLOATS(is_nan), [JQ_IS_INF] = JQ_FLOATS(is_inf), [JQ_IS_FINITE] = JQ_FLOATS(is_finite),
        [JQ_NOT] = {[JQ_I32] = not_i32, [JQ_I64] = not_i64, [JQ_U8] = not_u8, [JQ_BOOL] = not_bool, [JQ_U64] = not_i64},
        [JQ_ADD] = JQ_NUMBERS(add), [JQ_SUBTRACT] = JQ_NUMBERS(subtract), [JQ_MULTIPLY] = JQ_NUMBERS(multiply),
        [JQ_DIVIDE] = JQ_NUMBERS(divide), [JQ_REMAINDER] = JQ_NUMBERS(remainder),
        [JQ_FLOOR_DIVIDE] = JQ_ROUNDED_DOWN(floor_divide, divide), [JQ_FLOOR_MOD] = JQ_ROUNDED_DOWN(floor_mod, remainder),
        [JQ_ATAN2] = JQ_FLOATS(atan2), [JQ_SHIFT_LEFT] = JQ_INTEGERS(shift_left),
        [JQ_SHIFT_RIGHT] = JQ_INTEGERS(shift_right),
        [JQ_MINIMUM] = JQ_ALL_TYPES(minimum), [JQ_MAXIMUM] = JQ_ALL_TYPES(maximum), [JQ_POWER] = JQ_NUMBERS(power),
        [JQ_EQUAL] = JQ_ALL_TYPES(equal), [JQ_NOT_EQUAL] = JQ_ALL_TYPES(not_equal), [JQ_LESS] = JQ_ALL_TYPES(less),
        [JQ_LESS_EQUAL] = JQ_ALL_TYPES(less_equal), [JQ_GREATER] = JQ_ALL_TYPES(greater),
        [JQ_GREATER_EQUAL] = JQ_ALL_TYPES(greater_equal),
        [JQ_AND] = JQ_BITS(and), [JQ_OR] = JQ_BITS(or), [JQ_XOR] = JQ_BITS(xor),
        [JQ_FMA] = JQ_NUMBERS(fma), [JQ_SELECT] = JQ_BY_SIZE(select), [JQ_CLAMP] = JQ_ALL_TYPES(clamp),
    },
    .casts = {
        [JQ_F32] = JQ_CASTS(f32), [JQ_F64] = JQ_CASTS(f64), [JQ_I32] = JQ_CASTS(i32), [JQ_I64] = JQ_CASTS(i64),
        [JQ_U8] = JQ_CASTS(u8), [JQ_BOOL] = JQ_CASTS(bool), [JQ_I8] = JQ_CASTS(i8), [JQ_I16] = JQ_CASTS(i16),
        [JQ_U16] = JQ_CASTS(u16), [JQ_U32] = JQ_CASTS(u32), [JQ_F16] = JQ_CASTS(f16), [JQ_BF16] = JQ_CASTS(bf16),
        [JQ_U64] = JQ_CASTS(u64),
    },
    .reducers = {
        [JQ_SUM] = JQ_NUMBERS(&sum), [JQ_PRODUCT] = JQ_NUMBERS(&product),
        [JQ_REDUCE_MINIMUM] = JQ_ALL_TYPES(&least), [JQ_REDUCE_MAXIMUM] = JQ_ALL_TYPES(&largest),
        [JQ_ANY] = JQ_BYTES(&any), [JQ_ALL] = JQ_BYTES(&all),
        [JQ_ARGMAX] = JQ_ALL_TYPES(&argmax), [JQ_ARGMIN] = JQ_ALL_TYPES(&argmin),
    },
    .philox_words = philox_words,
    .box_muller = box_muller,
    .dot = {dot_f32, dot_f64},
    .combine = {combine_f32, combine_f64},
    .matrix_product = matrix_product_f32,
    .winograd_kernels = winograd_kernels,
    .winograd_product = winograd_product,
    .limit_steps = limit_steps,
    .limit_triad = limit_triad,
};
