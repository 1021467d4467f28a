/* Convolutions with kernels of 3 x 3 by minimal filtering, F(2 x 2, 3 x 3) (Lavin and Gray 2016, section 4.1): four results of a
 * square from 16 products where windows need 36. Kernels, squares of 4 x 4 of the input and the products of each of the 16
 * places lie apart from each other: [16][outputs][inputs], [16][inputs][squares], [16][outputs][squares]. */
#ifndef JQ_MATRIX_WINOGRAD_H
#define JQ_MATRIX_WINOGRAD_H

#include "matrix_products.h"

enum { JQ_PLACES = 16 };

/* Sizes of one product by Winograd: B's windows have rows [inputs][3][3] and columns [height][width], both even. */
typedef struct jq_squares {
    long outputs, inputs, width; /* squares side by side */
    long count, room;            /* of a tile, and what is kept for them: whole vectors */
    long channel, line;          /* elements of the input between channels, between lines */
    long input_step, product_step; /* between places: no power of 2, as all places are written together */
    float *kernels, *input, *products;
} jq_squares;

static jq_squares squares_of(const jq_product *p, float *space) {
    const jq_window *w = p->window;
    jq_squares s = {.outputs = p->m, .inputs = p->k / 9, .width = w->column_extents[1] / 2, .count = p->n / 4};
    s.room = (s.count + 15) / 16 * 16;
    s.channel = w->row_strides[0], s.line = w->row_strides[1];
    s.input_step = s.inputs * s.room + JQ_SLACK, s.product_step = s.outputs * s.room + JQ_SLACK;
    s.kernels = space;
    return s;
}

/* One dimension of a kernel: G g. */
JQV_INLINE void winograd_kernel(jqv_f32 *to, jqv_f32 a, jqv_f32 b, jqv_f32 c, int step) {
    const jqv_f32 outside = a + c;
    to[0] = a, to[step] = (outside + b) * 0.5f, to[2 * step] = (outside - b) * 0.5f, to[3 * step] = c;
}

/* The kernels A[outputs][inputs][3][3] at the 16 places. */
static void winograd_kernels(const jq_product *p, float *space) {
    const jq_squares s = squares_of(p, space);
    for (long m = 0; m < s.outputs; m++)
        for (long c = 0; c < s.inputs; c += 16) {
            const float *from = (const float *)p->a + m * p->lda + 9 * c;
            const long lanes = s.inputs - c < 16 ? s.inputs - c : 16;
            jqv_f32 g[9], half[12], whole[JQ_PLACES];
            for (int i = 0; i < 9; i++) {
                g[i] = jqv_splat(0);
                for (long lane = 0; lane < lanes; lane++) g[i][lane] = from[9 * lane + i];
            }
            for (int x = 0; x < 3; x++) winograd_kernel(half + x, g[x], g[3 + x], g[6 + x], 3);
            for (int y = 0; y < 4; y++) winograd_kernel(whole + 4 * y, half[3 * y], half[3 * y + 1], half[3 * y + 2], 1);
            for (int i = 0; i < JQ_PLACES; i++)
                memcpy(s.kernels + (i * s.outputs + m) * s.inputs + c, &whole[i], (size_t)lanes * sizeof(float));
        }
}

/* One dimension of a square: B^T d. */
JQV_INLINE void winograd_square(jqv_f32 *to, jqv_f32 a, jqv_f32 b, jqv_f32 c, jqv_f32 d, int step) {
    to[0] = a - c, to[step] = b + c, to[2 * step] = c - b, to[3 * step] = b - d;
}

