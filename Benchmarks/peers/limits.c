/* What this machine can do at most: fused multiply-adds in registers, and a = b + s * c from memory ("triad", 12 bytes a
 * number). Prints JSON. Compile with -O3 -march=native -ffp-contract=fast -pthread; argument: threads. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
#define WIDTH 16
#elif defined(__AVX__)
#define WIDTH 8
#else
#define WIDTH 4
#endif
/* More independent sums than an FMA has cycles of latency times units, fewer than there are registers. */
#if defined(__AVX512F__)
#define SUMS 24
#else
#define SUMS 12
#endif
enum { ROUNDS = 20000, REPEATS = 30, NUMBERS = 1 << 24 };
typedef float lanes __attribute__((vector_size(4 * WIDTH)));

static int threads;
static pthread_barrier_t gate;
static float *a, *b, *c;
static double best_fma = 1e9, best_triad = 1e9;
static volatile float sink;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void fma_chain(void) {
  lanes sums[SUMS], factor, term;
  for (int lane = 0; lane < WIDTH; lane++) factor[lane] = 0.999f, term[lane] = 0.001f;
  for (int i = 0; i < SUMS; i++) sums[i] = term * (float)i;
  for (int round = 0; round < ROUNDS; round++)
#pragma GCC unroll 24
    for (int i = 0; i < SUMS; i++) sums[i] = sums[i] * factor + term;
  for (int i = 1; i < SUMS; i++) sums[0] += sums[i];
  sink = sums[0][0];
}

static void triad(long from, long to, float s) {
  for (long i = from; i < to; i++) a[i] = b[i] + s * c[i];
}

static void measure(int me, double *best, int of_memory) {
  long from = (long)NUMBERS / threads * me, to = me == threads - 1 ? NUMBERS : (long)NUMBERS / threads * (me + 1);
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    pthread_barrier_wait(&gate);
    double start = now();
    if (of_memory) triad(from, to, 3); else fma_chain();
    pthread_barrier_wait(&gate);
    double time = now() - start;
    if (me == 0 && time < *best) *best = time;
  }
}

static void *work(void *number) {
  int me = (int)(long)number;
  long share = (long)NUMBERS / threads, from = share * me, to = me == threads - 1 ? NUMBERS : from + share;
  for (long i = from; i < to; i++) a[i] = 0, b[i] = 1, c[i] = 2;
  measure(me, &best_fma, 0);
  measure(me, &best_triad, 1);
  return NULL;
}

int main(int count, char **arguments) {
  threads = count > 1 ? atoi(arguments[1]) : 1;
  if (threads < 1 || threads > 1024) return fprintf(stderr, "limits: 1 to 1024 threads\n"), 1;
  a = malloc(4L * NUMBERS), b = malloc(4L * NUMBERS), c = malloc(4L * NUMBERS);
  pthread_t *others = calloc(threads, sizeof *others);
  if (!a || !b || !c || !others) return fprintf(stderr, "limits: no memory\n"), 1;
  pthread_barrier_init(&gate, NULL, threads);
  for (long i = 1; i < threads; i++)
    if (pthread_create(&others[i], NULL, work, (void *)i)) return fprintf(stderr, "limits: no thread\n"), 1;
  work((void *)0L);
  for (int i = 1; i < threads; i++) pthread_join(others[i], NULL);
  double flops = 2.0 * WIDTH * SUMS * ROUNDS * threads;
  printf("{\"threads\": %d, \"lanes\": %d, \"fma_gflops\": %.1f, \"triad_gbs\": %.2f}\n", threads, WIDTH, flops / best_fma / 1e9,
         12.0 * NUMBERS / best_triad / 1e9);
  return 0;
}
