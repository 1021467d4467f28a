/* Waiting for a word of memory to change: a short spin, then sleep in the kernel. */
#ifndef JQ_WAITING_H
#define JQ_WAITING_H

#include <stdatomic.h>
#include <stdint.h>

/* A word to wait for, and how many threads sleep on it; on a cache line of its own. */
typedef struct jq_word {
    _Alignas(64) _Atomic uint32_t value;
    _Atomic uint32_t sleepers;
} jq_word;

/* How long a thread spins in one kind of wait. */
typedef struct jq_patience {
    int64_t spin, limit; /* nanoseconds */
    uint32_t failures;
    int slept; /* in the last wait */
} jq_patience;

enum { JQ_LEAST_SPIN = 2000, JQ_LARGEST_SPIN = 40000, JQ_FAILURES_A_TRIAL = 16 };

/* Returns the value once it is not `old`. What was written before the change is seen. */
uint32_t jq_wait_while(jq_word *word, uint32_t old, jq_patience *patience);

/* Wakes the sleepers, after a change of the value. */
void jq_wake(jq_word *word);

#endif
