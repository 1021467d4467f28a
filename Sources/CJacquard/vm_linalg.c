/* Linear algebra on matrices: one call of LAPACK or BLAS a matrix, in double precision, on a copy in scratch whose columns
 * lie side by side; f32 is rounded once, at the end. Sizes of workspace are fixed here from the shape, so that nothing is
 * asked for or allocated in a step. */
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "vm_library.h"

/* LAPACK as Fortran has it: each character has its length at the end. */
extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t);
extern void dgetrf_(const int *m, const int *n, double *a, const int *lda, int *pivots, int *info);
extern void dgeqrf_(const int *m, const int *n, double *a, const int *lda, double *tau, double *work, const int *lwork,
                    int *info);
extern void dorgqr_(const int *m, const int *n, const int *k, double *a, const int *lda, const double *tau, double *work,
                    const int *lwork, int *info);
extern void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
                   const int *lwork, int *info, size_t, size_t);
extern void dgesvd_(const char *jobu, const char *jobvt, const int *m, const int *n, double *a, const int *lda, double *s,
                    double *u, const int *ldu, double *vt, const int *ldvt, double *work, const int *lwork, int *info,
                    size_t, size_t);

/* Columns that LAPACK's blocked forms take at once: what ILAENV gives for them. */
enum { JQ_BLOCK = 32 };

/* Right-hand sides that are solved for at once. */
enum { JQ_SIDES_AT_ONCE = 64 };

enum { JQ_ITEM_ELEMENTS = 1024 };

static int64_t matrices_of_item(const int64_t *p) {
    const int64_t many = JQ_ITEM_ELEMENTS / (p[JQ_MATRIX_ROWS] * p[JQ_MATRIX_ROWS]);
    return many > 1 ? many : 1;
}

int64_t jq_matrix_items(const int64_t *p) {
    const int64_t step = matrices_of_item(p);
    return (p[JQ_MATRIX_COUNT] + step - 1) / step;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/* Doubles of workspace: enough for the blocked forms. */
static int64_t workspace(jq_library_code code, int64_t m, int64_t n) {
    switch (code) {
    case JQ_QR: return JQ_BLOCK * n;
    case JQ_EIGH: return (JQ_BLOCK + 2) * n;
    case JQ_SVD: return 3 * least(m, n) + most(m, n) + 5 * least(m, n) + JQ_BLOCK * (m + n);
    default: return 0;
    }
}

/* Doubles of a call, in the order in which `jq_matrices` has them. */
static int64_t matrix_doubles(jq_library_code code, int64_t m, int64_t n) {
    const int64_t k = least(m, n), work = workspace(code, m, n);
    switch (code) {
    case JQ_TRIANGULAR_SOLVE: return m * m + m * JQ_SIDES_AT_ONCE;
    case JQ_LU: return m * m + m; /* pivots are smaller than doubles */
    case JQ_QR: return m * n + k * n + k + work;
    case JQ_EIGH: return m * m + m + work;
    case JQ_SVD: return m * n + k + m * k + k * n + work;
    default: return m * m;
    }
}

int64_t jq_matrix_scratch(jq_library_code code, const int64_t *p) {
    return (int64_t)sizeof(double) * matrix_doubles(code, p[JQ_MATRIX_ROWS], p[JQ_MATRIX_COLUMNS]);
}

/* Copies elements a[i * row + j * column] of memory to columns side by side. */
static void load(double *to, const void *from, int64_t at, jq_dtype dtype, int64_t rows, int64_t columns, int64_t row,
                 int64_t column) {
    const float *f = from;
    const double *d = from;
    for (int64_t j = 0; j < columns; j++)
        for (int64_t i = 0; i < rows; i++) {
            const int64_t k = at + i * row + j * column;
            to[j * rows + i] = dtype == JQ_F32 ? (double)f[k] : d[k];
        }
}

static void put(void *to, int64_t at, jq_dtype dtype, double value) {
    if (dtype == JQ_F32) ((float *)to)[at] = (float)value;
    else ((double *)to)[at] = value;
}

/* Writes columns that begin `stride` apart as a matrix whose rows lie side by side. */
static void store(void *to, int64_t at, jq_dtype dtype, const double *from, int64_t rows, int64_t columns, int64_t stride) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) put(to, at + i * columns + j, dtype, from[j * stride + i]);
}

static void fill(void *to, int64_t at, jq_dtype dtype, double value, int64_t count) {
    for (int64_t i = 0; i < count; i++) put(to, at + i, dtype, value);
}

static int all_finite(const double *x, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(x[i])) return 0;
    return 1;
}

/* The symmetric part. */
static void symmetrize(double *a, int64_t n) {
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < j; i++) a[i * n + j] = a[j * n + i] = 0.5 * (a[i * n + j] + a[j * n + i]);
}

/* Whether the first of the elements of the largest magnitude is negative. */
static int leads_negative(const double *x, int64_t count) {
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++)
        if (fabs(x[i]) > fabs(x[best])) best = i;
    return x[best] < 0;
}

