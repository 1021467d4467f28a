/* The tile machine: runs a plan's kernels on tiles that stay in the cache.
 *
 * A register is a tile: some hundred elements. An instruction is one tile function on registers; a load whose
 * elements lie side by side is no copy but a pointer into memory. The caller (the Swift runtime) owns all that these
 * structures point to, and gives only what the plan verifier has proved: every affine access in bounds, every
 * register typed. Nothing here allocates. */
#ifndef JACQUARD_VM_H
#define JACQUARD_VM_H

#include "jacquard_native.h"
#include "jacquard_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JQ_MAXIMUM_AXES 32

/* ---- Index expressions: constant + sum of coefficient * atom ---- */

typedef enum jq_atom { JQ_ATOM_AXIS, JQ_ATOM_FLOOR_DIVISION, JQ_ATOM_REMAINDER, JQ_ATOM_VALUE } jq_atom;

typedef struct jq_term {
    int32_t atom;
    int32_t argument; /* axis; number of an expression; register */
    int64_t coefficient;
    int64_t divisor;
} jq_term;

typedef struct jq_expression {
    int64_t constant;
    const jq_term *terms;
    int32_t count;
} jq_expression;

/* ---- Accesses ---- */

typedef enum jq_bound { JQ_BOUND_PROVED, JQ_BOUND_GUARD, JQ_BOUND_CHECK } jq_bound;

/* One index of an access that is more than affine. */
typedef struct jq_index {
    int32_t expression;
    int32_t bound;
    int64_t extent, stride;
} jq_index;

/* Where an operand lies at each point of the space (outer axes, then inner axes). */
typedef struct jq_access {
    int32_t buffer;
    int32_t size;          /* bytes of an element */
    const int64_t *strides; /* one an axis, in elements; of an affine access */
    int64_t offset;        /* in elements */
    uint8_t outer_dense;   /* over the outer axes the elements lie side by side, in order */
    uint8_t inner_dense;   /* over the inner axes */
    uint8_t all_dense;     /* over outer and inner axes together, in the order of the register */
    const jq_index *indices; /* of an access that is not affine, else NULL */
    int32_t index_count;
    int32_t node;          /* to name when a run-time index is out of range */
    int64_t fill;          /* bits of the value where a guard fails */
    uint8_t is_split;      /* the indices give the position of a row, the strides lead along the inner axes */
} jq_access;

/* ---- Instructions ---- */

typedef enum jq_instruction_kind {
    JQ_DO_LOAD, JQ_DO_FILL, JQ_DO_INDEX, JQ_DO_CALL, JQ_DO_EXPAND, JQ_DO_LOCAL, JQ_DO_ACCUMULATOR,
    JQ_DO_UNIFORM, JQ_DO_NORMAL, JQ_DO_FOLD
} jq_instruction_kind;

/* How a register varies: not at all, with the outer space, with the inner space too. */
typedef enum jq_depth { JQ_DEPTH_NEST, JQ_DEPTH_ROW, JQ_DEPTH_POINT } jq_depth;

typedef struct jq_instruction {
    int32_t kind, depth;
    int32_t result;           /* register */
    int32_t a, b, c;          /* registers */
    int32_t dtype;            /* of the result */
    int32_t number;           /* access, expression, or local array */
    int32_t buffer;           /* of a random key */
    jq_tile_function function;
    int64_t constant;         /* bits */
} jq_instruction;

typedef struct jq_store {
    int32_t access, value, depth;
    /* The value may be computed straight into memory: the instruction that makes it, or -1. */
    int32_t direct;
} jq_store;

typedef struct jq_reduction {
    const jq_reducer *reducer;
    int32_t value;            /* register, of any depth */
    int32_t result, position; /* row registers; position -1 if there is none */
    int32_t state;            /* number of the accumulator */
    int32_t size;             /* bytes of an element of the value */
} jq_reduction;

typedef struct jq_local_store {
    int32_t local, value, size;
} jq_local_store;

typedef struct jq_stage {
    uint8_t has_inner;
    const jq_instruction *instructions;
    int32_t instruction_count;
    const jq_store *stores;
    int32_t store_count;
    const jq_reduction *reductions;
    int32_t reduction_count;
    const jq_local_store *local_stores;
    int32_t local_store_count;
    const jq_access *accesses;
    const jq_expression *expressions;
} jq_stage;

typedef struct jq_nest {
    const int64_t *outer, *inner; /* extents */
    int32_t outer_rank, inner_rank;
    int64_t outer_count, inner_count;
    uint8_t columns;   /* sequential order: registers hold inner-major tiles */
    int64_t rows;      /* outer points a tile */
    int64_t chunk;     /* inner points a tile */
    int64_t unit_cost;
    const jq_stage *stages;
    int32_t stage_count;
    int32_t register_count;
    const int64_t *register_offsets; /* bytes into a thread's scratch */
    const int64_t *local_offsets;
    const int64_t *state_offsets;
    const jq_native_function *native; /* where the emitted function that does it all stands, if there is one; or NULL */
    const int32_t *operands;   /* of `native` */
} jq_nest;

