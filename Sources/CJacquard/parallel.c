/* The team: the only file that knows OpenMP.
 *
 * One service thread of the process enters one OpenMP region and stays in it, asleep; the region's other
 * threads are the workers, which sleep on futexes of ours between jobs. A job runs on the caller, who stands
 * in for the service thread as thread 0, and on as many workers as it asks for. So no thread is handed
 * anything by a third one, exactly as many threads run as the job has, OpenMP's own waiting (which spins
 * for 200 ms) never happens, and however many callers there are, there is one team. When a job wants more
 * threads than the region has, the service thread leaves it and enters a larger one.
 *
 * GOMP_parallel is what GCC compiles `omp parallel` to; libgomp and LLVM's libomp both have it, so this
 * file needs neither -fopenmp nor omp.h. */
#define _GNU_SOURCE /* sched_getaffinity, sched_getcpu */
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "runtime.h"
#include "waiting.h"

extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);
extern int omp_get_num_threads(void);
extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int);

struct jq_team {
    int threads;
    _Alignas(64) _Atomic uint32_t arrived;
    jq_word phase; /* counts barriers passed */
};

typedef struct worker {
    jq_word signal; /* counts orders: a job, or to leave the region */
    uint32_t obeyed;
} worker;

static struct {
    jq_word serving; /* the ticket of the caller whose turn it is */
    _Atomic uint32_t tickets;
    jq_word regions; /* counts regions entered */
    jq_word running; /* workers still at the job */
    worker workers[JQ_MAXIMUM_THREADS];
    _Atomic int places[JQ_MAXIMUM_THREADS]; /* the processor on which each thread was seen last */
    jq_team team;
    jq_job job;
    void *context;
    int wanted;    /* threads of the region, as asked for; 0 before there is a service thread */
    int capacity;  /* as granted */
    int spin_limit;
    _Atomic int leaving;
} state;

static _Thread_local int inside_job;
static _Thread_local int number; /* of this thread in the job it runs */
static _Thread_local jq_patience job_patience = {JQ_LARGEST_SPIN, JQ_LARGEST_SPIN, 0, 0};
static _Thread_local jq_patience barrier_patience = {JQ_LARGEST_SPIN, JQ_LARGEST_SPIN, 0, 0};
/* A caller in the queue must not spin: the job that runs needs the processors. */
static _Thread_local jq_patience queue_patience = {JQ_LEAST_SPIN, JQ_LEAST_SPIN, 0, 0};

/* ---- Waiting ---- */

static int processors(void) {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

/* With more threads than processors a spinning thread only keeps another from its work. */
static void limit_spin(jq_patience *patience) {
    patience->limit = state.spin_limit;
    if (patience->spin > patience->limit) patience->spin = patience->limit;
}

/* A kernel may wake a thread on its waker's processor and leave both there, while another one is idle: since each
 * sleeps as long as the other runs, it sees nothing to balance. So a thread that finds itself where one with a lower
 * number was seen moves away, and then may run anywhere again. Not where there are more threads than processors. */
static void keep_apart(int thread) {
#if defined(__linux__)
    if (state.spin_limit != JQ_LARGEST_SPIN) return;
    int here = sched_getcpu(), shared = 0;
    for (int other = 0; other < thread; other++)
        shared |= atomic_load_explicit(&state.places[other], memory_order_relaxed) == here;
    cpu_set_t allowed;
    if (shared && sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        cpu_set_t others = allowed;
        for (int other = 0; other < thread; other++) {
            const int taken = atomic_load_explicit(&state.places[other], memory_order_relaxed);
            if (taken >= 0 && taken < CPU_SETSIZE) CPU_CLR(taken, &others);
        }
        if (CPU_COUNT(&others) > 0 && sched_setaffinity(0, sizeof others, &others) == 0) {
            sched_setaffinity(0, sizeof allowed, &allowed);
            here = sched_getcpu();
        }
    }
    atomic_store_explicit(&state.places[thread], here, memory_order_relaxed);
#else
    (void)thread;
#endif
}

void jq_barrier(jq_team *team) {
    if (team->threads == 1) return;
    const uint32_t phase = atomic_load_explicit(&team->phase.value, memory_order_relaxed);
    if (atomic_fetch_add(&team->arrived, 1) + 1 == (uint32_t)team->threads) {
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        atomic_store(&team->phase.value, phase + 1);
        jq_wake(&team->phase);
    } else {
        jq_wait_while(&team->phase, phase, &barrier_patience);
        if (barrier_patience.slept) keep_apart(number);
    }
}

int64_t jq_next_item(int64_t *counter) { return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED); }

/* ---- The region ---- */

