/* The two 16-bit floats, f16 (IEEE binary16) and bf16 (the upper half of a float), from and to wider ones: rounded to
 * nearest, ties to even. */
#ifndef JQ_HALF_FLOATS_H
#define JQ_HALF_FLOATS_H

#include "vector.h"

JQV_INLINE uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

JQV_INLINE float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

JQV_INLINE float float_of_brain(uint16_t x) { return float_of((uint32_t)x << 16); }

JQV_INLINE float float_of_half(uint16_t x) {
    const uint32_t sign = (uint32_t)(x & 0x8000) << 16, rest = (uint32_t)(x & 0x7fff) << 13;
    /* 2^112 moves the exponent to where a float has it, subnormals included. */
    const uint32_t finite = bits_of(float_of(rest) * 0x1p112f);
    return float_of(sign | ((x & 0x7c00) == 0x7c00 ? rest | 0x7f800000 : finite));
}

JQV_INLINE uint16_t brain_of_float(float x) {
    const uint32_t bits = bits_of(x);
    if (x != x) return (uint16_t)(bits >> 16 | 0x40); /* a NaN stays one */
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

JQV_INLINE uint16_t half_of_float(float x) {
    const uint32_t bits = bits_of(x), size = bits & 0x7fffffff, sign = bits >> 16 & 0x8000;
    const uint32_t normal = (size - 0x38000000 + 0xfff + (size >> 13 & 1)) >> 13;
    /* Adding 1/2 rounds to multiples of 2^-24, and leaves their number in the low bits. */
    const uint32_t subnormal = bits_of(float_of(size) + 0.5f) - 0x3f000000;
    const uint32_t special = size > 0x7f800000 ? 0x7e00 | (size >> 13 & 0x3ff) : 0x7c00;
    return (uint16_t)(sign | (size >= 0x477ff000 ? special : size >= 0x38800000 ? normal : subnormal));
}

/* The double itself if it is a float, else that of the two floats around it whose last bit is 1: rounded again to fewer
 * bits, it comes to what rounding once would have. */
JQV_INLINE float float_to_odd(double x) {
    const float near = (float)x;
    const uint32_t bits = bits_of(near);
    if ((double)near == x || x != x || (bits & 1)) return near;
    return float_of(__builtin_fabs((double)near) > __builtin_fabs(x) ? bits - 1 : bits + 1);
}

/* A number of up to 64 bits as a double whose last bits tell that something was cut off. */
JQV_INLINE double sticky_double(uint64_t x) {
    const uint64_t kept = x & ~(uint64_t)0xfff;
    return (double)(x >> 53 == 0 ? x : kept | (kept == x ? 0 : 0x1000));
}

#define half_of(x) half_of_float(_Generic((x), float: (x), default: float_to_odd(x)))
#define brain_of(x) brain_of_float(_Generic((x), float: (x), default: float_to_odd(x)))

#endif
