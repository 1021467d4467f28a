/* What an emitted function is called with. This text is also the beginning of every emitted unit. */
#ifndef JACQUARD_NATIVE_H
#define JACQUARD_NATIVE_H

#include <stdint.h>

/* Which part of a nest to run when it reduces rows piece by piece. */
enum { JQ_WHOLE, JQ_BEGIN_ROWS, JQ_ADD_TO_ROWS, JQ_FINISH_ROWS };

typedef struct jq_native_block {
    void *const *buffers;
    const int32_t *operands; /* the buffer of each operand */
    unsigned char *scratch;
    const int64_t *locals, *states; /* places in scratch: of row-local arrays; of reductions, 64 bytes a row */
    int64_t o, rows;         /* outer points o ..< o + rows */
    int64_t from, to;        /* inner points */
    int64_t first;           /* the row of the reductions that the block begins with */
    int32_t part;
    const void *accumulator; /* of an epilogue: the product at the first point, and the elements between its rows */
    int64_t accumulator_row;
    /* Elements first ..< first + n of a stream of random numbers: uniform ones, or normal ones. */
    void (*uniform)(const int32_t *key, int64_t first, int64_t n, float *to);
    void (*normal)(const int32_t *key, int64_t first, int64_t n, float *to);
    const void *worker;
    /* Says that a run-time index at a point (in row-major order of the nest's space) lies outside. */
    void (*report)(const void *worker, int32_t node, int64_t position, int64_t index, int64_t extent);
} jq_native_block;

typedef void (*jq_native_function)(const jq_native_block *block);

#endif
