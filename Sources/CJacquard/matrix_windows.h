/* Copies of a product's right operand where it does not lie as a matrix: transposed, or as the windows of a convolution. */
#ifndef JQ_MATRIX_WINDOWS_H
#define JQ_MATRIX_WINDOWS_H

#include "vector.h"

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

enum { JQ_MOST_PIECES = 6 };

/* Positions of an index group that lie evenly spaced: `length` of them, the first at `offset`. */
typedef struct jq_stretch {
    long offset;
    int at, length;
} jq_stretch;

/* Splits positions first ..< first + count into runs along the last axis; gives their number. */
static int window_runs(jq_stretch *runs, int rank, const int64_t *extents, const int64_t *strides, long first, long count) {
    int64_t index[JQ_MAXIMUM_WINDOW_RANK];
    long rest = first, offset = 0;
    for (int axis = rank - 1; axis >= 0; axis--) {
        index[axis] = rest % extents[axis], rest /= extents[axis];
        offset += index[axis] * strides[axis];
    }
    int found = 0;
    for (long at = 0; at < count;) {
        const int64_t left = rank ? extents[rank - 1] - index[rank - 1] : 1;
        const long length = left < count - at ? left : count - at;
        runs[found++] = (jq_stretch){offset, (int)at, (int)length};
        at += length;
        int axis = rank - 1;
        if (axis < 0) break;
        offset += length * strides[axis], index[axis] += length;
        while (axis > 0 && index[axis] == extents[axis]) {
            offset -= extents[axis] * strides[axis], index[axis] = 0, axis--;
            offset += strides[axis], index[axis]++;
        }
    }
    return found;
}

/* Offset of each position first ..< first + count of an index group. */
static void window_offsets(int64_t *offsets, int rank, const int64_t *extents, const int64_t *strides, long first, long count) {
    jq_stretch runs[JQ_PANEL_DEPTH];
    const int64_t step = rank ? strides[rank - 1] : 0;
    const int found = window_runs(runs, rank, extents, strides, first, count);
    for (int r = 0; r < found; r++)
        for (int k = 0; k < runs[r].length; k++) offsets[runs[r].at + k] = runs[r].offset + k * step;
}

/* Side by side, in whole vectors as long as that reads nothing behind `end`; it writes up to 15 elements more. */
JQV_INLINE void copy_run(float *to, const float *from, long length, const float *end) {
    long i = 0;
    for (; i < length && from + i + 16 <= end; i += 16) JQV_STORE(jqv_f32, to + i, JQV_LOAD(jqv_f32, from + i));
    for (; i < length; i++) to[i] = from[i];
}

