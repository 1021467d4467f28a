/* Matrix products of the tile machine: gemm.c makes a tile, the epilogue runs on it while it is in the cache. */
#include "vm.h"

static int64_t offset_of(int rank, const int64_t *extents, const int64_t *strides, int64_t position) {
    int64_t at = 0;
    for (int axis = rank - 1; axis >= 0; axis--) {
        at += position % extents[axis] * strides[axis];
        position /= extents[axis];
    }
    return at;
}

/* A tile of the product of one batch element, at `to`, whose rows are `row` elements apart. */
static void multiply(const jq_worker *w, const jq_contraction *c, int64_t batch, int64_t m, int64_t rows, int64_t n,
                     int64_t columns, void *to, int64_t row) {
    const int64_t size = jq_element_size((jq_dtype)c->product.dtype);
    const unsigned char *a = w->buffers[c->a], *b = w->buffers[c->b];
    const int64_t left = c->a_offset + offset_of(c->batch_rank, c->batch, c->a_batch, batch) + (c->left ? 0 : m * c->a_row);
    const int64_t right = c->b_offset + offset_of(c->batch_rank, c->batch, c->b_batch, batch);
    jq_product tile = c->product;
    jq_window window;
    tile.c = to, tile.ldc = row, tile.left = c->left, tile.left_row = m;
    if (c->window) {
        window = *c->window, window.end = (const float *)b + c->b_count * (c->b_is_slice ? w->block + 1 : 1);
        tile.window = &window, tile.window_column = n;
    }
    if (c->winograd_offset >= 0) {
        tile.a = a + c->a_offset * size, tile.b = b + right * size;
        jq_winograd_tile(&tile, columns, w->scratch + c->winograd_offset);
        return;
    }
    for (int64_t term = 0; term < c->term_count; term++) {
        tile.a = a + (left + offset_of(c->term_rank, c->terms, c->a_terms, term)) * size;
        const int64_t place = right + (c->window ? 0 : n * c->b_column);
        tile.b = b + (place + offset_of(c->term_rank, c->terms, c->b_terms, term)) * size;
        tile.accumulate = term > 0, tile.window_row = tile.left_column = term * tile.k;
        jq_gemm_tile(&tile, 0, rows, 0, columns, w->scratch + c->packing_offset);
    }
}

enum { LONG_ROW = 128 };

static void run_epilogue(const jq_worker *w, const jq_contraction *c, void **registers, int64_t batch, int64_t m,
                         int64_t rows, int64_t n, int64_t columns, const unsigned char *tile) {
    const jq_nest *nest = &c->epilogue;
    const int64_t size = jq_element_size((jq_dtype)c->product.dtype);
    jq_worker own = *w;
    own.accumulator_row = columns;
    if (jq_is_native(nest)) {
        own.accumulator = tile;
        if (c->by_rows) jq_add_rows(&own, nest, registers, batch * c->product.m + m, rows, n, n + columns, 0);
        else jq_run_rows(&own, nest, registers, batch * c->product.m + m, rows, n, n + columns);
        return;
    }
    /* As many rows at once as a tile of registers holds; long rows of wider matrices one by one, read where they lie. */
    const int64_t capacity = nest->rows * nest->chunk;
    const int alone = columns > nest->chunk || (columns >= LONG_ROW && columns < nest->inner_count);
    const int64_t step = alone ? 1 : capacity / columns;
    for (int64_t row = 0; row < rows; row += step) {
        const int64_t count = rows - row < step ? rows - row : step;
        const int64_t chunk = columns <= nest->chunk ? columns : nest->chunk;
        for (int64_t column = 0; column < columns; column += chunk) {
            const int64_t width = columns - column < chunk ? columns - column : chunk;
            own.accumulator = tile + (row * columns + column) * size;
            const int64_t o = batch * c->product.m + m + row, from = n + column;
            if (c->by_rows) jq_add_rows(&own, nest, registers, o, count, from, from + width, row);
            else jq_run_rows(&own, nest, registers, o, count, from, from + width);
        }
    }
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* One tile of at most some rows: made, and stored by the epilogue or as it is. */
static void run_tile(const jq_worker *w, const jq_contraction *c, void **registers, int64_t batch, int64_t m, int64_t rows,
                     int64_t n) {
    const int64_t columns = least(c->product.n - n, c->columns);
    if (c->direct < 0) {
        unsigned char *tile = w->scratch + c->scratch_offset;
        multiply(w, c, batch, m, rows, n, columns, tile, columns);
        run_epilogue(w, c, registers, batch, m, rows, n, columns, tile);
        return;
    }
    const jq_access *access = &c->epilogue.stages[0].accesses[c->direct];
    const int64_t row = access->strides[c->epilogue.outer_rank - 1];
    unsigned char *base = w->buffers[access->buffer];
    const int64_t at = access->offset + (batch * c->product.m + m) * row + n;
    multiply(w, c, batch, m, rows, n, columns, base + at * jq_element_size((jq_dtype)c->product.dtype), row);
}

/* What a thread does before its first tile. */
static void begin(const jq_worker *w, const jq_contraction *c, void **registers) {
    if (c->direct < 0) jq_begin_nest(w, &c->epilogue, registers);
    if (c->winograd_offset < 0) return;
    jq_product kernels = c->product;
    kernels.a = (const float *)w->buffers[c->a] + c->a_offset;
    jq_winograd_begin(&kernels, w->scratch + c->winograd_offset);
}

/* All tiles of some rows. */
static void run_whole_rows(const jq_worker *w, const jq_contraction *c, void **registers, int64_t batch, int64_t m,
                           int64_t rows) {
    if (c->by_rows) jq_begin_rows(w, &c->epilogue, rows);
    for (int64_t n = 0; n < c->product.n; n += c->columns) run_tile(w, c, registers, batch, m, rows, n);
    if (c->by_rows) jq_finish_rows(w, &c->epilogue, registers, batch * c->product.m + m, rows);
}

int64_t jq_run_contraction(const jq_worker *w, const jq_contraction *c, int64_t *counter) {
    const int64_t down = (c->product.m + c->rows - 1) / c->rows, across = (c->product.n + c->columns - 1) / c->columns;
    const int64_t columns = c->by_rows ? 1 : across, items = c->batch_count * down * columns;
    void *registers[JQ_MAXIMUM_REGISTERS];
    int64_t done = 0, item;
    while ((item = jq_next_item(counter)) < items) {
        if (done == 0) begin(w, c, registers);
        const int64_t batch = item / columns / down, m = item / columns % down * c->rows;
        const int64_t rows = least(c->product.m - m, c->rows);
        if (c->by_rows) run_whole_rows(w, c, registers, batch, m, rows);
        else run_tile(w, c, registers, batch, m, rows, item % columns * c->columns);
        done++;
    }
    return done;
}

int64_t jq_run_contraction_block(const jq_worker *w, const jq_contraction *c, int64_t block, int64_t blocks) {
    void *registers[JQ_MAXIMUM_REGISTERS];
    const int64_t m = c->product.m, count = c->batch_count * m / blocks, end = (block + 1) * count;
    int64_t done = 0;
    begin(w, c, registers);
    for (int64_t row = block * count, rows; row < end; row += rows, done++) {
        rows = least(least(m - row % m, end - row), c->rows);
        run_whole_rows(w, c, registers, row / m, row % m, rows);
    }
    return done;
}
