/*
 * agenda - what is to be done later, the first due first.
 */
#ifndef BENCH_AGENDA_H
#define BENCH_AGENDA_H

#include <stddef.h>
#include <stdint.h>

struct event {
    int64_t due_us;
    unsigned call;
    int what;
};

/* A binary heap; all zero, it is empty. */
struct agenda {
    struct event *list;
    size_t n, room;
};

/* Ends the program when there is no memory. */
void agenda_add(struct agenda *a, struct event event);
/* A is not empty: its first is A->list[0]. */
struct event agenda_take(struct agenda *a);

#endif