/* Elements 2 l, 2 l + 1, 2 l + 2, 2 l + 3 of a line in lane l, of as many lanes as there are. */
JQV_INLINE void winograd_line(jqv_f32 *to, const float *from, long lanes, const float *end) {
    float aside[40];
    if (from + 34 > end) {
        memcpy(aside, from, (size_t)(2 * lanes + 2) * sizeof(float));
        memset(aside + 2 * lanes + 2, 0, (size_t)(34 - 2 * lanes - 2) * sizeof(float));
        from = aside;
    }
    const jqv_f32 a = JQV_LOAD(jqv_f32, from), b = JQV_LOAD(jqv_f32, from + 16);
    const jqv_f32 c = JQV_LOAD(jqv_f32, from + 2), d = JQV_LOAD(jqv_f32, from + 18);
    to[0] = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    to[1] = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    to[2] = __builtin_shufflevector(c, d, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    to[3] = __builtin_shufflevector(c, d, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

/* Squares from `at` on of one channel at the 16 places; what lanes beyond them hold is written over later, or not used. */
JQV_INLINE void winograd_squares(const jq_squares *s, const float *from, long channel, long at, long lanes, const float *end) {
    jqv_f32 d[16], half[4], whole[4];
    for (int y = 0; y < 4; y++) winograd_line(d + 4 * y, from + y * s->line, lanes, end);
    float *to = s->input + channel * s->room + at;
    const int has_room = at + 16 <= s->room;
    for (int y = 0; y < 4; y++) {
        /* One line of B^T d, then its own B^T. */
        for (int x = 0; x < 4; x++) {
            const jqv_f32 p = d[(y == 3 ? 4 : y == 0 ? 0 : y == 1 ? 4 : 8) + x], q = d[(y == 3 ? 12 : y == 2 ? 4 : 8) + x];
            half[x] = y == 1 ? p + q : p - q;
        }
        winograd_square(whole, half[0], half[1], half[2], half[3], 1);
        for (int i = 0; i < 4; i++, to += s->input_step) {
            if (has_room) JQV_STORE(jqv_f32, to, whole[i]);
            else memcpy(to, &whole[i], (size_t)lanes * sizeof(float));
        }
    }
}

/* Two lines of results at one output from the products at the 16 places: A^T m A. */
JQV_INLINE void winograd_results(const jq_squares *s, const float *from, float *to, float *below, long lanes, int has_room) {
    jqv_f32 half[8], y[4];
    const long step = s->product_step;
    for (int x = 0; x < 4; x++) {
        const jqv_f32 a = JQV_LOAD(jqv_f32, from + x * step), b = JQV_LOAD(jqv_f32, from + (4 + x) * step);
        const jqv_f32 c = JQV_LOAD(jqv_f32, from + (8 + x) * step), d = JQV_LOAD(jqv_f32, from + (12 + x) * step);
        half[x] = a + b + c, half[4 + x] = b - c - d;
    }
    for (int i = 0; i < 2; i++) {
        const jqv_f32 *h = half + 4 * i;
        y[2 * i] = h[0] + h[1] + h[2], y[2 * i + 1] = h[1] - h[2] - h[3];
    }
    for (int i = 0; i < 2; i++) {
        jqv_f32 line[2];
        line[0] = __builtin_shufflevector(y[2 * i], y[2 * i + 1], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        line[1] =
            __builtin_shufflevector(y[2 * i], y[2 * i + 1], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        float *line_to = i ? below : to;
        if (has_room) JQV_STORE(jqv_f32, line_to, line[0]), JQV_STORE(jqv_f32, line_to + 16, line[1]);
        else memcpy(line_to, line, (size_t)(2 * lanes) * sizeof(float));
    }
}

/* The product at one place; all terms fit into one panel. */
static void winograd_place(const jq_squares *s, int place) {
    jq_ahead none = {0};
    jq_operands x = {.a_row = s->inputs, .a_step = 1, .b_row = s->room, .c_row = s->room, .depth = s->inputs,
                     .next_a = &none, .next_b = &none};
    for (long j = 0; j < s->room; j += JQ_BLOCK_COLUMNS) {
        const int vectors = s->room - j < JQ_BLOCK_COLUMNS ? 1 : JQ_BLOCK_VECTORS;
        x.b = s->input + place * s->input_step + j;
        for (long i = 0; i < s->outputs; i += JQ_BLOCK_ROWS) {
            const long rows = s->outputs - i < JQ_BLOCK_ROWS ? s->outputs - i : JQ_BLOCK_ROWS;
            x.a = s->kernels + (place * s->outputs + i) * s->inputs;
            x.c = s->products + place * s->product_step + i * s->room + j;
            if (rows == JQ_BLOCK_ROWS && vectors == JQ_BLOCK_VECTORS) whole_block(&x);
            else partial_block(&x, rows, vectors);
        }
    }
}

/* A tile of C: all outputs, whole pairs of lines. */
static void winograd_product(const jq_product *p, float *space) {
    jq_squares s = squares_of(p, space);
    s.input = s.kernels + JQ_PLACES * s.outputs * s.inputs;
    s.products = s.input + JQ_PLACES * s.input_step;
    const long pairs = s.count / s.width, first = p->window_column / (2 * s.width);
    for (long c = 0; c < s.inputs; c++)
        for (long pair = 0; pair < pairs; pair++) {
            const float *from = (const float *)p->b + c * s.channel + (first + 2 * pair) * s.line;
            for (long x = 0; x < s.width; x += 16) {
                const long lanes = s.width - x < 16 ? s.width - x : 16;
                winograd_squares(&s, from + 2 * x, c, pair * s.width + x, lanes, p->window->end);
            }
        }
    for (int place = 0; place < JQ_PLACES; place++) winograd_place(&s, place);
    for (long m = 0; m < s.outputs; m++)
        for (long pair = 0; pair < pairs; pair++)
            for (long x = 0; x < s.width; x += 16) {
                const long lanes = s.width - x < 16 ? s.width - x : 16, at = 4 * pair * s.width + 2 * x;
                float *to = (float *)p->c + m * p->ldc + at;
                /* What is written too much, the next line mends, unless its beginning is there already. */
                const int has_room = lanes == 16 || (s.width < 16 && at + 2 * s.width + 32 <= p->n);
                winograd_results(&s, s.products + m * s.room + pair * s.width + x, to, to + 2 * s.width, lanes, has_room);
            }
}

#endif
