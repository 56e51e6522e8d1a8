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

/*
 * A process that makes and frees an arena for each call may have the memory kept for the next one:
 * at most MOST bytes, of chunks up to 16 KiB. To the heap they are of an odd kind, too large for
 * its own lists: each makes it put all free memory in order. For a process with one thread, once,
 * at its start; 0 frees what is kept, and keeps no more.
 */
void arena_keep_memory(size_t most);
size_t arena_bytes_kept(void); /* now, by no arena */

/* FIRST_BYTES is the size of the first chunk; NULL when there is no memory. */
struct arena *arena_new(size_t first_bytes);
void arena_free(struct arena *a);
/* What it has taken of the heap, or of what was kept. NULL: 0. */
size_t arena_bytes(const struct arena *a);

/* What an allocation of BYTES takes of its chunk. */
size_t arena_rounded(size_t bytes);
/* Zeroed, aligned for anything; NULL when there is no memory. */
void *arena_alloc(struct arena *a, size_t bytes);
/* Room for COUNT elements of BYTES each, checked for overflow. */
void *arena_array(struct arena *a, size_t count, size_t bytes);
/* A copy, with a NUL behind it; {NULL, 0} when there is no memory. */
struct str arena_copy(struct arena *a, struct str s);
/* printf into the arena; {NULL, 0} when there is no memory. */
struct str arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
