/* The tile functions for x86-64-v3: AVX2 and FMA. */
#if defined(__x86_64__)
#include "isa_begin.h"
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"), min_vector_width(256))), apply_to = function)
#else
#pragma GCC target("arch=x86-64-v3")
#endif
#define JQ_FUNCTIONS jq_functions_v3
#include "isa_body.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
