/* Loads and stores of the tile machine. */
#include <string.h>

#include "vm.h"

/* Runs a statement of the type `element` that has `size` bytes. */
#define BY_SIZE(size, statement) \
    switch (size) { \
    case 1: { typedef uint8_t element; statement; break; } \
    case 2: { typedef uint16_t element; statement; break; } \
    case 4: { typedef uint32_t element; statement; break; } \
    default: { typedef uint64_t element; statement; break; } \
    }

#define FILL \
    element *p = to; \
    for (int64_t k = 0; k < n; k++) p[k] = (element)bits

void jq_fill(void *to, int64_t bits, int size, int64_t n) { BY_SIZE(size, FILL) }

/* ---- Affine accesses ---- */

typedef struct run {
    unsigned char *dense;
    int size;
    int storing;
} run;

#define COPY_STRIDED \
    element *m = (element *)memory, *d = (element *)dense; \
    if (r->storing) for (int64_t k = 0; k < n; k++) m[k * stride] = d[k]; \
    else for (int64_t k = 0; k < n; k++) d[k] = m[k * stride]

/* `n` elements `stride` apart in memory, side by side in the register. */
static void copy_run(run *r, unsigned char *memory, int64_t stride, int64_t n) {
    const int size = r->size;
    unsigned char *dense = r->dense;
    r->dense += n * size;
    if (stride == 1) {
        if (r->storing) memcpy(memory, dense, (size_t)(n * size));
        else memcpy(dense, memory, (size_t)(n * size));
    } else if (stride == 0 && !r->storing) {
        int64_t bits = 0;
        memcpy(&bits, memory, (size_t)size);
        jq_fill(dense, bits, size, n);
    } else {
        BY_SIZE(size, COPY_STRIDED)
    }
}

enum { SHORT_RUN = 16 };

/* Position of a flat point of a space. */
static int64_t position(const int64_t *extents, const int64_t *strides, int rank, int64_t flat) {
    int64_t at = 0;
    for (int axis = rank - 1; axis >= 0; axis--) {
        const int64_t rest = flat / extents[axis];
        at += (flat - rest * extents[axis]) * strides[axis];
        flat = rest;
    }
    return at;
}

#define COPY_PLANE \
    element *m = (element *)memory, *d = (element *)dense; \
    for (int64_t j = 0; j < lines; j++, m += far) \
        for (int64_t k = 0; k < length; k++, d++) { \
            if (r->storing) m[k * near] = *d; \
            else *d = m[k * near]; \
        }

/* `lines` short runs of `length` elements `near` apart, `far` apart from each other. */
static void copy_plane(run *r, unsigned char *memory, int64_t lines, int64_t far, int64_t length, int64_t near) {
    unsigned char *dense = r->dense;
    r->dense += lines * length * r->size;
    BY_SIZE(r->size, COPY_PLANE)
}

/* Runs over flat points first ..< first + n of a space, one run along the last axes after the other; several at once where they
 * are short. Axes that are walked through as one make one run. */
static void copy_points(run *r, unsigned char *base, const int64_t *extents, const int64_t *strides, int rank,
                        int64_t first, int64_t n) {
    if (rank == 0) {
        copy_run(r, base, 0, n);
        return;
    }
    int last = rank - 1;
    int64_t length = extents[last];
    const int64_t stride = strides[last];
    while (last > 0 && strides[last - 1] == stride * length) length *= extents[--last];
    int64_t index[JQ_MAXIMUM_NEST_RANK], within = first % length, rest = first / length, at = 0;
    for (int axis = last - 1; axis >= 0; axis--) {
        const int64_t above = rest / extents[axis];
        index[axis] = rest - above * extents[axis];
        at += index[axis] * strides[axis];
        rest = above;
    }
    while (n > 0) {
        int64_t lines = 1;
        if (length < SHORT_RUN && last > 0 && within == 0 && n >= 2 * length) {
            const int64_t left = extents[last - 1] - index[last - 1];
            lines = left < n / length ? left : n / length;
            copy_plane(r, base + at * r->size, lines, strides[last - 1], length, stride);
            n -= lines * length;
        } else {
            const int64_t count = length - within < n ? length - within : n;
            copy_run(r, base + (at + within * stride) * r->size, stride, count);
            within = 0, n -= count;
        }
        if (last == 0) continue;
        int axis = last - 1;
        index[axis] += lines, at += lines * strides[axis];
        while (axis > 0 && index[axis] == extents[axis]) {
            at -= extents[axis] * strides[axis], index[axis] = 0, axis--;
            index[axis]++, at += strides[axis];
        }
    }
}

