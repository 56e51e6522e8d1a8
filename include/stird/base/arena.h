/*
 * arena - memory that is freed all at once: what one call needs, or one set of settings.
 *
 * An allocation cannot be freed alone; arena_free() frees all. Not shared between threads.
 */
#ifndef STIRD_ARENA_H
#define STIRD_ARENA_H

#include <stddef.h>
#include <stird/base/str.h>

struct arena;

/* FIRST_BYTES is the size of the first chunk; NULL when there is no memory. */
struct arena *arena_new(size_t first_bytes);
void arena_free(struct arena *a);
/* What it has taken of the heap. NULL: 0. */
size_t arena_bytes(const struct arena *a);

/* What an allocation of BYTES takes of its chunk. */
size_t arena_rounded(size_t bytes);
/* Zeroed, aligned for anything; NULL when there is no memory. */
void *arena_alloc(struct arena *a, size_t bytes);
/* Room for COUNT elements of BYTES each, checked for overflow. */
void *arena_array(struct arena *a, size_t count, size_t bytes);
/* A copy, with a NUL behind it; {NULL, 0} when there is no memory. */
struct str arena_copy(struct arena *a, struct str s);
/* The N parts, one behind the other, with a NUL behind them; {NULL, 0} when there is no memory. */
struct str arena_join(struct arena *a, const struct str *parts, unsigned n);
/* printf into the arena; {NULL, 0} when there is no memory. */
struct str arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
