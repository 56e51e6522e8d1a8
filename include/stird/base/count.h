/*
 * count - a number that one process writes in memory that others read at the same time. Each access
 * is one plain load or store, so nobody sees half a number. Only one process may write a given
 * number.
 */
#ifndef STIRD_COUNT_H
#define STIRD_COUNT_H

#include <stdint.h>

_Static_assert(__atomic_always_lock_free(sizeof(uint64_t), 0), "a number is read whole");

static inline uint64_t count_now(const uint64_t *count)
{
    return __atomic_load_n(count, __ATOMIC_RELAXED);
}

static inline void count_set(uint64_t *count, uint64_t n)
{
    __atomic_store_n(count, n, __ATOMIC_RELAXED);
}

static inline void count_add(uint64_t *count, uint64_t n)
{
    count_set(count, count_now(count) + n);
}

/* For a level, which may also fall: N less. */
static inline void count_take(uint64_t *count, uint64_t n)
{
    count_set(count, count_now(count) - n);
}

#endif
