/* What the files of the runtime share among themselves. */
#ifndef JQ_RUNTIME_INTERNAL_H
#define JQ_RUNTIME_INTERNAL_H

#include "jacquard_runtime.h"

/* A matrix of n by `depth` (dot) or `depth` by n (combine) elements, whose rows are `row` apart, times a vector. */
typedef void (*jq_vector_product)(void *result, long result_step, const void *x, long step, const void *matrix, long row,
                                  long n, long depth, int accumulate);

/* A product of f32, all of it; `packing` as jq_packing_bytes says. */
typedef void (*jq_matrix_product)(const jq_product *product, void *packing);

enum {
    JQ_PANEL_DEPTH = 512, /* terms at once: a panel of B is 64 KiB at most */
    JQ_MAXIMUM_WINDOW_RANK = 8,
    JQ_SLACK = 16,        /* elements after it that copying in vectors may touch */
    JQ_WIDEST_BLOCK = 32, /* columns */
    JQ_KEPT_ROW = JQ_PANEL_DEPTH + 16, /* elements between rows of a copy of A: no power of 2, for the first cache */
    JQ_FAR_ROW = 1024, /* elements between rows of B from which on the processor does not foresee the next one */
};

/* Whether rows so many elements apart fall on few places of a cache, and drive each other out. */
static inline int jq_collides(long row) { return row >= 1024 && row % 512 == 0; }

/* Whether a copy of an operand is worth its while. */
static inline int jq_copies_a(const jq_product *p) { return !p->left && jq_collides(p->lda) && p->n > 2 * JQ_WIDEST_BLOCK; }
static inline int jq_copies_b(const jq_product *p) {
    return p->window || p->transpose_b || (p->m >= 64 && p->ldb >= JQ_FAR_ROW);
}

/* Everything that exists once an instruction set. */
typedef struct jq_functions {
    jq_tile_function tiles[JQ_OPERATION_COUNT][JQ_DTYPE_COUNT];
    jq_tile_function casts[JQ_DTYPE_COUNT][JQ_DTYPE_COUNT];
    const jq_reducer *reducers[JQ_COMBINER_COUNT][JQ_DTYPE_COUNT];
    void (*philox_words)(const uint32_t key[2], uint64_t block, long blocks, uint32_t *out);
    void (*box_muller)(const uint32_t *words, long n, float *out);
    jq_vector_product dot[2], combine[2]; /* f32, f64 */
    jq_matrix_product matrix_product;     /* f32 */
    /* Convolutions of f32 in the way of Winograd; `space` as jq_winograd_bytes says. */
    void (*winograd_kernels)(const jq_product *product, float *space);
    void (*winograd_product)(const jq_product *product, float *space);
    /* Loops of limit_loops.h. */
    double (*limit_steps)(long rounds, float factor, float *kept);
    void (*limit_triad)(float *a, const float *b, const float *c, float factor, long n);
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
