/* The headers that emitted units begin with, as text. */
#include "include/jacquard_runtime.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#if !defined(__has_embed)
#error "a compiler that knows #embed is needed: clang 19 or later"
#endif

static const char text[] = {
#embed "include/jacquard_native.h"
    ,
#embed "vector.h"
    ,
#embed "vecmath_exp.h"
    ,
#embed "vecmath_log.h"
    ,
#embed "vecmath_pow.h"
    ,
#embed "vecmath_trig.h"
    ,
#embed "native.h"
    , 0};

const char *jq_native_text(void) { return text; }