static void negate(double *x, int64_t count, int64_t stride) {
    for (int64_t i = 0; i < count; i++) x[i * stride] = -x[i * stride];
}

/* One matrix of a call: gives 0 where it has no result. */
typedef int (*matrix_worker)(const jq_library_call *call, void *const *buffers, double *a, int64_t number);

static int cholesky(const jq_library_call *call, void *const *buffers, double *a, int64_t number) {
    const jq_dtype dtype = (jq_dtype)call->dtype;
    const int n = (int)call->parameters[JQ_MATRIX_ROWS];
    const int64_t size = (int64_t)n * n;
    int info = 0;
    load(a, buffers[call->operands[0]], number * size, dtype, n, n, n, 1);
    symmetrize(a, n);
    if (!all_finite(a, size)) return 0;
    dpotrf_("L", &n, a, &n, &info, 1);
    if (info != 0) return 0;
    for (int64_t j = 1; j < n; j++) memset(a + j * n, 0, (size_t)j * sizeof *a);
    store(buffers[call->results[0]], number * size, dtype, a, n, n, n);
    return 1;
}

static int triangular_solve(const jq_library_call *call, void *const *buffers, double *a, int64_t number) {
    const jq_dtype dtype = (jq_dtype)call->dtype;
    const int64_t n = call->parameters[JQ_MATRIX_ROWS], columns = call->parameters[JQ_MATRIX_COLUMNS];
    const int64_t flags = call->parameters[JQ_MATRIX_FLAGS];
    double *b = a + n * n;
    load(a, buffers[call->operands[0]], number * n * n, dtype, n, n, n, 1);
    if (!(flags & JQ_UNIT_DIAGONAL))
        for (int64_t i = 0; i < n; i++)
            if (a[i * n + i] == 0) return 0;
    for (int64_t first = 0; first < columns; first += JQ_SIDES_AT_ONCE) {
        const int64_t sides = least(JQ_SIDES_AT_ONCE, columns - first), at = number * n * columns + first;
        load(b, buffers[call->operands[1]], at, dtype, n, sides, columns, 1);
        cblas_dtrsm(CblasColMajor, CblasLeft, flags & JQ_LOWER ? CblasLower : CblasUpper,
                    flags & JQ_TRANSPOSED ? CblasTrans : CblasNoTrans, flags & JQ_UNIT_DIAGONAL ? CblasUnit : CblasNonUnit,
                    (int)n, (int)sides, 1, a, (int)n, b, (int)n);
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < sides; j++)
                put(buffers[call->results[0]], at + i * columns + j, dtype, b[j * n + i]);
    }
    return 1;
}

/* The rows of P A, and the sign of P, from the exchanges that LAPACK gives (counted from 1). */
static double permute(const int *pivots, int64_t *order, int64_t n) {
    double sign = 1;
    for (int64_t i = 0; i < n; i++) order[i] = i;
    for (int64_t i = 0; i < n; i++) {
        const int64_t other = pivots[i] - 1, kept = order[i];
        if (other == i) continue;
        order[i] = order[other], order[other] = kept;
        sign = -sign;
    }
    return sign;
}

static int lu(const jq_library_call *call, void *const *buffers, double *a, int64_t number) {
    const jq_dtype dtype = (jq_dtype)call->dtype;
    const int n = (int)call->parameters[JQ_MATRIX_ROWS];
    const int64_t size = (int64_t)n * n;
    int *pivots = (int *)(a + size), info = 0;
    load(a, buffers[call->operands[0]], number * size, dtype, n, n, n, 1);
    if (all_finite(a, size)) {
        dgetrf_(&n, &n, a, &n, pivots, &info); /* info > 0: a pivot is 0, which the factors show */
    } else {
        for (int64_t i = 0; i < size; i++) a[i] = NAN;
        for (int i = 0; i < n; i++) pivots[i] = i + 1;
    }
    const double sign = permute(pivots, (int64_t *)buffers[call->results[1]] + number * n, n);
    store(buffers[call->results[0]], number * size, dtype, a, n, n, n);
    put(buffers[call->results[2]], number, dtype, sign);
    return 1;
}

static int qr(const jq_library_call *call, void *const *buffers, double *a, int64_t number) {
    const jq_dtype dtype = (jq_dtype)call->dtype;
    const int m = (int)call->parameters[JQ_MATRIX_ROWS], n = (int)call->parameters[JQ_MATRIX_COLUMNS];
    const int k = m < n ? m : n, work_size = (int)workspace(JQ_QR, m, n);
    const int64_t at_q = number * m * k, at_r = number * k * n;
    double *r = a + (int64_t)m * n, *tau = r + (int64_t)k * n, *work = tau + k;
    void *q_out = buffers[call->results[0]], *r_out = buffers[call->results[1]];
    int info = 0;
    load(a, buffers[call->operands[0]], number * m * n, dtype, m, n, n, 1);
    if (!all_finite(a, (int64_t)m * n)) {
        fill(q_out, at_q, dtype, NAN, (int64_t)m * k), fill(r_out, at_r, dtype, NAN, (int64_t)k * n);
        return 1;
    }
    dgeqrf_(&m, &n, a, &m, tau, work, &work_size, &info);
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < k; i++) r[j * k + i] = i <= j ? a[j * m + i] : 0;
    dorgqr_(&m, &k, &k, a, &m, tau, work, &work_size, &info);
    for (int64_t i = 0; i < k; i++) {
        if (!(r[i * k + i] < 0)) continue;
        negate(a + i * m, m, 1), negate(r + i * k + i, n - i, k);
    }
    store(q_out, at_q, dtype, a, m, k, m), store(r_out, at_r, dtype, r, k, n, k);
    return 1;
}

