/* Matrix products made here: every element of C is the sum over k of A[i][k] B[k][j] in the order of k, each step one
 * fma, so the bytes depend neither on the cut into tiles nor on where the operands lie. C is made panel by panel of
 * columns, block by block of rows; operands whose rows lie far apart are copied on the way, next to each other. */
#ifndef JQ_MATRIX_PRODUCTS_H
#define JQ_MATRIX_PRODUCTS_H

#include "matrix_blocks.h"
#include "matrix_windows.h"

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

/* A product, and what of it is copied. */
typedef struct jq_panels {
    const float *a, *b;
    long a_row, a_step, b_row, b_column;
    float *c;
    long c_row, rows, columns, depth;
    int accumulate, copies_a, copies_b;
    float *kept_a, *kept_b;
    const jq_window *window;
    long window_row, window_column;
    int reads_windows;        /* where they lie */
    const int64_t *row_steps; /* offsets of the windows' rows */
    const jq_window *left;    /* A as windows, */
    long left_row;
    const int64_t *left_steps; /* and the offsets of their columns */
} jq_panels;

static long panel_width(const jq_panels *p, long j) {
    return p->columns - j < JQ_BLOCK_COLUMNS ? p->columns - j : JQ_BLOCK_COLUMNS;
}

static long panel_depth(const jq_panels *p, long k) {
    return p->depth - k < JQ_PANEL_DEPTH ? p->depth - k : JQ_PANEL_DEPTH;
}

/* The panel of B that comes after the one at (k, j), if it is copied. */
static jq_ahead next_panel(const jq_panels *p, long k, long j) {
    j += JQ_BLOCK_COLUMNS;
    if (j >= p->columns) j = 0, k += JQ_PANEL_DEPTH;
    if (!p->copies_b || p->window || k >= p->depth) return (jq_ahead){0};
    const char *next = (const char *)(p->b + k * p->b_row + j * p->b_column);
    if (p->b_column == 1) return (jq_ahead){next, p->b_row * (long)sizeof(float), JQ_BLOCK_VECTORS, 0, panel_depth(p, k)};
    return (jq_ahead){next, p->b_column * (long)sizeof(float), (panel_depth(p, k) + 15) / 16, 0, panel_width(p, j)};
}

/* The rows of A after those from row i on; those that lie side by side share lines, so 16 at a time. */
static jq_ahead next_rows(const jq_panels *p, long k, long i) {
    if (p->a_step == 1) {
        const long rows = p->rows - i - JQ_BLOCK_ROWS < JQ_BLOCK_ROWS ? p->rows - i - JQ_BLOCK_ROWS : JQ_BLOCK_ROWS;
        const char *next = (const char *)(p->a + (i + JQ_BLOCK_ROWS) * p->a_row + k);
        return (jq_ahead){next, p->a_row * (long)sizeof(float), (panel_depth(p, k) + 15) / 16, 0, rows};
    }
    const int is_due = i % 16 < JQ_BLOCK_ROWS && i + 16 < p->rows;
    const char *next = (const char *)(p->a + k * p->a_step + i + 16);
    return (jq_ahead){next, p->a_step * (long)sizeof(float), 1, 0, is_due ? panel_depth(p, k) : 0};
}

/* Where a block reads A, or copies it to. */
static void place_a(const jq_panels *p, jq_operands *x, long k, long j, long i) {
    x->a = p->a + i * p->a_row + k * p->a_step, x->a_row = p->a_row, x->a_step = p->a_step, x->kept_a = NULL;
    if (!p->copies_a || p->reads_windows || p->rows - i < JQ_BLOCK_ROWS) return;
    float *kept = p->kept_a + i * (p->a_step == 1 ? JQ_KEPT_ROW : x->depth);
    if (j == 0) {
        x->kept_a = kept;
    } else {
        x->a = kept;
        if (p->a_step == 1) x->a_row = JQ_KEPT_ROW;
        else x->a_step = JQ_BLOCK_ROWS;
    }
}

/* Where the rows of A from row i on begin, as windows. */
static void place_left(const jq_panels *p, jq_operands *x, long i, long rows) {
    const jq_window *w = p->left;
    int64_t offsets[JQ_BLOCK_ROWS];
    window_offsets(offsets, w->row_rank, w->row_extents, w->row_strides, p->left_row + i, rows);
    for (long r = 0; r < rows; r++) x->rows[r] = p->a + offsets[r];
    x->row_steps = p->left_steps;
}

