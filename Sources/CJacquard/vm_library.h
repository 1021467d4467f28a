/* What the files of library calls share. */
#ifndef JQ_VM_LIBRARY_H
#define JQ_VM_LIBRARY_H

#include "jacquard_vm.h"

/* Places in the parameters of functions that work along one axis of dense arrays: elements before, along and after it. */
enum { JQ_ROWS_BEFORE, JQ_ROWS_LENGTH, JQ_ROWS_AFTER, JQ_ROWS_REVERSED, JQ_ROWS_EXCLUSIVE };

/* Most lines that are walked along together. */
enum { JQ_LINES_AT_ONCE = 64 };

/* Neighbouring lines along the axis: element t of line c lies at base + t * stride + c. */
typedef struct jq_lines {
    int64_t length, stride, base, width;
    int64_t next, end; /* lines of the item that are still to come */
    int reversed, exclusive;
} jq_lines;

/* The lines of an item, and the next of them: 0 when there are no more. */
jq_lines jq_first_lines(const int64_t *parameters, int64_t item);
int jq_next_lines(jq_lines *lines);

/* The place of step t of line 0. */
static inline int64_t jq_step(const jq_lines *l, int64_t t) {
    return l->base + (l->reversed ? l->length - 1 - t : t) * l->stride;
}

typedef struct jq_sort_entry {
    uint64_t key;
    int64_t position;
} jq_sort_entry;

int64_t jq_sort_rows(const jq_library_call *call, void *const *buffers, unsigned char *scratch, int64_t item);

/* NULL where it is not defined. */
jq_library_function jq_cumulative(jq_library_code code, jq_dtype dtype);

/* Places in the parameters of functions of matrices: how many there are, their rows and columns, and JQ_LOWER and so on. A
 * triangular system has `rows` equations and `columns` right-hand sides. */
enum { JQ_MATRIX_COUNT, JQ_MATRIX_ROWS, JQ_MATRIX_COLUMNS, JQ_MATRIX_FLAGS };
enum { JQ_LOWER = 1, JQ_TRANSPOSED = 2, JQ_UNIT_DIAGONAL = 4 };

int64_t jq_matrix_items(const int64_t *parameters);
int64_t jq_matrix_scratch(jq_library_code code, const int64_t *parameters);
/* NULL where it is not defined. */
jq_library_function jq_matrix_function(jq_library_code code, jq_dtype dtype);

#endif
