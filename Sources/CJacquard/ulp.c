/* Measures the f32 functions against libm in double. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "runtime.h"

typedef double (*exact_function)(double);

static double exact_sigmoid(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }
static double exact_lgamma(double x) {
    int sign;
    return lgamma_r(x, &sign);
}
static double exact_rsqrt(double x) { return 1 / sqrt(x); }

static exact_function exact(jq_operation operation) {
    switch (operation) {
    case JQ_EXP: return exp;
    case JQ_EXPM1: return expm1;
    case JQ_LOG: return log;
    case JQ_LOG1P: return log1p;
    case JQ_TANH: return tanh;
    case JQ_SIGMOID: return exact_sigmoid;
    case JQ_ERF: return erf;
    case JQ_SIN: return sin;
    case JQ_COS: return cos;
    case JQ_TAN: return tan;
    case JQ_ASIN: return asin;
    case JQ_ACOS: return acos;
    case JQ_ATAN: return atan;
    case JQ_SINH: return sinh;
    case JQ_COSH: return cosh;
    case JQ_ASINH: return asinh;
    case JQ_ACOSH: return acosh;
    case JQ_ATANH: return atanh;
    case JQ_ERFC: return erfc;
    case JQ_LGAMMA: return exact_lgamma;
    case JQ_SQRT: return sqrt;
    case JQ_RSQRT: return exact_rsqrt;
    default: return NULL;
    }
}

/* |got - exact| in units of the last place that a float of the exact value has; 1e30 for a wrong NaN,
 * infinity or sign of zero. An infinity stands for 2^128, the float after the largest. */
static double ulp_error(float got, double exact_value) {
    const double wrong = 1e30;
    if (isnan(exact_value) || isnan(got)) return isnan(exact_value) && isnan(got) ? 0 : wrong;
    if (isinf(exact_value)) return (double)got == exact_value ? 0 : wrong;
    if (got == 0 && !signbit(got) != !signbit(exact_value)) return wrong;
    const double value = isinf(got) ? copysign(0x1p128, got) : (double)got;
    if (isinf(got) && isinf((float)exact_value)) return signbit(got) == signbit((float)exact_value) ? 0 : wrong;
    int exponent;
    frexp(exact_value, &exponent);
    if (exponent < -125) exponent = -125;
    if (exponent > 128) exponent = 128;
    return fabs(value - exact_value) / ldexp(1, exponent - 24);
}

int jq_ulp_scan(jq_operation operation, uint32_t start, uint32_t stride, float *worst_input, double *worst_ulp) {
    enum { BATCH = 1024 };
    const exact_function reference = exact(operation);
    const jq_tile_function function = jq_tile(operation, JQ_F32);
    float input[BATCH], output[BATCH];
    *worst_input = 0, *worst_ulp = -1;
    if (!reference || !function || stride == 0) return -1;
    for (uint64_t next = start; next <= UINT32_MAX;) {
        long n = 0;
        for (; n < BATCH && next <= UINT32_MAX; n++, next += stride) {
            const uint32_t bits = (uint32_t)next;
            memcpy(input + n, &bits, sizeof bits);
        }
        function(output, input, NULL, NULL, n);
        for (long i = 0; i < n; i++) {
            const double error = ulp_error(output[i], reference((double)input[i]));
            if (error > *worst_ulp) *worst_ulp = error, *worst_input = input[i];
        }
    }
    return 0;
}
