/* Loop nests of the tile machine. */
#include <string.h>

#include "vm.h"

/* ---- Instructions ---- */

/* Copies a row register to every point of the block. */
static void expand(const jq_nest *nest, const jq_block *block, const unsigned char *from, unsigned char *to, int size) {
    if (nest->columns) {
        for (int64_t k = 0; k < block->chunk; k++)
            memcpy(to + k * block->rows * size, from, (size_t)(block->rows * size));
        return;
    }
    for (int64_t row = 0; row < block->rows; row++) {
        int64_t bits = 0;
        memcpy(&bits, from + row * size, (size_t)size);
        jq_fill(to + row * block->chunk * size, bits, size, block->chunk);
    }
}

static void draw(const jq_worker *w, const jq_instruction *i, int64_t first, int64_t n, void *to) {
    const int32_t *key = w->buffers[i->buffer];
    if (i->kind == JQ_DO_UNIFORM) {
        if (i->dtype == JQ_F32) jq_philox_uniform_f32(key, first, n, to);
        else jq_philox_uniform_f64(key, first, n, to);
    } else {
        if (i->dtype == JQ_F32) jq_philox_normal_f32(key, first, n, to);
        else jq_philox_normal_f64(key, first, n, to);
    }
}

/* Draws for each maximal run of consecutive elements. */
static void random_block(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, const jq_instruction *i,
                         int depth, const jq_block *block, void *const *registers, unsigned char *to) {
    int64_t elements[JQ_LARGEST_TILE];
    const int64_t n = jq_points(depth, block);
    const int64_t size = jq_element_size((jq_dtype)i->dtype);
    jq_evaluate(nest, stage, &stage->expressions[i->number], depth, block, registers, elements);
    for (int64_t p = 0; p < n;) {
        int64_t length = 1;
        while (p + length < n && elements[p + length] == elements[p] + length) length++;
        draw(w, i, elements[p], length, to + p * size);
        p += length;
    }
}

/* Element 2 d + w is word w of the key folded with d. */
static void fold_block(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, const jq_instruction *i,
                       const jq_block *block, void *const *registers, int32_t *to) {
    int64_t elements[JQ_LARGEST_TILE];
    const int32_t *key = w->buffers[i->buffer];
    jq_evaluate(nest, stage, &stage->expressions[i->number], i->depth, block, registers, elements);
    for (int64_t p = 0, n = jq_points(i->depth, block); p < n; p++) {
        int32_t folded[2];
        jq_philox_fold(key, elements[p] >> 1, folded);
        to[p] = folded[elements[p] & 1];
    }
}

static void index_block(const jq_nest *nest, const jq_stage *stage, const jq_instruction *i, int depth,
                        const jq_block *block, void *const *registers, void *to) {
    int64_t values[JQ_LARGEST_TILE];
    jq_evaluate(nest, stage, &stage->expressions[i->number], depth, block, registers, values);
    const jq_tile_function convert = jq_cast(JQ_I64, (jq_dtype)i->dtype);
    const int64_t n = jq_points(depth, block);
    if (i->dtype == JQ_I64) memcpy(to, values, (size_t)n * sizeof *values);
    else convert(to, values, NULL, NULL, (long)n);
}

static unsigned char *local_of(const jq_worker *w, const jq_nest *nest, int32_t local, int size,
                               const jq_block *block) {
    unsigned char *base = w->scratch + nest->local_offsets[local];
    /* A tile of whole rows, or of part of one row; columns lie inner-major. */
    return base + (nest->columns ? block->i * block->rows : block->i) * size;
}

static const unsigned char *accumulator_of(const jq_worker *w, const jq_block *block, int size, unsigned char *into) {
    const unsigned char *at = w->accumulator;
    if (block->rows == 1 || w->accumulator_row == block->chunk) return at;
    for (int64_t row = 0; row < block->rows; row++)
        memcpy(into + row * block->chunk * size, at + row * w->accumulator_row * size, (size_t)(block->chunk * size));
    return into;
}

