/* The C runtime of Jacquard: one team of threads, matrix products (f64 over OpenBLAS), tile functions,
 * reductions and counter-based random numbers.
 *
 * Nothing here allocates per call, throws or keeps a pointer after it returns, unless said. Pointers
 * need the alignment of one element only; lengths are in elements and may be 0. Results do not depend
 * on the number of threads or on alignment; nor on the instruction set chosen at start, but for products in f32 on a machine
 * without fma, which round twice a term. */
#ifndef JACQUARD_RUNTIME_H
#define JACQUARD_RUNTIME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Element types ------------------------------------------------------------------------- */

typedef enum jq_dtype {
    JQ_F32, JQ_F64, JQ_I32, JQ_I64, JQ_U8, JQ_BOOL,
    /* For storage: these are converted and selected only; arithmetic is done in a wider type. */
    JQ_I8, JQ_I16, JQ_U16, JQ_U32, JQ_F16, JQ_BF16,
    JQ_U64,
    JQ_DTYPE_COUNT
} jq_dtype;

/* Bytes of one element. */
long jq_element_size(jq_dtype dtype);

/* ---- The team (parallel.c) ----------------------------------------------------------------- */

#define JQ_MAXIMUM_THREADS 64

/* The threads of one job. */
typedef struct jq_team jq_team;

/* What one thread of a job does: `thread` in 0 ..< `threads`. */
typedef void (*jq_job)(void *context, jq_team *team, int thread, int threads);

/* Runs `job` once on each of `threads` threads, returns when all have finished, and gives the number
 * of threads that OpenMP granted (what `job` sees as `threads`). Thread 0 is the caller's own.
 * Jobs of several callers run one after another, in the order of the calls; a job of one thread, or one
 * submitted from inside a job, runs at once on the caller alone. */
int jq_run(int threads, jq_job job, void *context);

/* Waits until all threads of the job are here. Everything written before it is seen after it. */
void jq_barrier(jq_team *team);

/* Deals work to threads as they become free: gives 0, 1, 2, ... to whoever asks. One counter, which is 0
 * when the work begins, serves all threads. */
int64_t jq_next_item(int64_t *counter);

/* Threads that OpenMP would use by itself (OMP_NUM_THREADS, or the processors of this process). */
int jq_default_threads(void);

/* "OpenBLAS 0.3.21 ..., one thread a call" and the like, for diagnostics. */
const char *jq_blas_description(void);

/* The C text that every emitted unit begins with. */
const char *jq_native_text(void);

/* ---- Instruction sets ----------------------------------------------------------------------- */

typedef enum jq_isa_level { JQ_ISA_BASELINE, JQ_ISA_V3, JQ_ISA_V4 } jq_isa_level;

/* The level in use: the best of this machine, unless limited. */
jq_isa_level jq_isa(void);

/* For tests: use no level above `level` from now on. Not while anything runs. */
void jq_isa_limit(jq_isa_level level);

/* ---- Tile functions -------------------------------------------------------------------------- */

/* One function of one to three operands on `n` elements. `dst` may be one of the operands, else they
 * must not overlap. Unused operands are ignored. */
typedef void (*jq_tile_function)(void *dst, const void *a, const void *b, const void *c, long n);

/* The element type named with an operation is that of its operands (of the second and third for select).
 * Integers wrap around; quotient and remainder truncate and give 0 for a divisor of 0. Minimum, maximum
 * and clamp give NaN where an operand is NaN. The logical operations work on bits: bool holds 0 or 1. */