/* Where the vectors of columns from j on begin. */
static void place_windows(const jq_panels *p, jq_operands *x, long j, int vectors) {
    const jq_window *w = p->window;
    x->steps = p->row_steps;
    for (int v = 0; v < vectors; v++) {
        int64_t offset;
        window_offsets(&offset, w->column_rank, w->column_extents, w->column_strides, p->window_column + j + 16 * v, 1);
        x->vectors[v] = p->b + offset;
    }
}

static void panel_product(const jq_panels *p, long k, long j) {
    const long width = panel_width(p, j);
    const int vectors = width <= 16 ? 1 : JQ_BLOCK_VECTORS;
    jq_ahead next_a = {0}, next_b = next_panel(p, k, j);
    jq_operands x = {.c_row = p->c_row, .depth = panel_depth(p, k), .accumulate = p->accumulate || k > 0};
    x.b = p->b + k * p->b_row + j * p->b_column, x.b_row = p->b_row, x.next_a = &next_a, x.next_b = &next_b;
    if (p->reads_windows) {
        place_windows(p, &x, j, vectors);
    } else if (p->window) {
        pack_windows(p->kept_b, p->b, p->window, p->row_steps, p->window_row + k, x.depth, p->window_column + j, width,
                     16 * vectors);
        x.b = p->kept_b, x.b_row = 16 * vectors;
    } else if (p->copies_b || width < 16 * vectors) {
        pack_panel(p->kept_b, x.b, p->b_row, p->b_column, x.depth, width, 16 * vectors);
        x.b = p->kept_b, x.b_row = 16 * vectors;
    }
    for (long i = 0; i < p->rows; i += JQ_BLOCK_ROWS) {
        const long rows = p->rows - i < JQ_BLOCK_ROWS ? p->rows - i : JQ_BLOCK_ROWS;
        x.c = p->c + i * p->c_row + j;
        if (p->left) {
            place_left(p, &x, i, rows);
            left_in_place(&x, rows, vectors);
            continue;
        }
        place_a(p, &x, k, j, i);
        if (j == 0) next_a = next_rows(p, k, i);
        if (p->reads_windows) block_in_place(&x, rows, vectors);
        else if (width < 16 * vectors) narrow_block(x, rows, width, vectors);
        else if (rows < JQ_BLOCK_ROWS || vectors < JQ_BLOCK_VECTORS) partial_block(&x, rows, vectors);
        else whole_block(&x);
    }
}

static void matrix_product_f32(const jq_product *t, void *packing) {
    jq_panels p = {.a = t->a, .b = t->b, .c = t->c, .c_row = t->ldc, .rows = t->m, .columns = t->n, .depth = t->k};
    p.a_row = t->transpose_a ? 1 : t->lda, p.a_step = t->transpose_a ? t->lda : 1;
    p.b_row = t->transpose_b ? 1 : t->ldb, p.b_column = t->transpose_b ? t->ldb : 1;
    p.accumulate = t->accumulate, p.copies_a = jq_copies_a(t), p.copies_b = jq_copies_b(t);
    p.kept_b = packing, p.kept_a = p.kept_b + JQ_PANEL_DEPTH * JQ_WIDEST_BLOCK + JQ_SLACK;
    p.window = t->window, p.window_row = t->window_row, p.window_column = t->window_column;
    p.reads_windows = t->window && windows_lie_in_vectors(t->window, t->window_column, t->n);
    p.left = t->left, p.left_row = t->left_row;
    int64_t row_steps[JQ_PANEL_DEPTH], left_steps[JQ_PANEL_DEPTH];
    p.row_steps = row_steps, p.left_steps = left_steps;
    for (long k = 0; k < p.depth || k == 0; k += JQ_PANEL_DEPTH) {
        if (t->window)
            window_offsets(row_steps, t->window->row_rank, t->window->row_extents, t->window->row_strides, p.window_row + k,
                           panel_depth(&p, k));
        if (t->left)
            window_offsets(left_steps, t->left->column_rank, t->left->column_extents, t->left->column_strides,
                           t->left_column + k, panel_depth(&p, k));
        for (long j = 0; j < p.columns; j += JQ_BLOCK_COLUMNS) panel_product(&p, k, j);
    }
}

#endif
