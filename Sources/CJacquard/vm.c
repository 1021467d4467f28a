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

int64_t jq_run_kernel(jq_worker *w, const jq_kernel *kernel) {
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

/* Kernels of nested programs that run between two of the outermost one: more than there is time for. */
#define TIME_OF_KERNEL ((int64_t)1 << 42)

static int64_t since_start(const jq_run_state *run) { return now() - run->started; }

static void step(void *context, jq_team *team, int thread, int threads) {
    jq_run_state *run = context;
    const jq_program *program = run->program;
    jq_worker worker = {.run = run, .team = team, .thread = thread, .threads = threads, .buffers = program->buffers,
                        .scratch = program->scratch + thread * program->scratch_bytes};
    for (int32_t k = 0; k < program->kernel_count; k++) {
        const jq_kernel *kernel = &program->kernels[k];
        if (kernel->is_inside) continue;
        if (kernel->barrier) jq_barrier(team);
        worker.kernel = k;
        worker.time = k * TIME_OF_KERNEL;
        worker.counter = &program->counters[k];
        jq_span *span = program->spans ? &program->spans[(int64_t)thread * program->kernel_count + k] : NULL;
        if (kernel->section) {
            jq_run_section(&worker, kernel, span, since_start);
            continue;
        }
        if (!span) {
            jq_run_kernel(&worker, kernel);
            continue;
        }
        span->start = since_start(run);
        span->tiles = jq_run_kernel(&worker, kernel);
        span->end = since_start(run);
    }
}

int jq_program_run(const jq_program *program, int threads, jq_failure *failure) {
    jq_run_state run = {.program = program, .failure = failure, .failed = INT64_MAX};
    *failure = (jq_failure){.kernel = -1, .node = -1};
    memset(program->counters, 0, (size_t)program->kernel_count * sizeof *program->counters);
    if (program->spans) {
        memset(program->spans, 0, sizeof(jq_span) * (size_t)program->kernel_count * (size_t)threads);
        run.started = now();
    }
    return jq_run(threads, step, &run);
}