typedef enum jq_operation {
    JQ_NEGATE, JQ_ABS, JQ_SIGN, JQ_FLOOR, JQ_CEIL, JQ_ROUND /* half to even */, JQ_TRUNCATE,
    JQ_SQRT, JQ_RSQRT, JQ_RECIPROCAL,
    JQ_EXP, JQ_EXPM1, JQ_LOG, JQ_LOG1P, JQ_TANH, JQ_SIGMOID, JQ_ERF, JQ_SIN, JQ_COS,
    /* These by the C library in double precision, one element after the other. */
    JQ_TAN, JQ_ASIN, JQ_ACOS, JQ_ATAN, JQ_SINH, JQ_COSH, JQ_ASINH, JQ_ACOSH, JQ_ATANH, JQ_ERFC, JQ_LGAMMA, JQ_DIGAMMA,
    JQ_TRIGAMMA,
    JQ_IS_NAN, JQ_IS_INF, JQ_IS_FINITE, /* to bool */
    JQ_NOT,
    JQ_ADD, JQ_SUBTRACT, JQ_MULTIPLY, JQ_DIVIDE, JQ_REMAINDER, JQ_MINIMUM, JQ_MAXIMUM, JQ_POWER, JQ_ATAN2,
    JQ_FLOOR_DIVIDE, JQ_FLOOR_MOD /* with the sign of the divisor */,
    JQ_SHIFT_LEFT, JQ_SHIFT_RIGHT, /* an amount that is negative or not below the width moves every bit out */
    JQ_EQUAL, JQ_NOT_EQUAL, JQ_LESS, JQ_LESS_EQUAL, JQ_GREATER, JQ_GREATER_EQUAL, /* to bool */
    JQ_AND, JQ_OR, JQ_XOR,
    JQ_FMA /* a * b + c, rounded once */, JQ_SELECT /* bool a ? b : c */, JQ_CLAMP /* a to b ... c */,
    JQ_OPERATION_COUNT
} jq_operation;

/* NULL where the operation is not defined for the type. Valid until `jq_isa_limit`. */
jq_tile_function jq_tile(jq_operation operation, jq_dtype dtype);

/* Conversion. Float to integer truncates and saturates, NaN gives 0; integer to a narrower integer
 * wraps around; to bool: whether it is not 0 (NaN is not). */
jq_tile_function jq_cast(jq_dtype from, jq_dtype to);

/* Compares f32 `operation` (JQ_EXP ... JQ_LGAMMA, JQ_SQRT, JQ_RSQRT) with libm in double for the floats
 * whose bits are start, start + stride, ... below 2^32. Gives the largest error in units in the last place of
 * the exact result, and its input. A NaN, infinity or sign of zero that is wrong counts as 1e30.
 * Returns 0, or -1 for another operation or a stride of 0. */
int jq_ulp_scan(jq_operation operation, uint32_t start, uint32_t stride, float *worst_input, double *worst_ulp);

/* Measures for about so many nanoseconds what `threads` threads can do at most a nanosecond: operations of steps of f32 products in
 * registers, two a step, and bytes of a triad a = b + factor c, three arrays of `count` floats (a multiple of 16) that stand one after
 * the other at `arrays`. */
void jq_measure_limits(int threads, int64_t nanoseconds, float *arrays, long count, double *operations, double *bytes);

/* ---- Reductions ------------------------------------------------------------------------------- */

typedef enum jq_combiner {
    JQ_SUM, JQ_PRODUCT, JQ_REDUCE_MINIMUM, JQ_REDUCE_MAXIMUM, JQ_ANY, JQ_ALL, JQ_ARGMAX, JQ_ARGMIN,
    JQ_COMBINER_COUNT
} jq_combiner;

/* How rows are reduced. Element i of a row goes to lane i mod `lanes` (16; 8 for types of 8 bytes); at the
 * end lanes are combined as a tree: l with l + lanes/2, then l + lanes/4, and so on. Minimum and maximum give
 * NaN if an element is NaN; argmax and argmin the position (int64) of the first NaN, else of the first
 * extreme value. `stride` is the distance between rows, in elements. */
typedef struct jq_reducer {
    long lanes;
    /* Bytes of the accumulator of one row. Accumulators of several rows lie side by side. */
    long accumulator_size;
    /* Makes the accumulators of `rows` rows empty. */
    void (*start)(void *accumulators, long rows);
    /* Adds elements `first` ..< first + n of each row; `first` is a multiple of `lanes`. */
    void (*add)(void *accumulators, const void *x, long rows, long n, long stride, long first);
    /* One result a row: values of the type, or int64 positions. `values`, if not NULL, gets the extreme
     * values of argmax and argmin. */
    void (*finish)(void *results, void *values, const void *accumulators, long rows);
    /* start, add and finish of whole rows that lie in memory. */
    void (*rows)(void *results, void *values, const void *x, long rows, long n, long stride);
    /* Down columns, in the order of the rows: accumulator j takes x[r][j]. The accumulators are `n` values;
     * of argmax and argmin `n` int64 positions, then `n` values. `first` is the number of the first row. */
    void (*start_columns)(void *accumulators, long n);
    void (*add_columns)(void *accumulators, const void *x, long rows, long n, long stride, long first);
} jq_reducer;

/* NULL where the combiner is not defined for the type (any, all: u8 and bool; sum, product: not bool).
 * Valid until `jq_isa_limit`. */