static void execute(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, const jq_instruction *i,
                    const jq_block *block, void **registers) {
    void *own = w->scratch + nest->register_offsets[i->result];
    const int size = (int)jq_element_size((jq_dtype)i->dtype);
    switch ((jq_instruction_kind)i->kind) {
    case JQ_DO_CALL:
        i->function(registers[i->result], registers[i->a], registers[i->b], registers[i->c],
                    (long)jq_points(i->depth, block));
        break;
    case JQ_DO_LOAD:
        registers[i->result] =
            (void *)jq_load(w, nest, stage, &stage->accesses[i->number], i->depth, block, registers, own);
        break;
    case JQ_DO_EXPAND: expand(nest, block, registers[i->a], own, size); break;
    case JQ_DO_FILL: jq_fill(own, i->constant, size, jq_points(i->depth, block)); break;
    case JQ_DO_INDEX: index_block(nest, stage, i, i->depth, block, registers, own); break;
    case JQ_DO_LOCAL: registers[i->result] = local_of(w, nest, i->number, size, block); break;
    case JQ_DO_ACCUMULATOR: registers[i->result] = (void *)accumulator_of(w, block, size, own); break;
    case JQ_DO_UNIFORM:
    case JQ_DO_NORMAL: random_block(w, nest, stage, i, i->depth, block, registers, own); break;
    case JQ_DO_FOLD: fold_block(w, nest, stage, i, block, registers, own); break;
    }
}

/* Lets the instruction that makes a stored value write to memory at once, where it lies side by side. */
static void aim_stores(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, int depth,
                       const jq_block *block, void **registers) {
    for (int32_t k = 0; k < stage->store_count; k++) {
        const jq_store *store = &stage->stores[k];
        if (store->direct < 0 || store->depth != depth) continue;
        void *there = jq_in_memory(w, nest, &stage->accesses[store->access], depth, block);
        registers[store->value] = there ? there : w->scratch + nest->register_offsets[store->value];
    }
}

static void compute(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, int depth, const jq_block *block,
                    void **registers) {
    aim_stores(w, nest, stage, depth, block, registers);
    for (int32_t k = 0; k < stage->instruction_count; k++)
        if (stage->instructions[k].depth == depth) execute(w, nest, stage, &stage->instructions[k], block, registers);
}

/* After everything that reads registers at this depth: a register may be memory that a store overwrites. */
static void store(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, int depth, const jq_block *block,
                  void **registers) {
    for (int32_t k = 0; k < stage->store_count; k++) {
        const jq_store *target = &stage->stores[k];
        if (target->depth != depth) continue;
        const jq_access *access = &stage->accesses[target->access];
        if (target->direct >= 0 && registers[target->value] == jq_in_memory(w, nest, access, depth, block)) continue;
        jq_store_block(w, nest, stage, access, depth, block, registers, registers[target->value]);
    }
}

/* ---- Reductions ---- */

static void *state_of(const jq_worker *w, const jq_nest *nest, const jq_reduction *r) {
    return w->scratch + nest->state_offsets[r->state];
}

static void start_reduction(const jq_worker *w, const jq_nest *nest, const jq_reduction *r, int64_t rows) {
    if (nest->columns) r->reducer->start_columns(state_of(w, nest, r), (long)rows);
    else r->reducer->start(state_of(w, nest, r), (long)rows);
}

static void add_reduction(const jq_worker *w, const jq_nest *nest, const jq_reduction *r, const jq_block *block,
                          void *const *registers, int64_t first) {
    void *state = (unsigned char *)state_of(w, nest, r) + first * (int64_t)r->reducer->accumulator_size;
    const void *x = registers[r->value];
    if (nest->columns)
        r->reducer->add_columns(state, x, (long)block->chunk, (long)block->rows, (long)block->rows, (long)block->i);
    else
        r->reducer->add(state, x, (long)block->rows, (long)block->chunk, (long)block->chunk, (long)block->i);
}

static void finish_reduction(const jq_worker *w, const jq_nest *nest, const jq_reduction *r, int64_t rows,
                             void **registers) {
    unsigned char *state = state_of(w, nest, r);
    unsigned char *result = w->scratch + nest->register_offsets[r->result];
    unsigned char *where = r->position < 0 ? NULL : w->scratch + nest->register_offsets[r->position];
    registers[r->result] = result;
    if (where) registers[r->position] = where;
    if (!nest->columns) {
        if (where) r->reducer->finish(where, result, state, (long)rows);
        else r->reducer->finish(result, NULL, state, (long)rows);
    } else if (where) {
        memcpy(where, state, (size_t)rows * sizeof(int64_t));
        memcpy(result, state + (size_t)rows * sizeof(int64_t), (size_t)(rows * r->size));
    } else {
        memcpy(result, state, (size_t)(rows * r->size));
    }
}

/* ---- Stages ---- */

