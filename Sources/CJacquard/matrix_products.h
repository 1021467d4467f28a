/* Matrix products made here: every element of C is the sum over k of A[i][k] B[k][j] in the order of k, each step one
 * fma, so the bytes depend neither on the cut into tiles nor on where the operands lie. A block of C stays in registers;
 * B is read where it lies, or from a packed panel where its columns do not lie side by side or do not fill the block. */
#ifndef JQ_MATRIX_PRODUCTS_H
#define JQ_MATRIX_PRODUCTS_H

#include "vector.h"

/* The block of C: rows, and vectors of 16 columns. */
#ifndef JQ_BLOCK_ROWS
#define JQ_BLOCK_ROWS 6
#define JQ_BLOCK_VECTORS 1
#endif
#define JQ_BLOCK_COLUMNS (16 * JQ_BLOCK_VECTORS)

enum {
    JQ_PANEL_DEPTH = 512, /* terms at once: a panel of 64 KiB at most */
    JQ_FAR_ROW = 1024,    /* elements between rows of B from which on the first cache holds too few of them */
};

#ifdef JQV_SOFT_FMA
#define JQ_PRODUCT_STEP(a, b, c) ((a) * (b) + (c)) /* fma by software would be a hundred times slower */
#else
#define JQ_PRODUCT_STEP(a, b, c) jqv_fma(a, b, c)
#endif

/* C[rows][16 vectors] (+)= A B over `depth` terms. Rows, vectors and strides are literals where it matters. */
JQV_INLINE void block_product(const float *a, long a_row, long a_step, const float *b, long b_row, float *c, long c_row,
                              long depth, int rows, int vectors, int accumulate) {
    jqv_f32 sum[JQ_BLOCK_ROWS][JQ_BLOCK_VECTORS];
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++)
            sum[r][v] = accumulate ? JQV_LOAD(jqv_f32, c + r * c_row + 16 * v) : jqv_splat(0);
    for (long k = 0; k < depth; k++) {
        jqv_f32 factor[JQ_BLOCK_VECTORS];
        for (int v = 0; v < vectors; v++) factor[v] = JQV_LOAD(jqv_f32, b + k * b_row + 16 * v);
        for (int r = 0; r < rows; r++) {
            const jqv_f32 x = jqv_splat(a[r * a_row + k * a_step]);
            for (int v = 0; v < vectors; v++) sum[r][v] = JQ_PRODUCT_STEP(x, factor[v], sum[r][v]);
        }
    }
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++) JQV_STORE(jqv_f32, c + r * c_row + 16 * v, sum[r][v]);
}

/* The strides as literals: one of the two is 1. */
JQV_INLINE void block_product_of(const float *a, long a_row, long a_step, const float *b, long b_row, float *c,
                                 long c_row, long depth, int rows, int vectors, int accumulate) {
    if (a_row == 1) block_product(a, 1, a_step, b, b_row, c, c_row, depth, rows, vectors, accumulate);
    else block_product(a, a_row, a_step, b, b_row, c, c_row, depth, rows, vectors, accumulate);
}

JQV_INLINE void block_rows_of(const float *a, long a_row, long a_step, const float *b, long b_row, float *c, long c_row,
                              long depth, long rows, int vectors, int accumulate) {
    for (; rows >= JQ_BLOCK_ROWS; rows -= JQ_BLOCK_ROWS, a += JQ_BLOCK_ROWS * a_row, c += JQ_BLOCK_ROWS * c_row)
        block_product_of(a, a_row, a_step, b, b_row, c, c_row, depth, JQ_BLOCK_ROWS, vectors, accumulate);
    if (rows >= 4) {
        block_product_of(a, a_row, a_step, b, b_row, c, c_row, depth, 4, vectors, accumulate);
        rows -= 4, a += 4 * a_row, c += 4 * c_row;
    }
    for (; rows > 0; rows--, a += a_row, c += c_row)
        block_product_of(a, a_row, a_step, b, b_row, c, c_row, depth, 1, vectors, accumulate);
}

static void block_rows(const float *a, long a_row, long a_step, const float *b, long b_row, float *c, long c_row,
                       long depth, long rows, int accumulate) {
    block_rows_of(a, a_row, a_step, b, b_row, c, c_row, depth, rows, JQ_BLOCK_VECTORS, accumulate);
}

/* Blocks of one vector of columns. */
static void block_rows_one(const float *a, long a_row, long a_step, const float *b, long b_row, float *c, long c_row,
                           long depth, long rows, int accumulate) {
    block_rows_of(a, a_row, a_step, b, b_row, c, c_row, depth, rows, 1, accumulate);
}