/* A matrix product; its epilogue is a nest over (batch..., m) outside and (n) inside: a stage at each element, and if that reduces
 * rows another one at each row. */
typedef struct jq_contraction {
    jq_product product; /* m, n, k, leading dimensions, transposition, type; pointers are set for each tile */
    int32_t a, b;       /* buffers */
    int64_t a_offset, b_offset;
    int32_t batch_rank;
    const int64_t *batch, *a_batch, *b_batch; /* extents and strides */
    int64_t batch_count;
    /* Terms of k that do not lie evenly in an operand: the product is repeated over these axes, and added up in order. */
    int32_t term_rank;
    const int64_t *terms, *a_terms, *b_terms; /* extents and strides */
    int64_t term_count;
    const jq_window *window, *left; /* B or A as windows, else NULL */
    int64_t b_count;                /* elements of B's buffer, or of its slice */
    uint8_t b_is_slice;             /* B's buffer lies in slices, one a block of its section */
    int64_t a_row, b_column; /* strides along m and n, in elements */
    int64_t rows, columns;   /* of a tile */
    uint8_t by_rows;         /* the epilogue reduces rows: all tiles of a row are done together, from left to right */
    int32_t direct;          /* the product is stored as it is: the access, else -1 */
    int64_t packing_offset;  /* of the operands' copies in scratch */
    int64_t winograd_offset; /* of a convolution's kernels and squares, or -1: the windows are multiplied as they are */
    int64_t scratch_offset;  /* of the tile */
    jq_nest epilogue;
} jq_contraction;

/* Adds to (or combines with) elements of a buffer at run-time positions. The body is a nest of one stage whose inner
 * space is the last axis of the updates. */
typedef struct jq_scatter {
    int32_t base, target;
    int64_t bytes;
    int64_t columns; /* extent of the target's last axis if it is the last axis of the updates, else 0 */
    int32_t size;
    jq_tile_function combine; /* NULL: the value replaces the element */
    const jq_access *access;  /* of the target */
    int32_t value;
    jq_nest body;
} jq_scatter;

/* ---- Library calls: functions on whole buffers ---- */

typedef enum jq_library_code {
    JQ_SORT, JQ_CUMULATIVE_SUM, JQ_CUMULATIVE_PRODUCT, JQ_CUMULATIVE_MAXIMUM, JQ_CUMULATIVE_MINIMUM,
    JQ_LINEAR_RECURRENCE,
    JQ_CHOLESKY, JQ_TRIANGULAR_SOLVE, JQ_LU, JQ_QR, JQ_EIGH, JQ_SVD, /* functions of matrices: from JQ_CHOLESKY on */
    JQ_LIBRARY_COUNT
} jq_library_code;

/* Why a step failed. */
typedef enum jq_reason {
    JQ_INDEX_OUT_OF_RANGE, JQ_NOT_POSITIVE_DEFINITE, JQ_SINGULAR, JQ_NOT_CONVERGED
} jq_reason;

typedef struct jq_library_call jq_library_call;

/* Does one item of the work, with a thread's scratch. Gives the number of the first matrix of the item for which there is no
 * result, else JQ_ITEM_DONE. */
typedef int64_t (*jq_library_function)(const jq_library_call *call, void *const *buffers, unsigned char *scratch,
                                       int64_t item);
#define JQ_ITEM_DONE (-1)

struct jq_library_call {
    jq_library_function function;
    const int32_t *operands, *results; /* buffers */
    const int64_t *parameters;
    int32_t dtype; /* of the first operand */
    int64_t items;
    int32_t node;   /* to name in a failure */
    int32_t reason; /* of a failure */
};

/* NULL where the function is not defined for the type. */
jq_library_function jq_library(jq_library_code code, jq_dtype dtype);
/* Items that a call falls into, by its parameters alone, and the bytes of scratch that one needs. */
int64_t jq_library_items(jq_library_code code, const int64_t *parameters);
int64_t jq_library_scratch(jq_library_code code, const int64_t *parameters);

/* ---- Control flow: kernels that repeat or choose among nested programs ---- */

/* Where a buffer of a nested program lies: a constant, or part of a buffer of the program around it. */
typedef struct jq_place {
    const void *constant; /* or NULL */
    int32_t buffer;       /* -1: nowhere */
    int64_t offset, step; /* bytes; by how much it moves from trip to trip */
} jq_place;

