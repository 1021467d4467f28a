/* Matrix products: f32 by matrix_products.h, f64 by OpenBLAS with one thread a call, integers by plain loops. */
#include <cblas.h>
#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "runtime.h"

static char description[256];

/* What OpenBLAS itself does before a fork: its threads end, and come back if anyone asks for more than one. */
extern int blas_thread_shutdown_(void) __attribute__((weak));

static void set_threads(void) {
    /* With the OpenMP variant this would set the number of threads of our own regions too. */
    if (openblas_get_parallel() != OPENBLAS_OPENMP) openblas_set_num_threads(1);
    /* The library starts its threads when it is loaded; they would only count against the process's limit. */
    if (openblas_get_parallel() == OPENBLAS_THREAD && blas_thread_shutdown_) blas_thread_shutdown_();
    static const char *const kinds[] = {"sequential", "own threads", "OpenMP"};
    const int kind = openblas_get_parallel();
    snprintf(description, sizeof description, "%s (%s), core %s, one thread a call", openblas_get_config(),
             kind >= 0 && kind <= 2 ? kinds[kind] : "unknown", openblas_get_corename());
}

void jq_blas_prepare(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_threads);
}

int jq_blas_uses_openmp(void) { return openblas_get_parallel() == OPENBLAS_OPENMP; }

const char *jq_blas_description(void) {
    jq_blas_prepare();
    return description;
}

/* One tile: the product's own fields, and pointers to where the tile begins. */
typedef struct tile {
    const jq_product *product;
    const void *a, *b;
    void *c;
    long rows, columns;
} tile;

static long offset(long index, long stride, int transposed) { return transposed ? index : index * stride; }

static tile cut(const jq_product *p, long row, long rows, long column, long columns) {
    const long size = jq_element_size((jq_dtype)p->dtype);
    return (tile){p,
                  (const char *)p->a + size * offset(row, p->lda, p->transpose_a),
                  (const char *)p->b + size * offset(column, p->ldb, !p->transpose_b),
                  (char *)p->c + size * (row * p->ldc + column),
                  rows, columns};
}

/* One row or one column of C: a matrix times a vector. */
static void vector_product(tile t, int is_f64) {
    const jq_product *p = t.product;
    const jq_functions *functions = jq_functions_in_use();
    const int row = t.rows == 1; /* C[1, n] = a B, else C[m, 1] = A b */
    const int transposed = row ? p->transpose_b : !p->transpose_a;
    const jq_vector_product product = (transposed ? functions->dot : functions->combine)[is_f64];
    const void *x = row ? t.a : t.b, *matrix = row ? t.b : t.a;
    const long step = row ? (p->transpose_a ? p->lda : 1) : (p->transpose_b ? 1 : p->ldb);
    product(t.c, row ? 1 : p->ldc, x, step, matrix, row ? p->ldb : p->lda, row ? t.columns : t.rows, p->k,
            p->accumulate);
}

#define TRANSPOSITION(flag) ((flag) ? CblasTrans : CblasNoTrans)

static void blas_f64(tile t) {
    const jq_product *p = t.product;
    jq_blas_prepare();
    cblas_dgemm(CblasRowMajor, TRANSPOSITION(p->transpose_a), TRANSPOSITION(p->transpose_b), (int)t.rows, (int)t.columns,
                (int)p->k, 1, t.a, (int)p->lda, t.b, (int)p->ldb, p->accumulate ? 1 : 0, t.c, (int)p->ldc);
}

/* The tile as a product by itself. */
static jq_product alone(tile t) {
    jq_product p = *t.product;
    p.a = p.left ? p.a : t.a, p.b = p.window ? p.b : t.b, p.c = t.c, p.m = t.rows, p.n = t.columns;
    return p;
}

static void blocks_f32(tile t, void *packing) {
    const jq_product p = alone(t);
    jq_functions_in_use()->matrix_product(&p, packing);
}

long jq_packing_bytes(const jq_product *product, long rows, long columns) {
    if (product->dtype != JQ_F32) return 0;
    jq_product tile = *product;
    tile.m = rows, tile.n = columns;
    const long copied_rows = jq_copies_a(&tile) ? rows * JQ_KEPT_ROW : 0;
    return (JQ_PANEL_DEPTH * JQ_WIDEST_BLOCK + JQ_SLACK + copied_rows) * (long)sizeof(float);
}

/* Row by row, in the order of k; integers wrap around. */
#define LOOP_PRODUCT(name, type) \
    static void name(tile t) { \
        const jq_product *p = t.product; \
        const long a_row = p->transpose_a ? 1 : p->lda, a_step = p->transpose_a ? p->lda : 1; \
        const long b_step = p->transpose_b ? 1 : p->ldb, b_column = p->transpose_b ? p->ldb : 1; \
        for (long i = 0; i < t.rows; i++) { \
            type *c = (type *)t.c + i * p->ldc; \
            if (!p->accumulate) memset(c, 0, (size_t)t.columns * sizeof(type)); \
            for (long k = 0; k < p->k; k++) { \
                const type a = ((const type *)t.a)[i * a_row + k * a_step]; \
                const type *b = (const type *)t.b + k * b_step; \
                for (long j = 0; j < t.columns; j++) c[j] += a * b[j * b_column]; \
            } \
        } \
    }

LOOP_PRODUCT(loops_i32, uint32_t)
LOOP_PRODUCT(loops_i64, uint64_t)

/* BLAS counts in int; and it need not know a product without terms. */
static int fits_blas(const jq_product *p, long rows, long columns) {
    return rows <= INT_MAX && columns <= INT_MAX && p->k > 0 && p->k <= INT_MAX && p->lda <= INT_MAX &&
           p->ldb <= INT_MAX && p->ldc <= INT_MAX;
}

/* Row after row: what a product of more than 2^31 anything, or none, comes to. */
static void rows_alone(const jq_product *product, long row, long rows, long column, long columns) {
    for (long i = row; i < row + rows; i++) vector_product(cut(product, i, 1, column, columns), product->dtype == JQ_F64);
}

void jq_gemm_tile(const jq_product *product, long row, long rows, long column, long columns, void *packing) {
    if (rows <= 0 || columns <= 0) return;
    const tile t = cut(product, row, rows, column, columns);
    const int is_f64 = product->dtype == JQ_F64, is_float = is_f64 || product->dtype == JQ_F32;
    if (is_f64 && !fits_blas(product, rows, columns)) {
        rows_alone(product, row, rows, column, columns);
    } else if (is_float && !product->window && !product->left && (product->m == 1 || product->n == 1)) {
        vector_product(t, is_f64);
    } else {
        switch (product->dtype) {
        case JQ_F32: blocks_f32(t, packing); break;
        case JQ_F64: blas_f64(t); break;
        case JQ_I32: loops_i32(t); break;
        case JQ_I64: loops_i64(t); break;
        default: break;
        }
    }
}

/* ---- Winograd ---- */

/* Kernels, squares and products at 16 places, the latter two with room between them. */
long jq_winograd_bytes(const jq_product *product, long columns) {
    const long inputs = product->k / 9, room = (columns / 4 + 15) / 16 * 16;
    return 16 * (product->m * inputs + (inputs + product->m) * room + 2 * JQ_SLACK) * (long)sizeof(float);
}

void jq_winograd_begin(const jq_product *product, void *space) { jq_functions_in_use()->winograd_kernels(product, space); }

void jq_winograd_tile(const jq_product *product, long columns, void *space) {
    jq_product tile = *product;
    tile.n = columns;
    jq_functions_in_use()->winograd_product(&tile, space);
}