/* `first`: which row of the reductions the block begins with. */
static void run_inner(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, const jq_block *block,
                      void **registers, int64_t first) {
    compute(w, nest, stage, JQ_DEPTH_POINT, block, registers);
    for (int32_t k = 0; k < stage->local_store_count; k++) {
        const jq_local_store *local = &stage->local_stores[k];
        memcpy(local_of(w, nest, local->local, local->size, block), registers[local->value],
               (size_t)(block->rows * block->chunk * local->size));
    }
    for (int32_t k = 0; k < stage->reduction_count; k++)
        add_reduction(w, nest, &stage->reductions[k], block, registers, first);
    store(w, nest, stage, JQ_DEPTH_POINT, block, registers);
}

static void run_body(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, void **registers, int64_t o,
                     int64_t rows, int64_t from, int64_t to, int64_t first) {
    jq_block block = {o, rows, from, 1};
    compute(w, nest, stage, JQ_DEPTH_ROW, &block, registers);
    store(w, nest, stage, JQ_DEPTH_ROW, &block, registers);
    if (!stage->has_inner) return;
    for (block.i = from; block.i < to; block.i += nest->chunk) {
        block.chunk = to - block.i < nest->chunk ? to - block.i : nest->chunk;
        run_inner(w, nest, stage, &block, registers, first);
    }
}

static void start_stage(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, int64_t rows) {
    for (int32_t k = 0; k < stage->reduction_count; k++) start_reduction(w, nest, &stage->reductions[k], rows);
}

static void finish_stage(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, void **registers, int64_t rows) {
    for (int32_t k = 0; k < stage->reduction_count; k++)
        finish_reduction(w, nest, &stage->reductions[k], rows, registers);
}

/* ---- Emitted functions ---- */

static void report_index(const void *worker, int32_t node, int64_t position, int64_t index, int64_t extent) {
    jq_report(worker, (jq_failure){.node = node, .position = position, .index = index, .extent = extent,
                                   .reason = JQ_INDEX_OUT_OF_RANGE});
}

static void run_native(const jq_worker *w, const jq_nest *nest, int part, int64_t o, int64_t rows, int64_t from, int64_t to,
                       int64_t first) {
    const jq_native_block block = {
        .buffers = w->buffers, .operands = nest->operands, .scratch = w->scratch, .locals = nest->local_offsets,
        .states = nest->state_offsets, .o = o, .rows = rows, .from = from, .to = to, .first = first, .part = part,
        .accumulator = w->accumulator, .accumulator_row = w->accumulator_row, .uniform = jq_philox_uniform_f32,
        .normal = jq_philox_normal_f32, .worker = w, .report = report_index};
    (*nest->native)(&block);
}

static void run_stage(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, void **registers, int64_t o,
                      int64_t rows, int64_t from, int64_t to) {
    start_stage(w, nest, stage, rows);
    run_body(w, nest, stage, registers, o, rows, from, to, 0);
    finish_stage(w, nest, stage, registers, rows);
}

void jq_run_rows(const jq_worker *w, const jq_nest *nest, void **registers, int64_t o, int64_t rows, int64_t from,
                 int64_t to) {
    if (jq_is_native(nest)) {
        run_native(w, nest, JQ_WHOLE, o, rows, from, to, 0);
        return;
    }
    for (int32_t k = 0; k < nest->stage_count; k++)
        run_stage(w, nest, &nest->stages[k], registers, o, rows, from, to);
}

void jq_begin_rows(const jq_worker *w, const jq_nest *nest, int64_t rows) {
    if (jq_is_native(nest)) run_native(w, nest, JQ_BEGIN_ROWS, 0, rows, 0, 0, 0);
    else start_stage(w, nest, &nest->stages[0], rows);
}

void jq_add_rows(const jq_worker *w, const jq_nest *nest, void **registers, int64_t o, int64_t rows, int64_t from, int64_t to,
                 int64_t first) {
    if (jq_is_native(nest)) run_native(w, nest, JQ_ADD_TO_ROWS, o, rows, from, to, first);
    else run_body(w, nest, &nest->stages[0], registers, o, rows, from, to, first);
}

void jq_finish_rows(const jq_worker *w, const jq_nest *nest, void **registers, int64_t o, int64_t rows) {
    if (jq_is_native(nest)) {
        run_native(w, nest, JQ_FINISH_ROWS, o, rows, 0, nest->inner_count, 0);
        return;
    }
    finish_stage(w, nest, &nest->stages[0], registers, rows);
    for (int32_t k = 1; k < nest->stage_count; k++)
        run_stage(w, nest, &nest->stages[k], registers, o, rows, 0, nest->inner_count);
}