typedef struct jq_nested {
    const struct jq_kernel *kernels;
    int32_t kernel_count;
    int32_t number;        /* to name in a failure */
    const jq_place *places; /* one a buffer */
    int32_t place_count;
    const int32_t *moving; /* buffers whose place has a step */
    int32_t moving_count;
    int64_t table_offset;  /* of a thread's table of addresses, in its scratch */
    int64_t *counters;     /* two sets of one a kernel: for even and odd trips */
} jq_nested;

/* What a carried buffer holds before the first trip. */
typedef struct jq_start {
    int32_t from, to;
    int64_t bytes;
} jq_start;

typedef enum jq_control_kind { JQ_CONTROL_COND, JQ_CONTROL_WHILE, JQ_CONTROL_SCAN } jq_control_kind;

typedef struct jq_control {
    int32_t kind;
    int32_t predicate;      /* buffer of one bool; -1: none */
    int64_t trips;          /* most of them */
    const jq_start *starts;
    int32_t start_count;
    uint8_t alone;          /* trips are too short for threads to meet in: one thread does it all */
    const jq_nested *nested; /* one for a scan, else two */
    int32_t nested_count;
    int64_t scratch_offset; /* where the scratch of nested kernels begins */
} jq_control;

typedef enum jq_kernel_kind {
    JQ_KERNEL_NESTS, JQ_KERNEL_CONTRACTION, JQ_KERNEL_SCATTER, JQ_KERNEL_LIBRARY, JQ_KERNEL_CONTROL
} jq_kernel_kind;

/* A buffer of which a thread has the slice of its block only. */
typedef struct jq_local {
    int32_t buffer;
    int64_t offset, slice; /* bytes: into a thread's scratch; of a slice */
} jq_local;

/* Kernels that a thread runs one after another on a block of their outer loops before it takes another block. */
typedef struct jq_section {
    int32_t kernel_count;
    int64_t blocks;
    const jq_local *locals;
    int32_t local_count;
    int32_t buffer_count; /* of the program */
    int64_t table_offset; /* of a thread's own table of addresses, in its scratch */
} jq_section;

typedef struct jq_kernel {
    int32_t kind;
    uint8_t barrier; /* threads meet before it */
    const jq_section *section; /* that it begins, or NULL */
    uint8_t is_inside; /* of a section that an earlier kernel begins */
    const jq_nest *nests;
    int32_t nest_count;
    int64_t blocks; /* that all nests fall into, in order, and that threads are dealt; 0: each nest is dealt by itself */
    const jq_contraction *contraction;
    const jq_scatter *scatter;
    const jq_library_call *library;
    const jq_control *control;
} jq_kernel;

/* The first thing that went wrong, in the order of the program. */
typedef struct jq_failure {
    int32_t kernel;       /* of the outermost program */
    int32_t program;      /* 0: the outermost one; else a nested program's number */
    int32_t nest, node;
    int64_t position; /* element of the index operand, in row-major order of the kernel's space; a matrix's number */
    int64_t index, extent;
    int32_t reason;
} jq_failure;

/* What a thread does, from event to event; together they fill its step. A kernel of a nested program lies within that of the
 * control kernel around it, as do waits there. */
typedef enum jq_event_kind {
    JQ_EVENT_KERNEL,
    JQ_EVENT_BARRIER, /* waits for the other threads, before or within a kernel */
    JQ_EVENT_BEGIN,   /* from the call to the thread's first kernel */
    JQ_EVENT_END      /* from its last kernel until all threads are done */
} jq_event_kind;

typedef struct jq_event {
    int64_t start, end; /* nanoseconds from the start of the step */
    int64_t tiles;      /* that a kernel had this thread do */
    int32_t program, kernel; /* 0 and its kernel; or a nested program's number and its kernel (of a wait: -1 between trips) */
    int32_t outermost;  /* the kernel of the outermost program */
    int32_t kind;
} jq_event;

/* Where one thread writes the events of a step, if they are wanted. Those of nested programs are left out and counted where they
 * would take the places that the outermost program needs: two a kernel, and two. */
typedef struct jq_recorder {
    jq_event *events;
    int64_t capacity;
    int64_t count, lost;
    int64_t last;      /* when its last event ended: the next one begins there, so that the clock is read once an event */
    int64_t apart[11]; /* from the next one's: threads write these all the time */
} jq_recorder;

typedef struct jq_program {
    const jq_kernel *kernels;
    int32_t kernel_count;
    void *const *buffers;      /* base address of each */
    unsigned char *scratch;    /* `threads` times `scratch_bytes` */
    int64_t scratch_bytes;
    int64_t *counters;         /* one a kernel, set to 0 before a step */
    jq_recorder *recorders;    /* one a thread, or NULL */
} jq_program;

/* Runs all kernels once on up to `threads` threads; gives the number that ran. `failure->kernel` is -1 if all went well. */
int jq_program_run(const jq_program *program, int threads, jq_failure *failure);

#ifdef __cplusplus
}
#endif

#endif
