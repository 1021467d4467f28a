/* The tile machine: one step of a program. */
#include <string.h>
#include <time.h>

#include "vm.h"

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Keeps the failure that comes first in the program, whichever thread meets it first. */
void jq_report(const jq_worker *w, jq_failure found) {
    jq_run_state *run = w->run;
    while (__atomic_exchange_n(&run->failure_lock, 1, __ATOMIC_ACQUIRE)) {}
    jq_failure *f = run->failure;
    int earlier = w->time < run->failed;
    if (w->time == run->failed) earlier = w->nest < f->nest || (w->nest == f->nest && found.position < f->position);
    if (earlier) {
        found.kernel = w->kernel, found.program = w->program, found.nest = w->nest;
        *f = found;
        __atomic_store_n(&run->failed, w->time, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&run->failure_lock, 0, __ATOMIC_RELEASE);
}

/* ---- Events ---- */

int64_t jq_time(const jq_worker *w) { return now() - w->run->started; }

/* Two of each kernel of the outermost program, and one at either end of the step. */
static int64_t reserved(const jq_program *program) { return 2 * (int64_t)program->kernel_count + 2; }

static void record(const jq_worker *w, jq_event_kind kind, int32_t number, int64_t start, int64_t tiles) {
    jq_recorder *r = w->recorder;
    r->last = jq_time(w);
    const int is_outermost = w->program == 0 && number >= 0;
    const int64_t places = is_outermost ? r->capacity : r->capacity - reserved(w->run->program);
    if (r->count >= places) {
        r->lost++;
        return;
    }
    r->events[r->count++] = (jq_event){.start = start, .end = r->last, .tiles = tiles, .program = w->program,
                                       .kernel = number, .outermost = w->kernel, .kind = (int32_t)kind};
}

void jq_meet(const jq_worker *w, int32_t number) {
    if (w->threads == 1) return;
    if (!w->recorder) {
        jq_barrier(w->team);
        return;
    }
    /* Between the trips of a loop something is copied first. */
    const int64_t start = number < 0 ? jq_time(w) : w->recorder->last;
    jq_barrier(w->team);
    record(w, JQ_EVENT_BARRIER, number, start, 0);
}

/* ---- Kernels ---- */

static int64_t run_kernel(jq_worker *w, const jq_kernel *kernel) {
    /* Threads meet inside control flow: all of them enter it, and it ends by itself after a failure. */
    if (kernel->kind == JQ_KERNEL_CONTROL) return jq_run_control(w, kernel->control);
    /* What comes after a failure is not begun: memory of inputs stays as it is if it was to be written behind a
     * barrier. Earlier kernels are finished, so that the first failure is the same for any number of threads. */
    if (__atomic_load_n(&w->run->failed, __ATOMIC_ACQUIRE) < w->time) return 0;
    switch ((jq_kernel_kind)kernel->kind) {
    case JQ_KERNEL_NESTS: return jq_run_nests(w, kernel, w->thread, w->threads);
    case JQ_KERNEL_CONTRACTION: {
        const int64_t tiles = jq_run_contraction(w, kernel->contraction, w->counter);
        return kernel->nest_count ? tiles + jq_run_nests(w, kernel, w->thread, w->threads) : tiles;
    }
    case JQ_KERNEL_SCATTER: return jq_run_scatter(w, kernel->scatter, w->thread, w->threads);
    case JQ_KERNEL_LIBRARY: return jq_run_library(w, kernel->library, w->counter);
    case JQ_KERNEL_CONTROL: break;
    }
    return 0;
}

int64_t jq_run_kernel(jq_worker *w, const jq_kernel *kernel, int32_t number) {
    if (!w->recorder) return run_kernel(w, kernel);
    const int64_t start = w->recorder->last, tiles = run_kernel(w, kernel);
    record(w, JQ_EVENT_KERNEL, number, start, tiles);
    return tiles;
}

/* Kernels of nested programs that run between two of the outermost one: more than there is time for. */
#define TIME_OF_KERNEL ((int64_t)1 << 42)

static void step(void *context, jq_team *team, int thread, int threads) {
    jq_run_state *run = context;
    const jq_program *program = run->program;
    jq_worker worker = {.run = run, .team = team, .thread = thread, .threads = threads, .buffers = program->buffers,
                        .recorder = program->recorders ? &program->recorders[thread] : NULL,
                        .scratch = program->scratch + thread * program->scratch_bytes};
    if (worker.recorder) record(&worker, JQ_EVENT_BEGIN, 0, 0, 0);
    for (int32_t k = 0; k < program->kernel_count; k++) {
        const jq_kernel *kernel = &program->kernels[k];
        if (kernel->is_inside) continue;
        worker.kernel = k;
        if (kernel->barrier) jq_meet(&worker, k);
        worker.time = k * TIME_OF_KERNEL;
        worker.counter = &program->counters[k];
        if (kernel->section) jq_run_section(&worker, kernel);
        else jq_run_kernel(&worker, kernel, k);
    }
}

/* Closes the events of threads that have finished. */
static void end_events(jq_run_state *run, int threads) {
    const jq_program *program = run->program;
    for (int thread = 0; thread < threads; thread++) {
        jq_recorder *r = &program->recorders[thread];
        const jq_worker worker = {.run = run, .recorder = r, .kernel = program->kernel_count - 1};
        record(&worker, JQ_EVENT_END, 0, r->last, 0);
    }
}

int jq_program_run(const jq_program *program, int threads, jq_failure *failure) {
    jq_run_state run = {.program = program, .failure = failure, .failed = INT64_MAX};
    *failure = (jq_failure){.kernel = -1, .node = -1};
    memset(program->counters, 0, (size_t)program->kernel_count * sizeof *program->counters);
    if (program->recorders) {
        for (int thread = 0; thread < threads; thread++)
            program->recorders[thread].count = program->recorders[thread].lost = 0;
        run.started = now();
    }
    const int granted = jq_run(threads, step, &run);
    if (program->recorders) end_events(&run, granted);
    return granted;
}
