/* Blocks of a matrix product: the part of C that stays in registers while the terms pass. */
#ifndef JQ_MATRIX_BLOCKS_H
#define JQ_MATRIX_BLOCKS_H

#include "vector.h"

/* The block of C: rows, and vectors of 16 columns. */
#ifndef JQ_BLOCK_ROWS
#define JQ_BLOCK_ROWS 6
#define JQ_BLOCK_VECTORS 1
#endif
#define JQ_BLOCK_COLUMNS (16 * JQ_BLOCK_VECTORS)

enum { JQ_AHEAD = 16 }; /* terms: A is copied, and lines are fetched, so long before their use */

#ifdef JQV_SOFT_FMA
#define JQ_PRODUCT_STEP(a, b, c) ((a) * (b) + (c)) /* fma by software would be a hundred times slower */
#else
#define JQ_PRODUCT_STEP(a, b, c) jqv_fma(a, b, c)
#endif

/* Memory that is wanted soon: `runs` runs of `lines` cache lines, `stride` bytes apart. Fetched line by line on the way,
 * since the processor by itself does not look beyond a page. */
typedef struct jq_ahead {
    const char *next;
    long stride, lines, line, runs;
} jq_ahead;

JQV_INLINE void fetch_ahead(jq_ahead *ahead) {
    if (ahead->runs <= 0) return;
    __builtin_prefetch(ahead->next + 64 * ahead->line, 0, 2);
    if (++ahead->line < ahead->lines) return;
    ahead->line = 0, ahead->next += ahead->stride, ahead->runs--;
}

/* C[rows][columns] (+)= A[rows][depth] B[depth][columns], and where they lie. B's columns and C's lie side by side. */
typedef struct jq_operands {
    const float *a;
    long a_row, a_step; /* one of them is 1 */
    const float *b;
    long b_row;
    float *c;
    long c_row, depth;
    int accumulate;
    float *kept_a; /* where A is copied to on the way, for the blocks beside this one; or NULL */
    jq_ahead *next_a, *next_b;
    const float *vectors[JQ_BLOCK_VECTORS]; /* of windows read in place: where each vector of columns begins, */
    const int64_t *steps;                   /* and how far behind that term k of it lies */
    const float *rows[JQ_BLOCK_ROWS];       /* of A as windows: where each row begins, */
    const int64_t *row_steps;               /* and how far behind that term k lies */
} jq_operands;

/* Copies up to JQ_AHEAD terms of A's rows, from term k on. */
JQV_INLINE void keep_terms(const jq_operands *x, long k, int rows, int is_side_by_side) {
    const long count = x->depth - k < JQ_AHEAD ? x->depth - k : JQ_AHEAD;
    if (is_side_by_side) {
        for (long i = k; i < k + count; i++)
            for (int r = 0; r < rows; r++) x->kept_a[i * JQ_BLOCK_ROWS + r] = x->a[i * x->a_step + r];
    } else if (count == JQ_AHEAD) {
        for (int r = 0; r < rows; r++)
            JQV_STORE(jqv_f32, x->kept_a + r * JQ_KEPT_ROW + k, JQV_LOAD(jqv_f32, x->a + r * x->a_row + k));
    } else {
        for (int r = 0; r < rows; r++)
            memcpy(x->kept_a + r * JQ_KEPT_ROW + k, x->a + r * x->a_row + k, (size_t)count * sizeof(float));
    }
}

/* The lines of C that the block below this one will write. */
JQV_INLINE void fetch_next_c(const jq_operands *x, int rows, int vectors) {
    for (int r = rows; r < 2 * rows; r++)
        for (int v = 0; v < vectors; v++) __builtin_prefetch(x->c + r * x->c_row + 16 * v, 1, 3);
}

/* What a block does beside its product: nothing, fetch what comes next, or copy A too; or it reads windows in place, as B or
 * as A. */
enum { JQ_ONLY_MULTIPLIES, JQ_FETCHES, JQ_KEEPS, JQ_IN_PLACE, JQ_LEFT_IN_PLACE };