void jq_begin_nest(const jq_worker *w, const jq_nest *nest, void **registers) {
    if (jq_is_native(nest)) return;
    for (int32_t k = 0; k < nest->register_count; k++) registers[k] = w->scratch + nest->register_offsets[k];
    /* Registers that do not vary hold as many copies as the largest tile has points. */
    const jq_block whole = {0, nest->rows, 0, nest->chunk};
    const jq_block one = {0, 1, 0, 1};
    for (int32_t s = 0; s < nest->stage_count; s++) {
        const jq_stage *stage = &nest->stages[s];
        for (int32_t k = 0; k < stage->instruction_count; k++) {
            const jq_instruction *i = &stage->instructions[k];
            if (i->depth != JQ_DEPTH_NEST) continue;
            const int size = (int)jq_element_size((jq_dtype)i->dtype);
            unsigned char *own = registers[i->result];
            if (i->kind == JQ_DO_LOAD) {
                const jq_access *access = &stage->accesses[i->number];
                const void *from = jq_load(w, nest, stage, access, JQ_DEPTH_NEST, &one, registers, own);
                if (from != own) memcpy(own, from, (size_t)size);
            } else {
                execute(w, nest, stage, i, &one, registers);
            }
            int64_t bits = 0;
            memcpy(&bits, own, (size_t)size);
            jq_fill(own, bits, size, whole.rows * whole.chunk);
        }
    }
}

/* ---- Dealing ---- */

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t clamp(int64_t x, int64_t high) { return x < 0 ? 0 : x > high ? high : x; }

/* Outer points from ..< to of a nest. */
static void run_points(const jq_worker *w, const jq_nest *nest, void **registers, int64_t from, int64_t to) {
    const int64_t step = jq_is_native(nest) ? to - from : nest->rows;
    for (int64_t o = from; o < to; o += step)
        jq_run_rows(w, nest, registers, o, least(to - o, step), 0, nest->inner_count);
}

int64_t jq_run_nests_block(const jq_worker *w, const jq_kernel *kernel, int64_t block, int64_t blocks) {
    void *registers[JQ_MAXIMUM_REGISTERS];
    jq_worker own = *w;
    for (own.nest = 0; own.nest < kernel->nest_count; own.nest++) {
        const jq_nest *nest = &kernel->nests[own.nest];
        const int64_t count = nest->outer_count / blocks;
        jq_begin_nest(&own, nest, registers);
        run_points(&own, nest, registers, block * count, (block + 1) * count);
    }
    return 1;
}

/* What all nests do in one block after the other. */
static int64_t run_blocks(const jq_worker *w, const jq_kernel *kernel, int thread, int threads) {
    const int64_t first = kernel->blocks * thread / threads, end = kernel->blocks * (thread + 1) / threads;
    for (int64_t block = first; block < end; block++) jq_run_nests_block(w, kernel, block, kernel->blocks);
    return end - first;
}

int64_t jq_run_nests(const jq_worker *w, const jq_kernel *kernel, int thread, int threads) {
    if (kernel->blocks) return run_blocks(w, kernel, thread, threads);
    int64_t total = 0, before = 0, done = 0;
    for (int32_t k = 0; k < kernel->nest_count; k++) {
        const jq_nest *nest = &kernel->nests[k];
        total += (nest->outer_count + nest->rows - 1) / nest->rows * nest->unit_cost;
    }
    /* Thread t takes the tiles that begin in its share of the total cost. */
    const int64_t low = total * thread / threads, high = total * (thread + 1) / threads;
    for (int32_t k = 0; k < kernel->nest_count; k++) {
        const jq_nest *nest = &kernel->nests[k];
        const int64_t units = (nest->outer_count + nest->rows - 1) / nest->rows, cost = nest->unit_cost;
        const int64_t first = clamp((low - before + cost - 1) / cost, units);
        const int64_t end = clamp((high - before + cost - 1) / cost, units);
        before += units * cost;
        if (first >= end) continue;
        jq_worker own = *w;
        own.nest = k;
        void *registers[JQ_MAXIMUM_REGISTERS];
        jq_begin_nest(&own, nest, registers);
        run_points(&own, nest, registers, first * nest->rows, least(end * nest->rows, nest->outer_count));
        done += end - first;
    }
    return done;
}