static void work(int thread) {
    worker *self = &state.workers[thread];
    for (;;) {
        self->obeyed = jq_wait_while(&self->signal, self->obeyed, &job_patience);
        if (atomic_load_explicit(&state.leaving, memory_order_relaxed)) return;
        limit_spin(&job_patience);
        limit_spin(&barrier_patience);
        number = thread;
        keep_apart(thread);
        state.job(state.context, &state.team, thread, state.team.threads);
        if (atomic_fetch_sub(&state.running.value, 1) == 1) jq_wake(&state.running);
    }
}

static void region(void *unused) {
    (void)unused;
    const int thread = omp_get_thread_num();
    inside_job = 1;
    if (thread != 0) {
        work(thread);
        return;
    }
    state.capacity = omp_get_num_threads();
    atomic_fetch_add(&state.regions.value, 1);
    jq_wake(&state.regions);
    worker *self = &state.workers[0];
    self->obeyed = jq_wait_while(&self->signal, self->obeyed, &job_patience);
}

static void *serve(void *unused) {
    (void)unused;
    jq_blas_prepare();
    for (;;) {
        atomic_store(&state.leaving, 0);
        GOMP_parallel(region, NULL, (unsigned)state.wanted, 0);
    }
    return NULL;
}

static void order(int thread) {
    jq_word *signal = &state.workers[thread].signal;
    atomic_fetch_add(&signal->value, 1);
    jq_wake(signal);
}

static int start_service(void) {
    pthread_t service;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return -1;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    const int failed = pthread_create(&service, &attributes, serve, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}

/* A region of at least `threads` threads, if OpenMP grants it. */
static void ensure_region(int threads) {
    if (threads <= state.wanted) return;
    const int first = state.wanted == 0;
    const uint32_t regions = atomic_load(&state.regions.value);
    state.wanted = threads;
    if (first) {
        if (start_service() != 0) {
            state.wanted = 0, state.capacity = 1;
            return;
        }
    } else {
        /* With the last order the next region may begin, and have more threads, which must not be ordered anything. */
        const int leaving = state.capacity;
        atomic_store(&state.leaving, 1);
        for (int thread = 0; thread < leaving; thread++) order(thread);
    }
    jq_wait_while(&state.regions, regions, &job_patience);
}

/* ---- Jobs ---- */

static void take_turn(void) {
    const uint32_t ticket = atomic_fetch_add(&state.tickets, 1);
    uint32_t serving;
    while ((serving = atomic_load(&state.serving.value)) != ticket)
        jq_wait_while(&state.serving, serving, &queue_patience);
}

static void end_turn(void) {
    atomic_fetch_add(&state.serving.value, 1);
    jq_wake(&state.serving);
}

static int run_alone(jq_job job, void *context) {
    jq_team alone = {.threads = 1};
    const int outer = inside_job;
    inside_job = 1;
    job(context, &alone, 0, 1);
    inside_job = outer;
    return 1;
}

static int run_together(int threads, jq_job job, void *context) {
    state.job = job, state.context = context;
    state.team.threads = threads;
    state.spin_limit = threads <= processors() ? JQ_LARGEST_SPIN : JQ_LEAST_SPIN;
    limit_spin(&job_patience);
    limit_spin(&barrier_patience);
    atomic_store(&state.running.value, (uint32_t)threads - 1);
    inside_job = 1;
    number = 0;
    keep_apart(0);
    for (int thread = 1; thread < threads; thread++) order(thread);
    job(context, &state.team, 0, threads);
    inside_job = 0;
    uint32_t running;
    while ((running = atomic_load(&state.running.value)) != 0)
        jq_wait_while(&state.running, running, &barrier_patience);
    return threads;
}

/* A forked child has the memory of the team, but not its threads. */
static void forget_team(void) { memset(&state, 0, sizeof state); }

static void prepare(void) {
    pthread_atfork(NULL, NULL, forget_team);
    jq_blas_prepare();
}

static int run(int threads, jq_job job, void *context) {
    if (threads <= 1 || inside_job) return run_alone(job, context);
    if (threads > JQ_MAXIMUM_THREADS) threads = JQ_MAXIMUM_THREADS;
    take_turn();
    ensure_region(threads);
    if (threads > state.capacity) threads = state.capacity;
    const int granted = threads > 1 ? run_together(threads, job, context) : run_alone(job, context);
    end_turn();
    return granted;
}

int jq_run(int threads, jq_job job, void *context) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    if (!jq_blas_uses_openmp()) return run(threads, job, context);
    /* That OpenBLAS takes OpenMP's number of threads where it is not inside a region: here. */
    const int previous = omp_get_max_threads();
    omp_set_num_threads(1);
    const int granted = run(threads, job, context);
    omp_set_num_threads(previous);
    return granted;
}

int jq_default_threads(void) {
    const int threads = omp_get_max_threads();
    return threads < 1 ? 1 : threads > JQ_MAXIMUM_THREADS ? JQ_MAXIMUM_THREADS : threads;
}