const jq_reducer *jq_reduce(jq_combiner combiner, jq_dtype dtype);

/* ---- Random numbers (Philox 4x32-10) ----------------------------------------------------------- */

/* Elements `first` ..< first + n of the draw that `key` names, as if the whole had been drawn at once. The
 * counter of block b is (b low, b high, 0, 0).
 * Element i uses word i mod 4 of block i/4, in f32 and f64 alike; uniform = top 24 bits * 2^-24.
 * normal: Box-Muller on words (0,1) for elements 0, 1 of a block of 4 and (2,3) for 2, 3, for f32 and f64 alike:
 * u = (top24(first word) + 1) * 2^-24, v = top24(second) * 2^-24, radius = sqrt(-2 log u), angle = 2 pi v;
 * even element = radius cos(angle), odd element = radius sin(angle), computed in the type drawn.
 * bernoulli: f32 uniform < p. */
void jq_philox_uniform_f32(const int32_t key[2], int64_t first, long n, float *out);
void jq_philox_uniform_f64(const int32_t key[2], int64_t first, long n, double *out);
void jq_philox_normal_f32(const int32_t key[2], int64_t first, long n, float *out);
void jq_philox_normal_f64(const int32_t key[2], int64_t first, long n, double *out);
void jq_philox_bernoulli(const int32_t key[2], double p, int64_t first, long n, uint8_t *out);
/* The raw words. */
void jq_philox_words(const int32_t key[2], int64_t first, long n, uint32_t *out);
/* A key for a purpose: the first two words of counter (data low, data high, 0, 1). */
void jq_philox_fold(const int32_t key[2], int64_t data, int32_t folded[2]);

/* ---- Matrix products (gemm.c) ------------------------------------------------------------------ */

/* An operand whose rows and columns each run over several axes of an array: the windows of a convolution. Offsets in elements;
 * the last axes run fastest. */
typedef struct jq_window {
    int row_rank, column_rank;
    const int64_t *row_extents, *row_strides, *column_extents, *column_strides;
    const float *end; /* of a right operand: nothing is read from here on */
} jq_window;

/* A product C[m,n] = A[m,k] B[k,n] and where its operands lie, row-major; leading dimensions in elements.
 * A transposed operand is stored as A[k,m] or B[n,k]. */
typedef struct jq_product {
    const void *a, *b;
    void *c;
    long m, n, k;
    long lda, ldb, ldc;
    uint8_t transpose_a, transpose_b;
    const jq_window *window; /* of f32: B as windows of the array at b, from this row and column on; else NULL */
    long window_row, window_column;
    const jq_window *left; /* of f32 with whole vectors of columns: A as windows of the array at a, likewise */
    long left_row, left_column;
    uint8_t accumulate; /* C += A B */
    uint8_t dtype;      /* jq_dtype: f32, f64, i32, i64 */
} jq_product;

/* Bytes that a tile of at most `rows` x `columns` needs to copy operands into; 0 for types other than f32. */
long jq_packing_bytes(const jq_product *product, long rows, long columns);

/* Computes rows row ..< row + rows and columns column ..< column + columns of C. The same bytes whichever
 * thread does it and wherever the operands lie. k may be 0. `packing` has the tile's jq_packing_bytes, aligned to 64.
 * f32: in the order of k, each term one fma: the same bytes for every cut. f64: one call of cblas_dgemm a tile. A product
 * of one row or column is a matrix times a vector instead: along stored rows of the matrix in lanes like a
 * reduction (fma in each lane), across them with one fma a term in the order of k. i32 and i64: in the order of
 * k, wrapping around. */
void jq_gemm_tile(const jq_product *product, long row, long rows, long column, long columns, void *packing);

/* ---- Convolutions with kernels of 3 x 3, in fewer products than windows have terms (Winograd) ----
 * `product` has B as windows [inputs][3][3] x [height][width] that move by single steps, height and width even, A side by side. */

/* Bytes that tiles of at most `columns` columns need. */
long jq_winograd_bytes(const jq_product *product, long columns);

/* Prepares A in `space`, aligned to 64 bytes: once for all tiles that a thread makes. */
void jq_winograd_begin(const jq_product *product, void *space);

/* A tile: all rows, and columns window_column ..< window_column + columns, which are whole pairs of lines, at c. */
void jq_winograd_tile(const jq_product *product, long columns, void *space);

#ifdef __cplusplus
}
#endif

#endif