static unsigned char *base_of(const jq_worker *w, const jq_access *access) {
    return (unsigned char *)w->buffers[access->buffer] + access->offset * access->size;
}

static void copy_block(const jq_worker *w, const jq_nest *nest, const jq_access *access, int depth,
                       const jq_block *block, unsigned char *dense, int storing) {
    run r = {dense, access->size, storing};
    unsigned char *base = base_of(w, access);
    const int64_t *outer = access->strides, *inner = access->strides + nest->outer_rank;
    if (depth != JQ_DEPTH_POINT) {
        copy_points(&r, base, nest->outer, outer, nest->outer_rank, block->o, jq_points(depth, block));
        return;
    }
    const int64_t majors = nest->columns ? block->chunk : block->rows;
    for (int64_t major = 0; major < majors; major++) {
        if (nest->columns) {
            const int64_t at = position(nest->inner, inner, nest->inner_rank, block->i + major);
            copy_points(&r, base + at * r.size, nest->outer, outer, nest->outer_rank, block->o, block->rows);
        } else {
            const int64_t at = position(nest->outer, outer, nest->outer_rank, block->o + major);
            copy_points(&r, base + at * r.size, nest->inner, inner, nest->inner_rank, block->i, block->chunk);
        }
    }
}

void *jq_in_memory(const jq_worker *w, const jq_nest *nest, const jq_access *access, int depth,
                   const jq_block *block) {
    if (access->indices) return NULL;
    unsigned char *base = base_of(w, access);
    const int64_t *outer = access->strides, *inner = access->strides + nest->outer_rank;
    const int64_t o = position(nest->outer, outer, nest->outer_rank, block->o);
    if (depth != JQ_DEPTH_POINT) {
        return access->outer_dense || block->rows == 1 ? base + o * access->size : NULL;
    }
    const int64_t i = position(nest->inner, inner, nest->inner_rank, block->i);
    unsigned char *at = base + (o + i) * access->size;
    if (nest->columns) {
        if (block->chunk == 1 && access->outer_dense) return at;
        return access->all_dense && block->rows == nest->outer_count ? at : NULL;
    }
    if (block->rows == 1 && access->inner_dense) return at;
    return access->all_dense && block->chunk == nest->inner_count ? at : NULL;
}

/* ---- General accesses ---- */

/* A position that a guard refused, so far below zero that no further index brings it back. */
#define REFUSED (INT64_MIN / 2)

/* Index along axis `local` of consecutive points first ..< first + n of a space. */
static void run_indices(const int64_t *extents, int rank, int local, int64_t first, int64_t n, int64_t *out) {
    int64_t length = 1;
    for (int k = local + 1; k < rank; k++) length *= extents[k];
    int64_t index = first / length % extents[local], left = length - first % length;
    while (n > 0) {
        int64_t count = 1;
        if (length == 1) {
            count = extents[local] - index < n ? extents[local] - index : n;
            for (int64_t k = 0; k < count; k++) out[k] = index + k;
            index = 0;
        } else {
            count = left < n ? left : n;
            for (int64_t k = 0; k < count; k++) out[k] = index;
            left = length;
            if (++index == extents[local]) index = 0;
        }
        out += count, n -= count;
    }
}

