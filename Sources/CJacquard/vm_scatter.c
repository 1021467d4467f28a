/* Scatter of the tile machine. Each element of the target takes its updates in the order of the update space, whichever
 * thread does it: threads share the work by columns of the target, not by updates. */
#include <string.h>

#include "vm.h"

/* Columns from ..< to of the base become those of the target. */
static void copy_base(const jq_worker *w, const jq_scatter *s, int64_t from, int64_t to) {
    const unsigned char *base = w->buffers[s->base];
    unsigned char *target = w->buffers[s->target];
    if (base == target) return;
    if (s->columns == 0) {
        memcpy(target, base, (size_t)s->bytes);
        return;
    }
    const int64_t pitch = s->columns * s->size;
    for (int64_t at = from * s->size; at < s->bytes; at += pitch)
        memcpy(target + at, base + at, (size_t)((to - from) * s->size));
}

static void update(const jq_worker *w, const jq_scatter *s, void **registers, const jq_block *block) {
    int64_t at[JQ_LARGEST_TILE];
    const jq_nest *nest = &s->body;
    jq_positions(w, nest, &nest->stages[0], s->access, JQ_DEPTH_POINT, block, registers, at);
    unsigned char *target = w->buffers[s->target];
    const unsigned char *values = registers[s->value];
    const int64_t n = block->rows * block->chunk;
    for (int64_t p = 0; p < n;) {
        /* Neighbours in the target may be combined at once: they are different elements. */
        int64_t length = 1;
        while (p + length < n && at[p + length] == at[p] + length) length++;
        unsigned char *to = target + at[p] * s->size;
        if (at[p] < 0) length = 1;
        else if (s->combine) s->combine(to, to, values + p * s->size, NULL, (long)length);
        else memcpy(to, values + p * s->size, (size_t)(length * s->size));
        p += length;
    }
}

int64_t jq_run_scatter(const jq_worker *w, const jq_scatter *s, int thread, int threads) {
    const jq_nest *nest = &s->body;
    int64_t from = 0, to = nest->inner_count;
    if (s->columns > 0) {
        from = s->columns * thread / threads, to = s->columns * (thread + 1) / threads;
    } else if (thread > 0) {
        return 0;
    }
    if (from >= to) return 0;
    copy_base(w, s, from, to);
    void *registers[JQ_MAXIMUM_REGISTERS];
    if (jq_is_native(nest)) {
        jq_run_rows(w, nest, registers, 0, nest->outer_count, from, to);
        return nest->outer_count;
    }
    jq_begin_nest(w, nest, registers);
    for (int64_t o = 0; o < nest->outer_count; o++) {
        for (int64_t i = from; i < to; i += nest->chunk) {
            const jq_block block = {o, 1, i, to - i < nest->chunk ? to - i : nest->chunk};
            jq_run_rows(w, nest, registers, o, 1, i, i + block.chunk);
            update(w, s, registers, &block);
        }
    }
    return nest->outer_count;
}