/* Every other element, side by side; as `copy_run` otherwise. */
JQV_INLINE void copy_every_other(float *to, const float *from, long length, const float *end) {
    long i = 0;
    for (; i < length && from + 2 * i + 32 <= end; i += 16) {
        const jqv_f32 a = JQV_LOAD(jqv_f32, from + 2 * i), b = JQV_LOAD(jqv_f32, from + 2 * i + 16);
        JQV_STORE(jqv_f32, to + i, __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
    }
    for (; i < length; i++) to[i] = from[2 * i];
}

/* Vectors of columns: where they come from and go to. */
typedef struct jq_pieces {
    int count;
    int64_t from[JQ_MOST_PIECES], to[JQ_MOST_PIECES];
} jq_pieces;

/* The runs of columns as whole vectors; no pieces if they are too many, or something behind `end` would be read. */
static jq_pieces vector_pieces(const jq_window *w, const jq_stretch *columns, int column_runs, const float *b, int64_t last_row) {
    jq_pieces pieces = {0};
    if (w->column_rank && w->column_strides[w->column_rank - 1] != 1) return pieces;
    for (int c = 0; c < column_runs; c++)
        for (int i = 0; i < columns[c].length; i += 16) {
            const int64_t from = columns[c].offset + i;
            if (pieces.count == JQ_MOST_PIECES || b + last_row + from + 16 > w->end) return (jq_pieces){0};
            pieces.from[pieces.count] = from, pieces.to[pieces.count++] = columns[c].at + i;
        }
    return pieces;
}

/* Row by row; what a vector writes too much, the next piece or row mends. The count is a literal. */
JQV_INLINE void copy_pieces(float *to, const float *b, const int64_t *rows, long depth, long panel, const jq_pieces *pieces,
                            int count) {
    for (long k = 0; k < depth; k++)
        for (int i = 0; i < count; i++)
            JQV_STORE(jqv_f32, to + k * panel + pieces->to[i], JQV_LOAD(jqv_f32, b + rows[k] + pieces->from[i]));
}

/* Row by row: each run of columns lies along a row of the copy. */
static void pack_window_columns(float *to, const float *b, const jq_window *w, const int64_t *rows, long depth,
                                const jq_stretch *columns, int column_runs, long panel) {
    const long step = w->column_rank ? w->column_strides[w->column_rank - 1] : 0;
    int64_t last = 0;
    for (long k = 0; k < depth; k++) last = rows[k] > last ? rows[k] : last;
    const jq_pieces pieces = vector_pieces(w, columns, column_runs, b, last);
    switch (pieces.count) {
    case 1: copy_pieces(to, b, rows, depth, panel, &pieces, 1); return;
    case 2: copy_pieces(to, b, rows, depth, panel, &pieces, 2); return;
    case 3: copy_pieces(to, b, rows, depth, panel, &pieces, 3); return;
    case 4: copy_pieces(to, b, rows, depth, panel, &pieces, 4); return;
    case 5: copy_pieces(to, b, rows, depth, panel, &pieces, 5); return;
    case 6: copy_pieces(to, b, rows, depth, panel, &pieces, 6); return;
    default: break;
    }
    for (long k = 0; k < depth; k++)
        for (int c = 0; c < column_runs; c++) {
            const float *from = b + rows[k] + columns[c].offset;
            float *row = to + k * panel + columns[c].at;
            if (step == 1) copy_run(row, from, columns[c].length, w->end);
            else if (step == 2) copy_every_other(row, from, columns[c].length, w->end);
            else
                for (long i = 0; i < columns[c].length; i++) row[i] = from[i * step];
        }
}

/* Column by column, 16 at once, which are then turned: each run of rows lies side by side in memory. */
static void pack_window_rows(float *to, const float *b, const jq_window *w, const jq_stretch *rows, int row_runs,
                             const jq_stretch *columns, int column_runs, long depth, long panel) {
    float aside[16 * JQ_KEPT_ROW];
    const long step = w->column_rank ? w->column_strides[w->column_rank - 1] : 0;
    for (int c = 0; c < column_runs; c++)
        for (long i = 0; i < columns[c].length; i++) {
            const float *base = b + columns[c].offset + i * step;
            const long column = columns[c].at + i;
            float *line = aside + column % 16 * JQ_KEPT_ROW;
            for (int r = 0; r < row_runs; r++)
                copy_run(line + rows[r].at, base + rows[r].offset, rows[r].length, w->end);
            if (column % 16 < 15 && (c < column_runs - 1 || i < columns[c].length - 1)) continue;
            const long first = column / 16 * 16;
            for (long k = 0; k < depth; k += 16)
                transpose_16(to + k * panel + first, panel, aside + k, JQ_KEPT_ROW);
        }
}

/* Rows row ..< row + depth, whose offsets are known, and `width` columns from `column` on of the windows, [depth][panel] side by
 * side; what lies beyond them is anything. */
static void pack_windows(float *to, const float *b, const jq_window *w, const int64_t *offsets, long row, long depth,
                         long column, long width, long panel) {
    jq_stretch rows[JQ_PANEL_DEPTH], columns[JQ_WIDEST_BLOCK];
    const int column_runs = window_runs(columns, w->column_rank, w->column_extents, w->column_strides, column, width);
    const int rows_lie = w->row_rank && w->row_strides[w->row_rank - 1] == 1;
    const int64_t step = w->column_rank ? w->column_strides[w->column_rank - 1] : 0;
    if (rows_lie) {
        const int row_runs = window_runs(rows, w->row_rank, w->row_extents, w->row_strides, row, depth);
        if ((step != 1 && step != 2) || row_runs * width < column_runs * depth) {
            pack_window_rows(to, b, w, rows, row_runs, columns, column_runs, depth, panel);
            return;
        }
    }
    pack_window_columns(to, b, w, offsets, depth, columns, column_runs, panel);
}

/* Whether every 16 columns lie side by side, so that windows need no copy. */
static int windows_lie_in_vectors(const jq_window *w, long column, long width) {
    const int last = w->column_rank - 1;
    return last >= 0 && w->column_strides[last] == 1 && w->column_extents[last] % 16 == 0 && column % 16 == 0 && width % 16 == 0;
}

#endif
