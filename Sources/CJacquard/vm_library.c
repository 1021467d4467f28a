/* Library calls of the tile machine: functions of whole rows and matrices that loops cannot express. The work falls into items by the
 * shape alone, each done by one thread from beginning to end: the same bytes for any number of threads. */
#include "vm.h"
#include "vm_library.h"

int64_t jq_run_library(const jq_worker *w, const jq_library_call *call, int64_t *counter) {
    int64_t done = 0, item;
    for (; (item = jq_next_item(counter)) < call->items; done++) {
        const int64_t bad = call->function(call, w->buffers, w->scratch, item);
        if (bad == JQ_ITEM_DONE) continue;
        jq_report(w, (jq_failure){.node = call->node, .position = bad, .index = bad, .reason = call->reason});
    }
    return done;
}

/* Lines that one item takes: neighbours share cache lines where the axis is not the last one. */
static int64_t lines_of_item(const int64_t *p) {
    const int64_t few = p[JQ_ROWS_AFTER] > 1 ? JQ_LINES_AT_ONCE : 1, many = 4096 / p[JQ_ROWS_LENGTH];
    return many > few ? many : few;
}

int64_t jq_library_items(jq_library_code code, const int64_t *p) {
    if (code >= JQ_CHOLESKY) return jq_matrix_items(p);
    const int64_t lines = p[JQ_ROWS_BEFORE] * p[JQ_ROWS_AFTER], step = lines_of_item(p);
    return (lines + step - 1) / step;
}

jq_lines jq_first_lines(const int64_t *p, int64_t item) {
    const int64_t step = lines_of_item(p), lines = p[JQ_ROWS_BEFORE] * p[JQ_ROWS_AFTER];
    const int64_t end = (item + 1) * step;
    jq_lines l = {.length = p[JQ_ROWS_LENGTH], .stride = p[JQ_ROWS_AFTER], .next = item * step};
    l.end = end < lines ? end : lines;
    l.reversed = p[JQ_ROWS_REVERSED] != 0, l.exclusive = p[JQ_ROWS_EXCLUSIVE] != 0;
    return l;
}

int jq_next_lines(jq_lines *l) {
    if (l->next >= l->end) return 0;
    const int64_t block = l->next / l->stride, column = l->next % l->stride;
    int64_t width = l->stride - column;
    if (width > l->end - l->next) width = l->end - l->next;
    if (width > JQ_LINES_AT_ONCE) width = JQ_LINES_AT_ONCE;
    l->base = block * l->length * l->stride + column;
    l->width = width, l->next += width;
    return 1;
}

int64_t jq_library_scratch(jq_library_code code, const int64_t *p) {
    if (code >= JQ_CHOLESKY) return jq_matrix_scratch(code, p);
    return code == JQ_SORT ? 2 * (int64_t)sizeof(jq_sort_entry) * p[JQ_ROWS_LENGTH] : 0;
}

jq_library_function jq_library(jq_library_code code, jq_dtype dtype) {
    if (code >= JQ_CHOLESKY) return jq_matrix_function(code, dtype);
    return code == JQ_SORT ? jq_sort_rows : jq_cumulative(code, dtype);
}
