/* What the files of the tile machine share. */
#ifndef JQ_VM_INTERNAL_H
#define JQ_VM_INTERNAL_H

#include "jacquard_vm.h"

enum { JQ_MAXIMUM_NEST_RANK = 48 }; /* loops of a nest: twice the most axes of a tensor, and what cutting them adds */

/* One step of a program while it runs. */
typedef struct jq_run_state {
    const jq_program *program;
    jq_failure *failure;
    int failure_lock;
    int64_t failed; /* when the first kernel known to have failed ran; read without the lock */
    int64_t started;
} jq_run_state;

/* One thread at one kernel. */
typedef struct jq_worker {
    jq_run_state *run;
    jq_team *team;
    int thread, threads;
    void *const *buffers; /* of the program that the kernel belongs to */
    int32_t program;
    int32_t kernel, nest; /* the kernel of the outermost program */
    /* The number of the kernel in the order in which a single thread would run them all: the same for every thread. */
    int64_t time;
    int64_t *counter;
    unsigned char *scratch;
    jq_recorder *recorder; /* or NULL */
    const unsigned char *accumulator; /* the product's tile, for an epilogue */
    int64_t accumulator_row;          /* elements between its rows */
    int64_t block;                    /* of a section */
} jq_worker;

/* A block of a nest's space: outer points o ..< o + rows, inner points i ..< i + chunk. */
typedef struct jq_block {
    int64_t o, rows, i, chunk;
} jq_block;

/* Pointer to the elements of an access over a block, side by side in the order of registers: memory itself if they lie
 * so, else `into`, filled. */
const void *jq_load(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, const jq_access *access,
                    int depth, const jq_block *block, void *const *registers, void *into);

/* The memory itself if the elements of an affine access over a block lie side by side, else NULL. */
void *jq_in_memory(const jq_worker *w, const jq_nest *nest, const jq_access *access, int depth, const jq_block *block);

/* Writes elements to where an access says. */
void jq_store_block(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, const jq_access *access, int depth,
                    const jq_block *block, void *const *registers, const void *from);

/* Values of an expression at the points of a block. */
void jq_evaluate(const jq_nest *nest, const jq_stage *stage, const jq_expression *expression, int depth,
                 const jq_block *block, void *const *registers, int64_t *out);

/* Positions in a buffer (in elements) of a general access at the points of a block; -1 where a guard fails. */
void jq_positions(const jq_worker *w, const jq_nest *nest, const jq_stage *stage, const jq_access *access, int depth,
                  const jq_block *block, void *const *registers, int64_t *out);

/* Elements of a block at a depth. */
static inline int64_t jq_points(int depth, const jq_block *block) {
    return depth == JQ_DEPTH_NEST ? 1 : depth == JQ_DEPTH_ROW ? block->rows : block->rows * block->chunk;
}

/* Fills `n` elements of `size` bytes. */
void jq_fill(void *to, int64_t bits, int size, int64_t n);

/* Keeps a failure, unless one that comes earlier in the program is known: `found` has node, position and what is wrong there. */
void jq_report(const jq_worker *w, jq_failure found);

/* Most points of a tile of registers that are evaluated as positions at once. */
enum { JQ_LARGEST_TILE = 2048 };

static inline int jq_is_native(const jq_nest *nest) { return nest->native && *nest->native; }

/* Sets the registers that do not vary within a nest. */
void jq_begin_nest(const jq_worker *w, const jq_nest *nest, void **registers);

/* Runs outer points o ..< o + rows of a nest, inner points from ..< to. */
void jq_run_rows(const jq_worker *w, const jq_nest *nest, void **registers, int64_t o, int64_t rows, int64_t from,
                 int64_t to);

/* The same for a nest whose first stage reduces, in parts: the rows of a block, given to reductions as rows `first` and on; each part
 * of them from left to right; and what follows when they are whole. */
void jq_begin_rows(const jq_worker *w, const jq_nest *nest, int64_t rows);
void jq_add_rows(const jq_worker *w, const jq_nest *nest, void **registers, int64_t o, int64_t rows, int64_t from, int64_t to,
                 int64_t first);
void jq_finish_rows(const jq_worker *w, const jq_nest *nest, void **registers, int64_t o, int64_t rows);

/* Each gives the number of tiles that this thread did. */
int64_t jq_run_nests(const jq_worker *w, const jq_kernel *kernel, int thread, int threads);
int64_t jq_run_contraction(const jq_worker *w, const jq_contraction *contraction, int64_t *counter);
/* The outer loops' part `block` of `blocks` equal ones. */
int64_t jq_run_nests_block(const jq_worker *w, const jq_kernel *kernel, int64_t block, int64_t blocks);
int64_t jq_run_contraction_block(const jq_worker *w, const jq_contraction *contraction, int64_t block, int64_t blocks);
int64_t jq_run_scatter(const jq_worker *w, const jq_scatter *scatter, int thread, int threads);
int64_t jq_run_library(const jq_worker *w, const jq_library_call *call, int64_t *counter);
int64_t jq_run_control(jq_worker *w, const jq_control *control);

/* Runs kernel `number` of the worker's program, unless an earlier one is known to have failed. */
int64_t jq_run_kernel(jq_worker *w, const jq_kernel *kernel, int32_t number);

/* Waits for the other threads, before kernel `number` of the worker's program or, if that is -1, within a control kernel. */
void jq_meet(const jq_worker *w, int32_t number);

/* Runs the section that a kernel begins, likewise. The event of each of its kernels is the sum over the blocks that this thread did, one
 * kernel behind the other. */
void jq_run_section(jq_worker *w, const jq_kernel *kernels);

/* Nanoseconds since the step began, where events are recorded. */
int64_t jq_time(const jq_worker *w);

/* Whether a kernel up to now has failed. The same for all threads if they met since. */
static inline int jq_has_failed(const jq_worker *w) {
    return __atomic_load_n(&w->run->failed, __ATOMIC_ACQUIRE) <= w->time;
}

#define JQ_MAXIMUM_REGISTERS 4096

#endif
