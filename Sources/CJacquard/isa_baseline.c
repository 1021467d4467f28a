/* The tile functions for any machine. */
#include "isa_begin.h"
#if defined(__x86_64__) && !defined(__FMA__)
#define JQV_SOFT_FMA
#endif
#define JQ_FUNCTIONS jq_functions_baseline
#include "isa_body.h"
