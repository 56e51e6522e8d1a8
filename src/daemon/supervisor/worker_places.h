/*
 * worker_places - the places of the workers, for the parts that have something of each of them.
 */
#ifndef STIRD_SUPERVISOR_WORKER_PLACES_H
#define STIRD_SUPERVISOR_WORKER_PLACES_H

#include "loop.h"

/* Set at the start; a reload does not change it. */
static inline unsigned worker_count(const struct supervisor *s)
{
    return s->started_with->workers;
}

static inline struct child *worker_at(const struct supervisor *s, unsigned w)
{
    return supervisor_places(s, ROLE_WORKER) + w;
}

#endif
