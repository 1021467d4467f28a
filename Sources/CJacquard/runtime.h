/* What the files of the runtime share among themselves. */
#ifndef JQ_RUNTIME_INTERNAL_H
#define JQ_RUNTIME_INTERNAL_H

#include "jacquard_runtime.h"

/* A matrix of n by `depth` (dot) or `depth` by n (combine) elements, whose rows are `row` apart, times a vector. */
typedef void (*jq_vector_product)(void *result, long result_step, const void *x, long step, const void *matrix, long row,
                                  long n, long depth, int accumulate);

/* C[rows, columns] (+)= A[rows, depth] B[depth, columns]; strides in elements, C's columns side by side. */
typedef void (*jq_matrix_product)(const float *a, long a_row, long a_step, const float *b, long b_row, long b_column,
                                  float *c, long c_row, long rows, long columns, long depth, int accumulate);

/* Everything that exists once an instruction set. */
typedef struct jq_functions {
    jq_tile_function tiles[JQ_OPERATION_COUNT][JQ_DTYPE_COUNT];
    jq_tile_function casts[JQ_DTYPE_COUNT][JQ_DTYPE_COUNT];
    const jq_reducer *reducers[JQ_COMBINER_COUNT][JQ_DTYPE_COUNT];
    void (*philox_words)(const uint32_t key[2], uint64_t block, long blocks, uint32_t *out);
    void (*box_muller)(const uint32_t *words, long n, float *out);
    jq_vector_product dot[2], combine[2]; /* f32, f64 */
    jq_matrix_product matrix_product;     /* f32 */
} jq_functions;

extern const jq_functions jq_functions_baseline;
#if defined(__x86_64__)
extern const jq_functions jq_functions_v3, jq_functions_v4;
#endif

/* The functions for this machine. */
const jq_functions *jq_functions_in_use(void);

/* Sets OpenBLAS to one thread a call; any number of times, from any thread. */
void jq_blas_prepare(void);

/* Whether OpenBLAS takes its threads from OpenMP. */
int jq_blas_uses_openmp(void);

#endif
