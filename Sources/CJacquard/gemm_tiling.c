/* How products are cut into tiles. Part of a plan's arithmetic, so a pure function of the shape.
 *
 * OpenBLAS packs both operands anew for each tile: measured over the products of the models (one thread, AVX2), a tile
 * of r rows and c columns takes 1 + 8/c + 7/r times as long as its multiplications and additions, plus what 10,000 of
 * them take for the call. From that follows s(T), the time on T threads that take tiles as they become free, as a
 * multiple of the ideal. Of all cuts
 *   1. keep those within 6 % of the smallest s(2),
 *   2. of them those within 4 % of the smallest s(4),
 *   3. of them those within 10 % of the smallest s(16),
 *   4. and take the smallest s(2), the larger tile of equal ones.
 * So a second thread comes first, four threads may cost it 6 %, and sixteen get tiles where that is free.
 * Tiles have at most 65,536 elements (an epilogue finds them in the second cache) and, where there is more than
 * one, at least 65,536 multiplications. */
#include <stddef.h>

#include "runtime.h"

typedef struct shape {
    long batch, m, n, k;
} shape;

typedef struct cut {
    long rows, columns;
    double slowdown[3]; /* s(2), s(4), s(16) */
} cut;

enum { ROW_SIZES = 10, COLUMN_SIZES = 13, CUTS = ROW_SIZES * COLUMN_SIZES, LARGEST_TILE = 65536, LEAST_WORK = 65536 };

static long parts(long extent, long part) { return (extent + part - 1) / part; }

/* The size that gives as many parts as `size` does, as equal as multiples of `unit` allow. */
static long evened(long extent, long size, long unit) {
    const long even = parts(extent, parts(extent, size));
    const long rounded = parts(even, unit) * unit;
    return rounded < extent ? rounded : extent;
}

static void estimate(cut *c, shape s) {
    static const long threads[3] = {2, 4, 16};
    const double tile = (double)c->rows * (double)c->columns;
    const double cost = 1 + 8.0 / (double)c->columns + 7.0 / (double)c->rows + 10000.0 / (tile * (double)s.k);
    const long tiles = s.batch * parts(s.m, c->rows) * parts(s.n, c->columns);
    const double ideal = (double)s.batch * (double)s.m * (double)s.n;
    for (int i = 0; i < 3; i++)
        c->slowdown[i] = (double)(threads[i] * parts(tiles, threads[i])) * tile * cost / ideal;
}

static int is_allowed(cut c, shape s) {
    if (c.rows > LARGEST_TILE / c.columns) return 0;
    const int is_whole = c.rows >= s.m && c.columns >= s.n;
    return is_whole || (double)c.rows * (double)c.columns * (double)s.k >= LEAST_WORK;
}

static int all_cuts(cut *cuts, shape s) {
    static const long row_sizes[ROW_SIZES - 1] = {256, 192, 128, 96, 64, 48, 32, 16, 8};
    static const long column_sizes[COLUMN_SIZES - 1] = {1024, 768, 512, 384, 256, 192, 128, 96, 64, 48, 32, 16};
    int count = 0;
    for (int i = 0; i < ROW_SIZES; i++)
        for (int j = 0; j < COLUMN_SIZES; j++) {
            cut c = {i == 0 ? s.m : evened(s.m, row_sizes[i - 1], 8),
                     j == 0 ? s.n : evened(s.n, column_sizes[j - 1], 16), {0}};
            if (!is_allowed(c, s)) continue;
            estimate(&c, s);
            cuts[count++] = c;
        }
    return count;
}

/* Keeps the cuts whose slowdown `which` is at most `tolerance` times the smallest. */
static int keep(cut *cuts, int count, int which, double tolerance) {
    double least = cuts[0].slowdown[which];
    int kept = 0;
    for (int i = 1; i < count; i++)
        if (cuts[i].slowdown[which] < least) least = cuts[i].slowdown[which];
    for (int i = 0; i < count; i++)
        if (cuts[i].slowdown[which] <= least * tolerance) cuts[kept++] = cuts[i];
    return kept;
}

/* One row or one column: a matrix times a vector, which packs nothing. Up to 16 parts of at least 32,768 terms. */
static cut vector_cut(shape s) {
    const double work = (double)s.batch * (double)s.m * (double)s.n * (double)s.k;
    long count = 1;
    while (count < 16 && (double)count * 65536 <= work) count *= 2;
    cut c = {s.m, s.n, {0}};
    if (s.m == 1) c.columns = evened(s.n, parts(s.n, count), 16);
    else c.rows = evened(s.m, parts(s.m, count), 16);
    return c;
}

static cut choose(shape s) {
    cut cuts[CUTS], best;
    if (s.m == 1 || s.n == 1) return vector_cut(s);
    int count = all_cuts(cuts, s);
    if (count == 0) return (cut){evened(s.m, 256, 8), evened(s.n, 256, 16), {0}};
    count = keep(cuts, count, 0, 1.06);
    count = keep(cuts, count, 1, 1.04);
    count = keep(cuts, count, 2, 1.10);
    best = cuts[0];
    for (int i = 1; i < count; i++)
        if (cuts[i].slowdown[0] < best.slowdown[0]) best = cuts[i];
    return best;
}

/* A long K under a small result: a divisor of K, of at least 512 terms a part and at most 16 parts. */
static long choose_splits(shape s) {
    if (s.k < 2048 || s.m > 65536 || s.n > 65536 || s.batch * s.m * s.n > 65536) return 1;
    long splits = s.k / 512 < 16 ? s.k / 512 : 16;
    while (s.k % splits != 0) splits--;
    return splits;
}

jq_tiling jq_gemm_tiling(long batch, long m, long n, long k) {
    shape s = {batch > 0 ? batch : 1, m > 0 ? m : 1, n > 0 ? n : 1, k > 0 ? k : 1};
    const long splits = choose_splits(s);
    s.batch *= splits, s.k /= splits;
    const cut c = choose(s);
    return (jq_tiling){c.rows, c.columns, splits};
}