/* Rows, vectors, duty and, where it matters, A's strides are literals. */
JQV_INLINE void block_product(const jq_operands *x, long a_row, long a_step, int rows, int vectors, int duty) {
    const float *a = duty == JQ_KEEPS ? x->kept_a : x->a;
    const int is_ahead = duty == JQ_FETCHES || duty == JQ_KEEPS;
    const long chunk = is_ahead ? JQ_AHEAD : x->depth;
    jqv_f32 sum[JQ_BLOCK_ROWS][JQ_BLOCK_VECTORS];
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++)
            sum[r][v] = x->accumulate ? JQV_LOAD(jqv_f32, x->c + r * x->c_row + 16 * v) : jqv_splat(0);
    if (is_ahead) fetch_next_c(x, rows, vectors);
    if (duty == JQ_KEEPS) keep_terms(x, 0, rows, a_row == 1);
    for (long from = 0; from < x->depth; from += chunk) {
        const long to = x->depth - from < chunk ? x->depth : from + chunk;
        if (duty == JQ_KEEPS && to < x->depth) keep_terms(x, to, rows, a_row == 1);
        for (int line = 0; is_ahead && line < rows; line++) fetch_ahead(x->next_a);
        for (int line = 0; is_ahead && line < 2; line++) fetch_ahead(x->next_b);
        for (long k = from; k < to; k++) {
            jqv_f32 factor[JQ_BLOCK_VECTORS];
            for (int v = 0; v < vectors; v++)
                factor[v] = JQV_LOAD(jqv_f32, duty == JQ_IN_PLACE ? x->vectors[v] + x->steps[k] : x->b + k * x->b_row + 16 * v);
            for (int r = 0; r < rows; r++) {
                const jqv_f32 y =
                    jqv_splat(duty == JQ_LEFT_IN_PLACE ? x->rows[r][x->row_steps[k]] : a[r * a_row + k * a_step]);
                for (int v = 0; v < vectors; v++) sum[r][v] = JQ_PRODUCT_STEP(y, factor[v], sum[r][v]);
            }
        }
    }
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++) JQV_STORE(jqv_f32, x->c + r * x->c_row + 16 * v, sum[r][v]);
}

/* A as it lies, its strides as literals where they can be. */
JQV_INLINE void block_of(const jq_operands *x, int rows, int vectors, int duty) {
    if (x->a_row == 1) block_product(x, 1, x->a_step, rows, vectors, duty);
    else block_product(x, x->a_row, 1, rows, vectors, duty);
}

static void whole_block(const jq_operands *x) {
    if (x->kept_a && x->a_step == 1) block_product(x, JQ_KEPT_ROW, 1, JQ_BLOCK_ROWS, JQ_BLOCK_VECTORS, JQ_KEEPS);
    else if (x->kept_a) block_product(x, 1, JQ_BLOCK_ROWS, JQ_BLOCK_ROWS, JQ_BLOCK_VECTORS, JQ_KEEPS);
    else if (x->next_a->runs > 0 || x->next_b->runs > 0) block_of(x, JQ_BLOCK_ROWS, JQ_BLOCK_VECTORS, JQ_FETCHES);
    else block_of(x, JQ_BLOCK_ROWS, JQ_BLOCK_VECTORS, JQ_ONLY_MULTIPLIES);
}

JQV_INLINE void some_rows(jq_operands x, long rows, int vectors, int duty) {
    if (rows == JQ_BLOCK_ROWS) {
        block_of(&x, JQ_BLOCK_ROWS, vectors, duty);
        return;
    }
    if (rows >= 4) {
        block_of(&x, 4, vectors, duty);
        rows -= 4, x.a += 4 * x.a_row, x.c += 4 * x.c_row;
    }
    for (; rows > 0; rows--, x.a += x.a_row, x.c += x.c_row) block_of(&x, 1, vectors, duty);
}

/* Windows in place: whole vectors only. */
static void block_in_place(const jq_operands *x, long rows, int vectors) {
    if (vectors == 1) some_rows(*x, rows, 1, JQ_IN_PLACE);
    else some_rows(*x, rows, JQ_BLOCK_VECTORS, JQ_IN_PLACE);
}

/* A as windows in place: the rows of a block that is not whole one by one. */
JQV_INLINE void left_rows_in_place(jq_operands x, long rows, int vectors) {
    if (rows == JQ_BLOCK_ROWS) {
        block_product(&x, 0, 0, JQ_BLOCK_ROWS, vectors, JQ_LEFT_IN_PLACE);
        return;
    }
    for (long r = 0; r < rows; r++, x.c += x.c_row) {
        x.rows[0] = x.rows[r];
        block_product(&x, 0, 0, 1, vectors, JQ_LEFT_IN_PLACE);
    }
}

static void left_in_place(const jq_operands *x, long rows, int vectors) {
    if (vectors == 1) left_rows_in_place(*x, rows, 1);
    else left_rows_in_place(*x, rows, JQ_BLOCK_VECTORS);
}

/* Fewer rows, or columns of one vector. */
static void partial_block(const jq_operands *x, long rows, int vectors) {
    if (vectors == 1) some_rows(*x, rows, 1, JQ_ONLY_MULTIPLIES);
    else some_rows(*x, rows, JQ_BLOCK_VECTORS, JQ_ONLY_MULTIPLIES);
}

/* Columns that do not fill their vectors are made aside, where the block has room. */
static void narrow_block(jq_operands x, long rows, long width, int vectors) {
    float aside[JQ_BLOCK_ROWS * JQ_BLOCK_COLUMNS], *to = x.c;
    const long row = x.c_row;
    x.c = aside, x.c_row = 16 * vectors;
    for (long r = 0; x.accumulate && r < rows; r++)
        memcpy(aside + r * x.c_row, to + r * row, (size_t)width * sizeof *to);
    partial_block(&x, rows, vectors);
    for (long r = 0; r < rows; r++) memcpy(to + r * row, aside + r * x.c_row, (size_t)width * sizeof *to);
}

#endif
