/* Sections of the tile machine: kernels that a thread runs block by block, with memory of its own for what they hand to each other. */
#include <string.h>

#include "vm.h"

/* Lets the addresses of buffers be those of which a block's slice lies in the thread's scratch. Kernels touch nothing else of them. */
static void place(const jq_worker *w, const jq_section *section, void **table) {
    for (int32_t k = 0; k < section->local_count; k++) {
        const jq_local *local = &section->locals[k];
        const uintptr_t slice = (uintptr_t)(w->scratch + local->offset);
        table[local->buffer] = (void *)(slice - (uintptr_t)w->block * (uintptr_t)local->slice);
    }
}

static int64_t run_block(const jq_worker *w, const jq_kernel *kernel, int64_t blocks) {
    if (kernel->kind == JQ_KERNEL_NESTS) return jq_run_nests_block(w, kernel, w->block, blocks);
    const int64_t tiles = jq_run_contraction_block(w, kernel->contraction, w->block, blocks);
    return kernel->nest_count ? tiles + jq_run_nests_block(w, kernel, w->block, blocks) : tiles;
}

/* Puts the times of kernels, which took turns, one behind the other. */
static void put_apart(jq_span *spans, int32_t count, int64_t start) {
    for (int32_t k = 0; k < count; k++) {
        spans[k].start = start;
        start = spans[k].end += start;
    }
}

void jq_run_section(jq_worker *w, const jq_kernel *kernels, jq_span *spans, int64_t (*clock)(const jq_run_state *run)) {
    const jq_section *section = kernels->section;
    if (__atomic_load_n(&w->run->failed, __ATOMIC_ACQUIRE) < w->time) return;
    void **table = (void **)(w->scratch + section->table_offset);
    memcpy(table, w->buffers, (size_t)section->buffer_count * sizeof *table);
    jq_worker own = *w;
    own.buffers = table;
    const int64_t start = spans ? clock(w->run) : 0;
    while ((own.block = jq_next_item(w->counter)) < section->blocks) {
        place(&own, section, table);
        for (int32_t k = 0; k < section->kernel_count; k++) {
            const int64_t before = spans ? clock(w->run) : 0;
            own.kernel = w->kernel + k;
            const int64_t tiles = run_block(&own, &kernels[k], section->blocks);
            if (spans) spans[k].tiles += tiles, spans[k].end += clock(w->run) - before;
        }
    }
    if (spans) put_apart(spans, section->kernel_count, start);
}
