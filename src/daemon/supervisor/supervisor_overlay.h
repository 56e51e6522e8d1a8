/*
 * supervisor_overlay - urgent changes of numbers: their journal, and which workers have them. For
 * the files of this part: _overlay, _numbers.
 */
#ifndef STIRD_SUPERVISOR_OVERLAY_H
#define STIRD_SUPERVISOR_OVERLAY_H

#include "asker.h"

#include <stird/io/overlay.h>

struct overlay *supervisor_overlay(const struct supervisor *s); /* the journal */
int supervisor_overlay_fd(const struct supervisor *s); /* the table of those in force; -1: none */
uint64_t supervisor_overlay_generation(const struct supervisor *s);
/* FD, a table of urgent changes or -1, is what workers have from now on. */
void supervisor_overlay_use(struct supervisor *s, int fd);
/* A change could not be written. */
void supervisor_overlay_lost(struct supervisor *s);
/* Whether every worker has what was used as GENERATION; those that start begin with it. */
bool supervisor_overlay_in_use(const struct supervisor *s, uint64_t generation);
/* How many workers run and do not have it. */
unsigned supervisor_overlay_without(const struct supervisor *s, uint64_t generation);

/* supervisor_numbers.c: what stirctl may ask, and those who wait for it. */
extern const struct ask supervisor_numbers_asks[];
/* Tells those whose change every worker has. */
void supervisor_numbers_tell(struct supervisor *s);
/* Tells one who has waited for too long. */
void supervisor_numbers_late(struct supervisor *s, struct asker *a);

#endif
