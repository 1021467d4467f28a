/* Included by each isa_*.c before isa_body.h: which instruction set the functions that follow are for.
 * JQ_TARGET is the name of the set for the compiler; undefined for the baseline. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "runtime.h"

#if defined(__clang__)
#pragma clang fp contract(off)
#pragma clang diagnostic ignored "-Wpsabi"       /* vectors are passed between inlined functions only */
#pragma clang diagnostic ignored "-Wpass-failed" /* a loop may stay scalar on a narrow machine or at -O0 */
#define JQ_VECTORISE _Pragma("clang loop vectorize(assume_safety)")
#else
#pragma GCC diagnostic ignored "-Wpsabi"
#pragma GCC optimize("O3", "fp-contract=off", "no-math-errno", "no-trapping-math")
#define JQ_VECTORISE _Pragma("GCC ivdep")
#endif
