/* Control flow of the tile machine. Every thread goes through the loop; they meet before each trip and before each
 * decision, so that all of them decide alike. */
#include <string.h>

#include "vm.h"

/* The addresses of a nested program's buffers in the first trip. */
static void **place(const jq_worker *w, const jq_nested *nested) {
    void **table = (void **)(w->scratch + nested->table_offset);
    for (int32_t k = 0; k < nested->place_count; k++) {
        const jq_place *p = &nested->places[k];
        if (p->constant) table[k] = (void *)p->constant;
        else table[k] = p->buffer < 0 ? NULL : (unsigned char *)w->buffers[p->buffer] + p->offset;
    }
    return table;
}

static void advance(const jq_nested *nested, void **table) {
    for (int32_t k = 0; k < nested->moving_count; k++) {
        const int32_t buffer = nested->moving[k];
        table[buffer] = (unsigned char *)table[buffer] + nested->places[buffer].step;
    }
}

/* Carried buffers begin; each thread copies its part. */
static void start(const jq_worker *w, const jq_control *c) {
    for (int32_t k = 0; k < c->start_count; k++) {
        const jq_start *s = &c->starts[k];
        const unsigned char *from = w->buffers[s->from];
        unsigned char *to = w->buffers[s->to];
        const int64_t low = s->bytes * w->thread / w->threads, high = s->bytes * (w->thread + 1) / w->threads;
        if (from != to && low < high) memcpy(to + low, from + low, (size_t)(high - low));
    }
    if (w->thread > 0) return;
    for (int32_t k = 0; k < c->nested_count; k++) {
        const jq_nested *nested = &c->nested[k];
        memset(nested->counters, 0, 2 * (size_t)nested->kernel_count * sizeof *nested->counters);
    }
}

/* One trip of a nested program. The counters of the trip before are free, as all threads have left it. */
static int64_t run(jq_worker *w, const jq_control *c, const jq_nested *nested, void **table, int64_t trip) {
    jq_worker own = *w;
    own.buffers = table;
    own.program = nested->number;
    own.scratch += c->scratch_offset;
    int64_t *counters = nested->counters + (trip & 1) * nested->kernel_count;
    if (w->thread == 0) {
        int64_t *others = nested->counters + (~trip & 1) * nested->kernel_count;
        memset(others, 0, (size_t)nested->kernel_count * sizeof *others);
    }
    int64_t tiles = 0;
    for (int32_t k = 0; k < nested->kernel_count; k++) {
        if (nested->kernels[k].barrier) jq_meet(&own, k);
        own.time++;
        own.counter = &counters[k];
        tiles += jq_run_kernel(&own, &nested->kernels[k], k);
    }
    w->time = own.time;
    return tiles;
}

static int64_t run_scan(jq_worker *w, const jq_control *c) {
    void **table = place(w, c->nested);
    int64_t tiles = 0;
    for (int64_t trip = 0; trip < c->trips; trip++) {
        jq_meet(w, -1);
        if (jq_has_failed(w)) break;
        tiles += run(w, c, c->nested, table, trip);
        advance(c->nested, table);
    }
    return tiles;
}

static int holds(const jq_worker *w, const jq_control *c) { return *(const unsigned char *)w->buffers[c->predicate]; }

static int64_t run_while(jq_worker *w, const jq_control *c) {
    const jq_nested *condition = &c->nested[0], *body = &c->nested[1];
    void **asked = place(w, condition), **done = place(w, body);
    int64_t tiles = 0;
    for (int64_t trip = 0; trip < c->trips; trip++) {
        jq_meet(w, -1);
        if (jq_has_failed(w)) break;
        tiles += run(w, c, condition, asked, trip);
        jq_meet(w, -1);
        if (jq_has_failed(w) || !holds(w, c)) break;
        tiles += run(w, c, body, done, trip);
    }
    return tiles;
}

static int64_t run_cond(jq_worker *w, const jq_control *c) {
    jq_meet(w, -1);
    if (jq_has_failed(w)) return 0;
    const jq_nested *chosen = &c->nested[holds(w, c) ? 0 : 1];
    return run(w, c, chosen, place(w, chosen), 0);
}

int64_t jq_run_control(jq_worker *w, const jq_control *c) {
    if (c->alone && w->thread > 0) return 0;
    const int threads = w->threads;
    if (c->alone) w->threads = 1;
    start(w, c);
    int64_t tiles = 0;
    switch ((jq_control_kind)c->kind) {
    case JQ_CONTROL_COND: tiles = run_cond(w, c); break;
    case JQ_CONTROL_WHILE: tiles = run_while(w, c); break;
    case JQ_CONTROL_SCAN: tiles = run_scan(w, c); break;
    }
    w->threads = threads;
    return tiles;
}
