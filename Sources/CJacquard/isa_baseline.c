/* The tile functions for any machine. */
#include "isa_begin.h"
#if defined(__x86_64__) && !defined(__FMA__)
#define JQV_SOFT_FMA
#define JQ_BLOCK_ROWS 3 /* 16 registers of 4 elements */
#define JQ_BLOCK_VECTORS 1
#endif
#define JQ_FUNCTIONS jq_functions_baseline
#include "isa_body.h"
