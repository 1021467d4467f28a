/* Choice of the instruction set, and the tables that depend on it. */
#include <stdatomic.h>
#include <stddef.h>

#include "runtime.h"

static _Atomic int level_in_use = -1;

static jq_isa_level best_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return JQ_ISA_V4;
    if (__builtin_cpu_supports("x86-64-v3")) return JQ_ISA_V3;
#endif
    return JQ_ISA_BASELINE;
}

jq_isa_level jq_isa(void) {
    int level = atomic_load_explicit(&level_in_use, memory_order_relaxed);
    if (level >= 0) return (jq_isa_level)level;
    jq_isa_limit(JQ_ISA_V4);
    return (jq_isa_level)atomic_load_explicit(&level_in_use, memory_order_relaxed);
}

void jq_isa_limit(jq_isa_level level) {
    const jq_isa_level best = best_level();
    atomic_store_explicit(&level_in_use, (int)(level < best ? level : best), memory_order_relaxed);
}

const jq_functions *jq_functions_in_use(void) {
#if defined(__x86_64__)
    switch (jq_isa()) {
    case JQ_ISA_V4: return &jq_functions_v4;
    case JQ_ISA_V3: return &jq_functions_v3;
    case JQ_ISA_BASELINE: break;
    }
#endif
    return &jq_functions_baseline;
}

static int is_dtype(jq_dtype dtype) { return (unsigned)dtype < JQ_DTYPE_COUNT; }

long jq_element_size(jq_dtype dtype) {
    static const long sizes[JQ_DTYPE_COUNT] = {4, 8, 4, 8, 1, 1, 1, 2, 2, 4, 2, 2, 8};
    return is_dtype(dtype) ? sizes[dtype] : 0;
}

jq_tile_function jq_tile(jq_operation operation, jq_dtype dtype) {
    if ((unsigned)operation >= JQ_OPERATION_COUNT || !is_dtype(dtype)) return NULL;
    return jq_functions_in_use()->tiles[operation][dtype];
}

jq_tile_function jq_cast(jq_dtype from, jq_dtype to) {
    return is_dtype(from) && is_dtype(to) ? jq_functions_in_use()->casts[from][to] : NULL;
}

const jq_reducer *jq_reduce(jq_combiner combiner, jq_dtype dtype) {
    if ((unsigned)combiner >= JQ_COMBINER_COUNT || !is_dtype(dtype)) return NULL;
    return jq_functions_in_use()->reducers[combiner][dtype];
}
