/* supervisor_overlay - urgent changes of numbers: the journal, and who has them. */
#ifndef STIRD_SUPERVISOR_OVERLAY_H
#define STIRD_SUPERVISOR_OVERLAY_H

#include "loop.h"

#include <stird/io/overlay.h>

bool supervisor_open_overlay(struct supervisor *s, struct problems *problems);
struct overlay *supervisor_overlay(const struct supervisor *s); /* the journal */
int supervisor_overlay_fd(const struct supervisor *s); /* the table of those in force; -1: none */
uint64_t supervisor_overlay_generation(const struct supervisor *s);
/* Before a worker's snapshot: no call may be decided without. 0 or -errno. */
int supervisor_send_overlay(struct supervisor *s, unsigned w);
/* FD, a table of urgent changes or -1, is what workers have from now on. */
void supervisor_overlay_use(struct supervisor *s, int fd);
/* A change could not be written. */
void supervisor_overlay_lost(struct supervisor *s);
/* Whether every worker has what was used as GENERATION; those that start begin with it. */
bool supervisor_overlay_in_use(const struct supervisor *s, uint64_t generation);
/* How many workers run and do not have it. */
unsigned supervisor_overlay_without(const struct supervisor *s, uint64_t generation);

/* The answers of worker W: it begins, it says that it has them (false: it was not asked, and lies),
   its loop turns; whether they are overdue. */
void supervisor_overlay_owes_nothing(struct supervisor *s, unsigned w);
bool supervisor_overlay_taken(struct supervisor *s, unsigned w, uint64_t generation,
                              int64_t now_ms);
void supervisor_overlay_beat(struct supervisor *s, unsigned w);
bool supervisor_overlay_is_overdue(const struct supervisor *s, unsigned w, int64_t now_ms);

#endif