/* `out` holds one value for each major point of a block and becomes one for each point; or one for each minor point. */
static void spread_major(int64_t majors, int64_t minors, int64_t *out) {
    for (int64_t major = majors; major-- > 0;) {
        const int64_t value = out[major];
        for (int64_t k = 0; k < minors; k++) out[major * minors + k] = value;
    }
}

static void spread_minor(int64_t majors, int64_t minors, int64_t *out) {
    for (int64_t major = 1; major < majors; major++) memcpy(out + major * minors, out, (size_t)minors * sizeof *out);
}

/* Index of each point of a block along one axis. */
static void axis_indices(const jq_nest *nest, int depth, int axis, const jq_block *block, int64_t *out) {
    if (axis >= nest->outer_rank) {
        run_indices(nest->inner, nest->inner_rank, axis - nest->outer_rank, block->i, block->chunk, out);
        if (nest->columns) spread_major(block->chunk, block->rows, out);
        else spread_minor(block->rows, block->chunk, out);
        return;
    }
    run_indices(nest->outer, nest->outer_rank, axis, block->o, depth == JQ_DEPTH_NEST ? 1 : block->rows, out);
    if (depth != JQ_DEPTH_POINT) return;
    if (nest->columns) spread_minor(block->chunk, block->rows, out);
    else spread_major(block->rows, block->chunk, out);
}

static int64_t floor_division(int64_t a, int64_t d) { return a >= 0 ? a / d : -1 - (-1 - a) / d; }

/* The quotients of values, rounded down. By a product where all are small and not negative (Granlund, Montgomery; 1994): exact, since
 * value * (factor * divisor - 2^shift) < 2^shift for values below 2^31. */
static void divide(const int64_t *values, int64_t divisor, int64_t n, int64_t *out) {
    int64_t all = 0;
    for (int64_t p = 0; p < n; p++) all |= values[p];
    if (all < 0 || all >> 31 || divisor >> 31) {
        for (int64_t p = 0; p < n; p++) out[p] = floor_division(values[p], divisor);
        return;
    }
    int bits = 0;
    while ((int64_t)1 << bits < divisor) bits++;
    const int shift = 31 + bits;
    const uint64_t factor = ((uint64_t)1 << shift) / (uint64_t)divisor + 1;
    for (int64_t p = 0; p < n; p++) out[p] = (int64_t)((uint64_t)(uint32_t)values[p] * (uint32_t)factor >> shift);
}

static void atom_values(const jq_nest *nest, const jq_stage *stage, const jq_term *term, int depth,
                        const jq_block *block, void *const *registers, int64_t *out) {
    const int64_t points = jq_points(depth, block);
    switch (term->atom) {
    case JQ_ATOM_AXIS: axis_indices(nest, depth, term->argument, block, out); break;
    case JQ_ATOM_VALUE: {
        /* Registers used as indices hold i64 at the depth of the access. */
        memcpy(out, registers[term->argument], (size_t)points * sizeof *out);
        break;
    }
    default:
        if (term->atom == JQ_ATOM_FLOOR_DIVISION) {
            jq_evaluate(nest, stage, &stage->expressions[term->argument], depth, block, registers, out);
            divide(out, term->divisor, points, out);
        } else {
            int64_t values[JQ_LARGEST_TILE];
            jq_evaluate(nest, stage, &stage->expressions[term->argument], depth, block, registers, values);
            divide(values, term->divisor, points, out);
            for (int64_t p = 0; p < points; p++) out[p] = values[p] - out[p] * term->divisor;
        }
    }
}

