/* Waiting with an adaptive spin. Under load a spinning thread takes the processor from the very thread it waits for (the
 * kernel wakes that one on the waker's processor, and moves it only when one becomes idle), so a spin that was in vain
 * makes the next one shorter, down to what a sleep costs anyway. */
#include "waiting.h"

#include <limits.h>
#include <time.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

static void sleep_while(_Atomic uint32_t *value, uint32_t old) {
#if defined(__linux__)
    syscall(SYS_futex, value, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
#else
    (void)value, (void)old;
    nanosleep(&(struct timespec){0, 50000}, NULL);
#endif
}

static void wake_all(_Atomic uint32_t *value) {
#if defined(__linux__)
    syscall(SYS_futex, value, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
#else
    (void)value;
#endif
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

/* Looks at the value `times` times. */
static int changes(const jq_word *word, uint32_t old, int times) {
    for (int i = 0; i < times; i++) {
        if (atomic_load_explicit(&word->value, memory_order_acquire) != old) return 1;
        relax();
    }
    return 0;
}

/* Now and then a thread whose spins have failed tries a long one, to notice that the others have processors again. */
static int64_t spin_of(jq_patience *patience) {
    const int tries = patience->spin == JQ_LEAST_SPIN && ++patience->failures % JQ_FAILURES_A_TRIAL == 0;
    return tries ? patience->limit : patience->spin;
}

static void adapt(jq_patience *patience, int spin_was_enough, int64_t waited) {
    int64_t spin = spin_was_enough ? 2 * (patience->spin > waited ? patience->spin : waited) : patience->spin / 4;
    if (spin > patience->limit) spin = patience->limit;
    patience->spin = spin > JQ_LEAST_SPIN ? spin : JQ_LEAST_SPIN;
}

uint32_t jq_wait_while(jq_word *word, uint32_t old, jq_patience *patience) {
    patience->slept = 0;
    if (!changes(word, old, 16)) {
        const int64_t start = now(), spin = spin_of(patience);
        int64_t waited = 0;
        int changed = 0;
        while (!changed && waited < spin) changed = changes(word, old, 16), waited = now() - start;
        if (!changed) {
            atomic_fetch_add(&word->sleepers, 1);
            while (atomic_load(&word->value) == old) sleep_while(&word->value, old);
            atomic_fetch_sub(&word->sleepers, 1);
        }
        patience->slept = !changed;
        adapt(patience, changed, waited);
    }
    return atomic_load_explicit(&word->value, memory_order_acquire);
}

void jq_wake(jq_word *word) {
    if (atomic_load(&word->sleepers) != 0) wake_all(&word->value);
}
