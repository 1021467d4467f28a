/* The tile functions for x86-64-v4: AVX-512. */
#if defined(__x86_64__)
#include "isa_begin.h"
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#else
#pragma GCC target("arch=x86-64-v4")
#endif
#define JQ_FUNCTIONS jq_functions_v4
#define JQ_BLOCK_ROWS 8
#define JQ_BLOCK_VECTORS 2
#include "isa_body.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