void jq_evaluate(const jq_nest *nest, const jq_stage *stage, const jq_expression *expression, int depth,
                 const jq_block *block, void *const *registers, int64_t *out) {
    const int64_t points = jq_points(depth, block);
    const int64_t constant = expression->constant;
    if (expression->count == 0) {
        for (int64_t p = 0; p < points; p++) out[p] = constant;
        return;
    }
    int64_t values[JQ_LARGEST_TILE];
    for (int32_t t = 0; t < expression->count; t++) {
        const jq_term *term = &expression->terms[t];
        const uint64_t factor = (uint64_t)term->coefficient;
        atom_values(nest, stage, term, depth, block, registers, t == 0 ? out : values);
        /* Run-time values may be anything: the sum wraps around and is then checked. */
        if (t == 0 && factor == 1 && constant == 0) continue;
        if (t == 0)
            for (int64_t p = 0; p < points; p++) out[p] = (int64_t)((uint64_t)out[p] * factor + (uint64_t)constant);
        else
            for (int64_t p = 0; p < points; p++) out[p] = (int64_t)((uint64_t)out[p] + (uint64_t)values[p] * factor);
    }
}

/* Row and column of element p of a register, within its block. */
static void find_point(const jq_nest *nest, int depth, const jq_block *block, int64_t p, int64_t *row, int64_t *column) {
    *row = p, *column = 0;
    if (depth != JQ_DEPTH_POINT) return;
    *row = nest->columns ? p % block->rows : p / block->chunk;
    *column = nest->columns ? p / block->rows : p % block->chunk;
}

/* Where a point of a block lies in the row-major order of the nest's space. */
static int64_t point_number(const jq_nest *nest, int depth, const jq_block *block, int64_t p) {
    int64_t row, column;
    find_point(nest, depth, block, p, &row, &column);
    return (block->o + row) * nest->inner_count + (depth == JQ_DEPTH_POINT ? block->i + column : 0);
}

static void general_positions(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, const jq_access *access,
                              int depth, const jq_block *block, void *const *registers, int64_t *out) {
    const int64_t points = jq_points(depth, block);
    int64_t values[JQ_LARGEST_TILE];
    for (int64_t p = 0; p < points; p++) out[p] = access->offset;
    for (int32_t k = 0; k < access->index_count; k++) {
        const jq_index *index = &access->indices[k];
        jq_evaluate(nest, stage, &stage->expressions[index->expression], depth, block, registers, values);
        if (index->bound == JQ_BOUND_PROVED) {
            /* Positions that a guard refused stay far below zero. */
            for (int64_t p = 0; p < points; p++) out[p] += values[p] * index->stride;
            continue;
        }
        for (int64_t p = 0; p < points; p++) {
            const int64_t v = values[p];
            if (v < 0 || v >= index->extent) {
                if (index->bound == JQ_BOUND_CHECK && out[p] >= 0)
                    jq_report(w, (jq_failure){.node = access->node, .index = v, .extent = index->extent,
                                              .position = point_number(nest, depth, block, p)});
                out[p] = REFUSED;
            }
            if (out[p] >= 0) out[p] += v * index->stride;
        }
    }
    for (int64_t p = 0; p < points; p++) out[p] = out[p] < 0 ? -1 : out[p];
}

/* Where the first inner point of a block lies in a split access, behind the position of its row. */
static int64_t inner_start(const jq_nest *nest, const jq_access *access, const jq_block *block) {
    return position(nest->inner, access->strides + nest->outer_rank, nest->inner_rank, block->i);
}

static void affine_positions(const jq_nest *nest, const jq_access *access, int depth, const jq_block *block, int64_t *out) {
    const int64_t *inner = access->strides + nest->outer_rank;
    for (int64_t p = 0, n = jq_points(depth, block); p < n; p++) {
        int64_t row, column;
        find_point(nest, depth, block, p, &row, &column);
        out[p] = access->offset + position(nest->outer, access->strides, nest->outer_rank, block->o + row);
        if (depth == JQ_DEPTH_POINT) out[p] += position(nest->inner, inner, nest->inner_rank, block->i + column);
    }
}

