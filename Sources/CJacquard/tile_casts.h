/* Conversions between the element types. */
#ifndef JQ_TILE_CASTS_H
#define JQ_TILE_CASTS_H

#include "half_floats.h"
#include "tile_arithmetic.h"

/* A conversion of `read`, an expression of the element p. */
#define JQ_CAST(from, type, to, target, expression) JQ_UNARY(from##_to_##to, type, target, expression)

/* Of a float: `low` and `high` are exact in it: the smallest value, and the largest plus one. */
#define JQ_SATURATING(from, type, read, to, target, low, high, least, largest) \
    JQ_CAST(from, type, to, target, \
            read != read ? 0 : read >= (high) ? (largest) : read < (low) ? (least) : (target)read)

#define JQ_CASTS_OF_FLOAT(from, type, read) \
    JQ_CAST(from, type, f32, float, read) \
    JQ_CAST(from, type, f64, double, read) \
    JQ_SATURATING(from, type, read, i32, int32_t, -0x1p31f, 0x1p31f, INT32_MIN, INT32_MAX) \
    JQ_SATURATING(from, type, read, i64, int64_t, -0x1p63f, 0x1p63f, INT64_MIN, INT64_MAX) \
    JQ_SATURATING(from, type, read, u8, uint8_t, 0, 0x1p8f, 0, UINT8_MAX) \
    JQ_SATURATING(from, type, read, i8, int8_t, -0x1p7f, 0x1p7f, INT8_MIN, INT8_MAX) \
    JQ_SATURATING(from, type, read, i16, int16_t, -0x1p15f, 0x1p15f, INT16_MIN, INT16_MAX) \
    JQ_SATURATING(from, type, read, u16, uint16_t, 0, 0x1p16f, 0, UINT16_MAX) \
    JQ_SATURATING(from, type, read, u32, uint32_t, 0, 0x1p32f, 0, UINT32_MAX) \
    JQ_SATURATING(from, type, read, u64, uint64_t, 0, 0x1p64f, 0, UINT64_MAX) \
    JQ_CAST(from, type, f16, uint16_t, half_of(read)) \
    JQ_CAST(from, type, bf16, uint16_t, brain_of(read)) \
    JQ_CAST(from, type, bool, uint8_t, read != 0)

/* `exact`: p as a double that rounds to fewer bits as p does. */
#define JQ_CASTS_OF_INTEGER(from, type, exact) \
    JQ_CAST(from, type, f32, float, p) \
    JQ_CAST(from, type, f64, double, p) \
    JQ_CAST(from, type, i32, int32_t, p) \
    JQ_CAST(from, type, i64, int64_t, p) \
    JQ_CAST(from, type, u8, uint8_t, p) \
    JQ_CAST(from, type, i8, int8_t, p) \
    JQ_CAST(from, type, i16, int16_t, p) \
    JQ_CAST(from, type, u16, uint16_t, p) \
    JQ_CAST(from, type, u32, uint32_t, p) \
    JQ_CAST(from, type, u64, uint64_t, p) \
    JQ_CAST(from, type, f16, uint16_t, half_of(exact)) \
    JQ_CAST(from, type, bf16, uint16_t, brain_of(exact)) \
    JQ_CAST(from, type, bool, uint8_t, p != 0)

JQ_CASTS_OF_FLOAT(f32, float, p)
JQ_CASTS_OF_FLOAT(f64, double, p)
JQ_CASTS_OF_FLOAT(f16, uint16_t, float_of_half(p))
JQ_CASTS_OF_FLOAT(bf16, uint16_t, float_of_brain(p))
JQ_CASTS_OF_INTEGER(i32, int32_t, (double)p)
JQ_CASTS_OF_INTEGER(i64, int64_t, p < 0 ? -sticky_double(0 - (uint64_t)p) : sticky_double((uint64_t)p))
JQ_CASTS_OF_INTEGER(u8, uint8_t, (float)p)
JQ_CASTS_OF_INTEGER(bool, uint8_t, (float)p)
JQ_CASTS_OF_INTEGER(i8, int8_t, (float)p)
JQ_CASTS_OF_INTEGER(i16, int16_t, (float)p)
JQ_CASTS_OF_INTEGER(u16, uint16_t, (float)p)
JQ_CASTS_OF_INTEGER(u32, uint32_t, (double)p)
JQ_CASTS_OF_INTEGER(u64, uint64_t, sticky_double(p))

#endif
