/*
 * progress - how far a command is that takes longer than a second: one line on standard error,
 * where that is a terminal, which is gone when the command has something to say.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* "reading the records" */
    uint64_t done, total;
    int64_t said_ms; /* when it was begun, then when it was last said */
    uint64_t seen;   /* DONE when the clock was last looked at */
    bool shown;
};

struct progress progress_begin(const char *what, uint64_t total);
/* Cheap: to be called for each piece of work, of N of the TOTAL. */
void progress_add(struct progress *p, uint64_t n);
void progress_end(struct progress *p);

#endif
