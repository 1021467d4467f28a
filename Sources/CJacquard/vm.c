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
void jq_report(const jq_worker *w, int32_t node, int64_t position, int64_t index, int64_t extent) {
    jq_run_state *run = w->run;
    while (__atomic_exchange_n(&run->failure_lock, 1, __ATOMIC_ACQUIRE)) {}
    jq_failure *f = run->failure;
    int earlier = f->kernel < 0 || w->kernel < f->kernel;
    if (w->kernel == f->kernel) earlier = w->nest < f->nest || (w->nest == f->nest && position < f->position);
    if (earlier) {
        *f = (jq_failure){w->kernel, w->nest, node, position, index, extent};
        __atomic_store_n(&run->failed, w->kernel, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&run->failure_lock, 0, __ATOMIC_RELEASE);
}

static int64_t run_kernel(const jq_worker *w, const jq_kernel *kernel, int thread, int threads) {
    switch ((jq_kernel_kind)kernel->kind) {
    case JQ_KERNEL_NESTS: return jq_run_nests(w, kernel, thread, threads);
    case JQ_KERNEL_CONTRACTION:
        return jq_run_contraction(w, kernel->contraction, &w->run->program->counters[w->kernel]);
    case JQ_KERNEL_SCATTER: return jq_run_scatter(w, kernel->scatter, thread, threads);
    case JQ_KERNEL_LIBRARY: return jq_run_library(w, kernel->library, &w->run->program->counters[w->kernel]);
    }
    return 0;
}

static void step(void *context, jq_team *team, int thread, int threads) {
    jq_run_state *run = context;
    const jq_program *program = run->program;
    jq_worker worker = {.run = run, .scratch = program->scratch + thread * program->scratch_bytes};
    for (int32_t k = 0; k < program->kernel_count; k++) {
        const jq_kernel *kernel = &program->kernels[k];
        if (kernel->barrier) jq_barrier(team);
        /* What comes after a failure is not begun: memory of inputs stays as it is if it was to be written behind a
         * barrier. Earlier kernels are finished, so that the first failure is the same for any number of threads. */
        if (__atomic_load_n(&run->failed, __ATOMIC_ACQUIRE) < k) continue;
        worker.kernel = k;
        if (!program->spans) {
            run_kernel(&worker, kernel, thread, threads);
            continue;
        }
        jq_span *span = &program->spans[(int64_t)thread * program->kernel_count + k];
        span->start = now() - run->started;
        span->tiles = run_kernel(&worker, kernel, thread, threads);
        span->end = now() - run->started;
    }
}

int jq_program_run(const jq_program *program, int threads, jq_failure *failure) {
    jq_run_state run = {.program = program, .failure = failure, .failed = INT32_MAX};
    *failure = (jq_failure){.kernel = -1, .node = -1};
    memset(program->counters, 0, (size_t)program->kernel_count * sizeof *program->counters);
    if (program->spans) {
        memset(program->spans, 0, sizeof(jq_span) * (size_t)program->kernel_count * (size_t)threads);
        run.started = now();
    }
    return jq_run(threads, step, &run);
}
