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

/* Closes the events of kernels that took turns: their times one behind the other. */
static void put_apart(const jq_worker *w, jq_event *events, int32_t count, int64_t start) {
    for (int32_t k = 0; k < count; k++) {
        events[k].kind = JQ_EVENT_KERNEL, events[k].kernel = events[k].outermost = w->kernel + k;
        events[k].start = start;
        start = events[k].end += start;
    }
    w->recorder->count += count, w->recorder->last = jq_time(w);
}

void jq_run_section(jq_worker *w, const jq_kernel *kernels) {
    const jq_section *section = kernels->section;
    if (__atomic_load_n(&w->run->failed, __ATOMIC_ACQUIRE) < w->time) return;
    void **table = (void **)(w->scratch + section->table_offset);
    memcpy(table, w->buffers, (size_t)section->buffer_count * sizeof *table);
    jq_worker own = *w;
    own.buffers = table;
    /* A recorder has places for all kernels of the outermost program. */
    jq_event *events = w->recorder ? &w->recorder->events[w->recorder->count] : NULL;
    if (events) memset(events, 0, (size_t)section->kernel_count * sizeof *events);
    const int64_t start = events ? w->recorder->last : 0;
    while ((own.block = jq_next_item(w->counter)) < section->blocks) {
        place(&own, section, table);
        for (int32_t k = 0; k < section->kernel_count; k++) {
            const int64_t before = events ? jq_time(w) : 0;
            own.kernel = w->kernel + k;
            const int64_t tiles = run_block(&own, &kernels[k], section->blocks);
            if (events) events[k].tiles += tiles, events[k].end += jq_time(w) - before;
        }
    }
    if (events) put_apart(w, events, section->kernel_count, start);
}
