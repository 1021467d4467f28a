/* Conversions between the element types. */
#ifndef JQ_TILE_CASTS_H
#define JQ_TILE_CASTS_H

#include "tile_arithmetic.h"

/* `from` is a float type; `low` and `high` are exact in it: the smallest value, and the largest plus one. */
#define JQ_SATURATING(from, type, to, target, low, high, least, largest) \
    JQ_UNARY(from##_to_##to, type, target, \
             p != p ? 0 : p >= (type)(high) ? (largest) : p < (type)(low) ? (least) : (target)p)

#define JQ_CASTS_OF_FLOAT(from, type) \
    JQ_UNARY(from##_to_f32, type, float, p) \
    JQ_UNARY(from##_to_f64, type, double, p) \
    JQ_SATURATING(from, type, i32, int32_t, -0x1p31, 0x1p31, INT32_MIN, INT32_MAX) \
    JQ_SATURATING(from, type, i64, int64_t, -0x1p63, 0x1p63, INT64_MIN, INT64_MAX) \
    JQ_SATURATING(from, type, u8, uint8_t, 0, 256, 0, UINT8_MAX) \
    JQ_UNARY(from##_to_bool, type, uint8_t, p != 0)

#define JQ_CASTS_OF_INTEGER(from, type) \
    JQ_UNARY(from##_to_f32, type, float, p) \
    JQ_UNARY(from##_to_f64, type, double, p) \
    JQ_UNARY(from##_to_i32, type, int32_t, p) \
    JQ_UNARY(from##_to_i64, type, int64_t, p) \
    JQ_UNARY(from##_to_u8, type, uint8_t, p) \
    JQ_UNARY(from##_to_bool, type, uint8_t, p != 0)

JQ_CASTS_OF_FLOAT(f32, float)
JQ_CASTS_OF_FLOAT(f64, double)
JQ_CASTS_OF_INTEGER(i32, int32_t)
JQ_CASTS_OF_INTEGER(i64, int64_t)
JQ_CASTS_OF_INTEGER(u8, uint8_t)
JQ_CASTS_OF_INTEGER(bool, uint8_t)

#endif
