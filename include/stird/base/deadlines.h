/*
 * deadlines - tells which of many deadlines comes first, by a heap. Pure: knows no clock.
 *
 * A deadline is a part of what waits (container_of.h) and stays where it is.
 */
#ifndef STIRD_DEADLINES_H
#define STIRD_DEADLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct deadline {
    int64_t at_ms;
    size_t place; /* in the heap */
};

struct deadlines {
    struct deadline **list; /* a heap: the earliest stands first */
    size_t n, room;
};

#define DEADLINES_INIT ((struct deadlines){0})

void deadlines_fini(struct deadlines *d);
/* False when there is no memory: then it was not added. */
bool deadlines_add(struct deadlines *d, struct deadline *one);
void deadlines_remove(struct deadlines *d, struct deadline *one);
/* The earliest; NULL when there is none. */
struct deadline *deadlines_first(const struct deadlines *d);
/* The earliest if its time has come, else NULL. */
struct deadline *deadlines_over(const struct deadlines *d, int64_t now_ms);

#endif
