/*
 * problems - faults of setup: a list, each with file, line and what to do about it.
 *
 * Everything that reads configuration, tables or certificates adds to one list and goes on as far
 * as it can, so that an operator sees all mistakes at once. A list that is not empty means: do not
 * start; on a reload keep the old state.
 */
#ifndef STIRD_PROBLEMS_H
#define STIRD_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

struct problem {
    char *file;    /* never NULL; "" when no file is to blame */
    unsigned line; /* 0: the file as a whole */
    char *text;
    bool may_pass; /* it may pass by itself, so another try is worth it */
    bool last;     /* it is about all the others, and is printed after them */
};

struct problems {
    struct problem *list;
    size_t n, capacity;
    size_t n_passing;   /* how many of these may pass by themselves */
    bool out_of_memory; /* there was no memory to keep one, which counts as a problem too */
};

#define PROBLEMS_INIT ((struct problems){0})

void problems_fini(struct problems *p);
bool problems_any(const struct problems *p);
void problems_add(struct problems *p, struct str file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Says that the problem added last is about all the others: it is printed after them. */
void problems_stands_last(struct problems *p);
/*
 * Says that the problem added last was caused by this errno, which tells whether another try is
 * worth it: lack of memory, a full disk or an address that is not there yet may pass; a missing
 * right does not.
 */
void problems_may_pass(struct problems *p, int error);
/* Whether one of them would not pass by itself, so that another try would fail as well. */
bool problems_stay(const struct problems *p);
/* Moves all of FROM behind those of TO. */
void problems_move(struct problems *to, struct problems *from);
/*
 * Sorts by file and line; equal ones stay in the order in which they were found, and those about
 * all the others come last. A list of thousands stays as it is.
 */
void problems_sort(struct problems *p);
/* "file:line: text\n" each, sorted so. */
void problems_print(struct problems *p, struct buf *out);

#endif