void jq_positions(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, const jq_access *access, int depth,
                  const jq_block *block, void *const *registers, int64_t *out) {
    if (!access->indices) {
        affine_positions(nest, access, depth, block, out);
        return;
    }
    if (!access->is_split) {
        general_positions(w, nest, stage, access, depth, block, registers, out);
        return;
    }
    int64_t rows[JQ_LARGEST_TILE];
    general_positions(w, nest, stage, access, JQ_DEPTH_ROW, block, registers, rows);
    const int64_t *strides = access->strides + nest->outer_rank;
    for (int64_t k = 0; k < block->chunk; k++)
        out[k] = position(nest->inner, strides, nest->inner_rank, block->i + k);
    for (int64_t row = block->rows; row-- > 0;)
        for (int64_t k = 0; k < block->chunk; k++)
            out[row * block->chunk + k] = rows[row] < 0 ? -1 : rows[row] + out[k];
}

/* Elements of a split access, row by row. Gives memory itself where it is one dense row. */
static void *split_rows(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, const jq_access *access,
                        const jq_block *block, void *const *registers, unsigned char *dense, int storing) {
    int64_t rows[JQ_LARGEST_TILE];
    general_positions(w, nest, stage, access, JQ_DEPTH_ROW, block, registers, rows);
    unsigned char *memory = w->buffers[access->buffer];
    const int64_t *strides = access->strides + nest->outer_rank;
    const int64_t start = inner_start(nest, access, block), size = access->size;
    if (block->rows == 1 && access->inner_dense && rows[0] >= 0 && !storing) return memory + (rows[0] + start) * size;
    run r = {dense, access->size, storing};
    for (int64_t row = 0; row < block->rows; row++) {
        if (rows[row] < 0) {
            if (!storing) jq_fill(r.dense, access->fill, access->size, block->chunk);
            r.dense += block->chunk * size;
        } else if (access->inner_dense) {
            copy_run(&r, memory + (rows[row] + start) * size, 1, block->chunk);
        } else {
            copy_points(&r, memory + rows[row] * size, nest->inner, strides, nest->inner_rank, block->i, block->chunk);
        }
    }
    return dense;
}

#define GATHER \
    element *to = (element *)into; \
    const element *from = (const element *)memory; \
    for (int64_t p = 0; p < points; p++) to[p] = at[p] < 0 ? (element)access->fill : from[at[p]]

static void gather(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, const jq_access *access, int depth,
                   const jq_block *block, void *const *registers, unsigned char *into) {
    int64_t at[JQ_LARGEST_TILE];
    jq_positions(w, nest, stage, access, depth, block, registers, at);
    const int64_t points = jq_points(depth, block);
    const unsigned char *memory = w->buffers[access->buffer];
    BY_SIZE(access->size, GATHER)
}

const void *jq_load(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, const jq_access *access,
                    int depth, const jq_block *block, void *const *registers, void *into) {
    const void *there = jq_in_memory(w, nest, access, depth, block);
    if (there) return there;
    if (access->is_split) return split_rows(w, nest, stage, access, block, registers, into, 0);
    if (access->indices) gather(w, nest, stage, access, depth, block, registers, into);
    else copy_block(w, nest, access, depth, block, into, 0);
    return into;
}

void jq_store_block(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, const jq_access *access, int depth,
                    const jq_block *block, void *const *registers, const void *from) {
    void *there = jq_in_memory(w, nest, access, depth, block);
    if (there) {
        memcpy(there, from, (size_t)(jq_points(depth, block) * access->size));
        return;
    }
    if (!access->indices) {
        copy_block(w, nest, access, depth, block, (unsigned char *)from, 1);
        return;
    }
    if (access->is_split) {
        split_rows(w, nest, stage, access, block, registers, (unsigned char *)from, 1);
        return;
    }
    int64_t at[JQ_LARGEST_TILE];
    jq_positions(w, nest, stage, access, depth, block, registers, at);
    unsigned char *memory = w->buffers[access->buffer];
    const unsigned char *values = from;
    for (int64_t p = 0, n = jq_points(depth, block); p < n; p++)
        if (at[p] >= 0) memcpy(memory + at[p] * access->size, values + p * access->size, (size_t)access->size);
}
