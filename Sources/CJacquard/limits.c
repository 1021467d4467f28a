/* What the machine can do at most with some threads: the two sides of a roofline. */
#include <math.h>
#include <time.h>

#include "runtime.h"

typedef struct measurement {
    int64_t nanoseconds;     /* of each part */
    float *arrays;           /* three, one after the other */
    long count;              /* elements of each */
    double operations, bytes; /* the most a nanosecond so far, all threads together */
    double work[JQ_MAXIMUM_THREADS];
    float kept[JQ_MAXIMUM_THREADS]; /* results of arithmetic, so that it is done */
    int64_t start, elapsed;
} measurement;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double steps(measurement *m, int thread, int threads) {
    (void)threads;
    return jq_functions_in_use()->limit_steps(1 << 14, 0.5f, &m->kept[thread]);
}

static double triad(measurement *m, int thread, int threads) {
    const long vectors = m->count / 16;
    const long low = 16 * (vectors * thread / threads), high = 16 * (vectors * (thread + 1) / threads);
    float *a = m->arrays, *b = a + m->count, *c = b + m->count;
    jq_functions_in_use()->limit_triad(a + low, b + low, c + low, 0.5f, high - low);
    return 3.0 * sizeof *a * (double)(high - low);
}

/* The most that a loop does a nanosecond in one of many short windows, all threads together: what else runs on the machine
 * disturbs some of them. */
static void best_of(measurement *m, jq_team *team, int thread, int threads,
                    double (*loop)(measurement *, int, int), double *best) {
    int64_t spent = 0;
    do {
        jq_barrier(team);
        if (thread == 0) m->start = now();
        jq_barrier(team);
        m->work[thread] = loop(m, thread, threads);
        jq_barrier(team);
        if (thread == 0) {
            double work = 0;
            for (int t = 0; t < threads; t++) work += m->work[t];
            m->elapsed = now() - m->start;
            *best = fmax(*best, work / (double)(m->elapsed > 0 ? m->elapsed : 1));
        }
        jq_barrier(team);
        spent += m->elapsed;
    } while (spent < m->nanoseconds);
}

static void measure(void *context, jq_team *team, int thread, int threads) {
    measurement *m = context;
    best_of(m, team, thread, threads, steps, &m->operations);
    best_of(m, team, thread, threads, triad, &m->bytes);
}

void jq_measure_limits(int threads, int64_t nanoseconds, float *arrays, long count, double *operations, double *bytes) {
    measurement m = {.nanoseconds = nanoseconds / 2, .arrays = arrays, .count = count};
    jq_run(threads, measure, &m);
    *operations = m.operations, *bytes = m.bytes;
}