static int eigh(const jq_library_call *call, void *const *buffers, double *a, int64_t number) {
    const jq_dtype dtype = (jq_dtype)call->dtype;
    const int n = (int)call->parameters[JQ_MATRIX_ROWS], work_size = (int)workspace(JQ_EIGH, n, n);
    const int64_t size = (int64_t)n * n;
    double *values = a + size;
    void *values_out = buffers[call->results[0]], *vectors_out = buffers[call->results[1]];
    int info = 0;
    load(a, buffers[call->operands[0]], number * size, dtype, n, n, n, 1);
    symmetrize(a, n);
    if (!all_finite(a, size)) {
        fill(values_out, number * n, dtype, NAN, n), fill(vectors_out, number * size, dtype, NAN, size);
        return 1;
    }
    dsyev_("V", "L", &n, a, &n, values, values + n, &work_size, &info, 1, 1);
    if (info != 0) return 0;
    for (int64_t j = 0; j < n; j++)
        if (leads_negative(a + j * n, n)) negate(a + j * n, n, 1);
    store(values_out, number * n, dtype, values, 1, n, 1), store(vectors_out, number * size, dtype, a, n, n, n);
    return 1;
}

static int svd(const jq_library_call *call, void *const *buffers, double *a, int64_t number) {
    const jq_dtype dtype = (jq_dtype)call->dtype;
    const int m = (int)call->parameters[JQ_MATRIX_ROWS], n = (int)call->parameters[JQ_MATRIX_COLUMNS];
    const int k = m < n ? m : n, work_size = (int)workspace(JQ_SVD, m, n);
    const int64_t at_u = number * m * k, at_v = number * k * n;
    double *s = a + (int64_t)m * n, *u = s + k, *v = u + (int64_t)m * k, *work = v + (int64_t)k * n;
    void *u_out = buffers[call->results[0]], *s_out = buffers[call->results[1]], *v_out = buffers[call->results[2]];
    int info = 0;
    load(a, buffers[call->operands[0]], number * m * n, dtype, m, n, n, 1);
    if (!all_finite(a, (int64_t)m * n)) {
        fill(u_out, at_u, dtype, NAN, (int64_t)m * k), fill(s_out, number * k, dtype, NAN, k);
        fill(v_out, at_v, dtype, NAN, (int64_t)k * n);
        return 1;
    }
    dgesvd_("S", "S", &m, &n, a, &m, s, u, &m, v, &k, work, &work_size, &info, 1, 1);
    if (info != 0) return 0;
    for (int64_t j = 0; j < k; j++)
        if (leads_negative(u + j * m, m)) negate(u + j * m, m, 1), negate(v + j, n, k);
    store(u_out, at_u, dtype, u, m, k, m), store(s_out, number * k, dtype, s, 1, k, 1);
    store(v_out, at_v, dtype, v, k, n, k);
    return 1;
}

static int64_t each_matrix(const jq_library_call *call, void *const *buffers, unsigned char *scratch, int64_t item,
                           matrix_worker work) {
    const int64_t step = matrices_of_item(call->parameters);
    const int64_t end = least((item + 1) * step, call->parameters[JQ_MATRIX_COUNT]);
    for (int64_t number = item * step; number < end; number++)
        if (!work(call, buffers, (double *)scratch, number)) return number;
    return JQ_ITEM_DONE;
}

#define JQ_MATRICES(name) \
    static int64_t name##_matrices(const jq_library_call *call, void *const *buffers, unsigned char *scratch, int64_t item) { \
        return each_matrix(call, buffers, scratch, item, name); \
    }

JQ_MATRICES(cholesky)
JQ_MATRICES(triangular_solve)
JQ_MATRICES(lu)
JQ_MATRICES(qr)
JQ_MATRICES(eigh)
JQ_MATRICES(svd)

jq_library_function jq_matrix_function(jq_library_code code, jq_dtype dtype) {
    static const jq_library_function functions[JQ_LIBRARY_COUNT] = {
        [JQ_CHOLESKY] = cholesky_matrices, [JQ_TRIANGULAR_SOLVE] = triangular_solve_matrices, [JQ_LU] = lu_matrices,
        [JQ_QR] = qr_matrices, [JQ_EIGH] = eigh_matrices, [JQ_SVD] = svd_matrices,
    };
    return dtype == JQ_F32 || dtype == JQ_F64 ? functions[code] : NULL;
}