/* 16 rows of 16 elements become 16 columns. */
JQV_INLINE void transpose_16(float *to, long to_row, const float *from, long from_row) {
    jqv_f32 x[16], y[16];
    for (int i = 0; i < 16; i++) x[i] = JQV_LOAD(jqv_f32, from + i * from_row);
    for (int i = 0; i < 16; i += 2) {
        y[i] = __builtin_shufflevector(x[i], x[i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        y[i + 1] = __builtin_shufflevector(x[i], x[i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    }
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 2; j++) {
            x[i + 2 * j] = __builtin_shufflevector(y[i + j], y[i + j + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12,
                                                   13, 28, 29);
            x[i + 2 * j + 1] = __builtin_shufflevector(y[i + j], y[i + j + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26,
                                                       27, 14, 15, 30, 31);
        }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 16; j += 8) {
            y[j + i] = __builtin_shufflevector(x[j + i], x[j + i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25,
                                               26, 27);
            y[j + i + 4] = __builtin_shufflevector(x[j + i], x[j + i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15,
                                                   28, 29, 30, 31);
        }
    for (int i = 0; i < 8; i++) {
        JQV_STORE(jqv_f32, to + i * to_row, __builtin_shufflevector(y[i], y[i + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18,
                                                                    19, 20, 21, 22, 23));
        JQV_STORE(jqv_f32, to + (i + 8) * to_row, __builtin_shufflevector(y[i], y[i + 8], 8, 9, 10, 11, 12, 13, 14, 15,
                                                                          24, 25, 26, 27, 28, 29, 30, 31));
    }
}

/* `width` columns of B, [depth][panel] side by side; beyond them zeros. */
static void pack_panel(float *to, const float *b, long b_row, long b_column, long depth, long width, long panel) {
    if (width < panel) memset(to, 0, (size_t)(depth * panel) * sizeof *to);
    if (b_column == 1) {
        for (long k = 0; k < depth; k++) memcpy(to + k * panel, b + k * b_row, (size_t)width * sizeof *to);
        return;
    }
    const long whole = b_row == 1 ? depth / 16 * 16 : 0, columns = width / 16 * 16;
    for (long k = 0; k < whole; k += 16)
        for (long j = 0; j < columns; j += 16) transpose_16(to + k * panel + j, panel, b + k + j * b_column, b_column);
    for (long k = 0; k < depth; k++)
        for (long j = k < whole ? columns : 0; j < width; j++) to[k * panel + j] = b[k * b_row + j * b_column];
}

/* One panel of columns of C, over at most JQ_PANEL_DEPTH terms. */
typedef struct jq_panel {
    const float *a;
    long a_row, a_step;
    const float *b;
    long b_row; /* from one term to the next */
    float *c;
    long c_row, depth, rows;
    int accumulate;
} jq_panel;

/* Columns that do not fill a block are made aside, where the block has room. */
static void narrow_panel(jq_panel p, long width, long panel) {
    float aside[JQ_BLOCK_ROWS * JQ_BLOCK_COLUMNS];
    for (long row = 0; row < p.rows; row += JQ_BLOCK_ROWS) {
        const long count = p.rows - row < JQ_BLOCK_ROWS ? p.rows - row : JQ_BLOCK_ROWS;
        float *to = p.c + row * p.c_row;
        for (long r = 0; p.accumulate && r < count; r++)
            memcpy(aside + r * panel, to + r * p.c_row, (size_t)width * sizeof *to);
        (panel == 16 ? block_rows_one : block_rows)(p.a + row * p.a_row, p.a_row, p.a_step, p.b, p.b_row, aside, panel,
                                                    p.depth, count, p.accumulate);
        for (long r = 0; r < count; r++) memcpy(to + r * p.c_row, aside + r * panel, (size_t)width * sizeof *to);
    }
}

static void matrix_product_f32(const float *a, long a_row, long a_step, const float *b, long b_row, long b_column,
                               float *c, long c_row, long rows, long columns, long depth, int accumulate) {
    _Alignas(64) float packed[JQ_PANEL_DEPTH * JQ_BLOCK_COLUMNS];
    const int is_far = b_row >= JQ_FAR_ROW && rows >= 64;
    for (long k = 0; k < depth || k == 0; k += JQ_PANEL_DEPTH) {
        const long count = depth - k < JQ_PANEL_DEPTH ? depth - k : JQ_PANEL_DEPTH;
        for (long j = 0; j < columns; j += JQ_BLOCK_COLUMNS) {
            const long width = columns - j < JQ_BLOCK_COLUMNS ? columns - j : JQ_BLOCK_COLUMNS;
            const long panel = width <= 16 ? 16 : JQ_BLOCK_COLUMNS;
            jq_panel p = {a + k * a_step, a_row, a_step, b + k * b_row + j * b_column, b_row,
                          c + j,          c_row, count,  rows, accumulate || k > 0};
            if (width < panel || b_column != 1 || is_far) {
                pack_panel(packed, p.b, b_row, b_column, count, width, panel);
                p.b = packed, p.b_row = panel;
            }
            if (width < panel) narrow_panel(p, width, panel);
            else (panel == 16 ? block_rows_one : block_rows)(p.a, a_row, a_step, p.b, p.b_row, p.c, c_row, count, rows,
                                                             p.accumulate);
        }
    }
}

#endif
