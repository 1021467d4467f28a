/* Loops that do nothing but what a processor is limited by: arithmetic in registers, and memory. */
#ifndef JQ_LIMIT_LOOPS_H
#define JQ_LIMIT_LOOPS_H

#include "matrix_blocks.h"

/* As many independent sums as a block of a product keeps in registers. */
enum { JQ_LIMIT_SUMS = JQ_BLOCK_ROWS * JQ_BLOCK_VECTORS };

/* Steps of a product in registers: `rounds` times one for each sum. Gives its operations, two for each lane of a step. */
static double limit_steps(long rounds, float factor, float *kept) {
    jqv_f32 sums[JQ_LIMIT_SUMS];
    const jqv_f32 a = jqv_splat(factor), b = jqv_splat(1 - factor);
    for (int s = 0; s < JQ_LIMIT_SUMS; s++) sums[s] = jqv_splat((float)s);
    for (long round = 0; round < rounds; round++)
        for (int s = 0; s < JQ_LIMIT_SUMS; s++) sums[s] = JQ_PRODUCT_STEP(sums[s], a, b);
    for (int s = 1; s < JQ_LIMIT_SUMS; s++) sums[0] += sums[s];
    *kept = sums[0][0];
    return 2.0 * 16 * JQ_LIMIT_SUMS * (double)rounds;
}

/* a = b + factor c on n elements, n a multiple of 16. */
static void limit_triad(float *a, const float *b, const float *c, float factor, long n) {
    const jqv_f32 f = jqv_splat(factor);
    for (long i = 0; i < n; i += 16)
        JQV_STORE(jqv_f32, a + i, JQ_PRODUCT_STEP(f, JQV_LOAD(jqv_f32, c + i), JQV_LOAD(jqv_f32, b + i)));
}

#endif
