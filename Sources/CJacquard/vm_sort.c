/* Sorting of rows: each element becomes a whole number that is ordered as the elements are; a stable merge sort of pairs of
 * number and position follows. */
#include <string.h>

#include "vm_library.h"

/* Of a float's bits: NaN is largest, both zeros are one. `sign` is the highest bit, `infinity` the bits of infinity. */
static uint64_t float_key(uint64_t bits, uint64_t sign, uint64_t infinity) {
    const uint64_t magnitude = bits & (sign - 1);
    if (magnitude > infinity) return UINT64_MAX;
    return (bits & sign) != 0 ? sign - magnitude : sign + magnitude;
}

static uint64_t signed_key(int64_t value) { return (uint64_t)value ^ (uint64_t)1 << 63; }

static uint64_t key_of(const void *x, int64_t at, jq_dtype dtype) {
    const uint64_t one = 1;
    switch (dtype) {
    case JQ_F32: return float_key(((const uint32_t *)x)[at], one << 31, 0x7F800000u);
    case JQ_F64: return float_key(((const uint64_t *)x)[at], one << 63, 0x7FF0000000000000u);
    case JQ_F16: return float_key(((const uint16_t *)x)[at], one << 15, 0x7C00);
    case JQ_BF16: return float_key(((const uint16_t *)x)[at], one << 15, 0x7F80);
    case JQ_I8: return signed_key(((const int8_t *)x)[at]);
    case JQ_I16: return signed_key(((const int16_t *)x)[at]);
    case JQ_I32: return signed_key(((const int32_t *)x)[at]);
    case JQ_I64: return signed_key(((const int64_t *)x)[at]);
    case JQ_U16: return ((const uint16_t *)x)[at];
    case JQ_U32: return ((const uint32_t *)x)[at];
    case JQ_U64: return ((const uint64_t *)x)[at];
    default: return ((const uint8_t *)x)[at];
    }
}

enum { JQ_SHORT_RUN = 16 };

static void sort_short(jq_sort_entry *e, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        const jq_sort_entry entry = e[i];
        int64_t k = i;
        for (; k > 0 && entry.key < e[k - 1].key; k--) e[k] = e[k - 1];
        e[k] = entry;
    }
}

static void merge(const jq_sort_entry *from, int64_t middle, int64_t n, jq_sort_entry *to) {
    int64_t a = 0, b = middle;
    for (int64_t k = 0; k < n; k++) to[k] = b < n && (a == middle || from[b].key < from[a].key) ? from[b++] : from[a++];
}

/* Gives the one of the two arrays that holds the entries in order. */
static const jq_sort_entry *sorted(jq_sort_entry *e, jq_sort_entry *other, int64_t n) {
    for (int64_t i = 0; i < n; i += JQ_SHORT_RUN) sort_short(e + i, n - i < JQ_SHORT_RUN ? n - i : JQ_SHORT_RUN);
    for (int64_t width = JQ_SHORT_RUN; width < n; width *= 2) {
        for (int64_t i = 0; i < n; i += 2 * width) {
            const int64_t rest = n - i;
            merge(e + i, rest < width ? rest : width, rest < 2 * width ? rest : 2 * width, other + i);
        }
        jq_sort_entry *swap = e;
        e = other, other = swap;
    }
    return e;
}

int64_t jq_sort_rows(const jq_library_call *call, void *const *buffers, unsigned char *scratch, int64_t item) {
    const jq_dtype dtype = (jq_dtype)call->dtype;
    const size_t size = (size_t)jq_element_size(dtype);
    const unsigned char *x = buffers[call->operands[0]];
    unsigned char *values = buffers[call->results[0]];
    int64_t *positions = buffers[call->results[1]];
    jq_lines lines = jq_first_lines(call->parameters, item);
    const int64_t n = lines.length;
    jq_sort_entry *entries = (jq_sort_entry *)scratch;
    while (jq_next_lines(&lines)) {
        for (int64_t c = 0; c < lines.width; c++) {
            const int64_t base = lines.base + c;
            for (int64_t t = 0; t < n; t++) {
                const uint64_t key = key_of(x, base + t * lines.stride, dtype);
                entries[t] = (jq_sort_entry){lines.reversed ? ~key : key, t};
            }
            const jq_sort_entry *order = sorted(entries, entries + n, n);
            for (int64_t t = 0; t < n; t++) {
                const int64_t to = base + t * lines.stride, from = base + order[t].position * lines.stride;
                memcpy(values + (size_t)to * size, x + (size_t)from * size, size);
                positions[to] = order[t].position;
            }
        }
    }
    return JQ_ITEM_DONE;
}
