/* supervisor_refused - who was not heard, or not let through. */
#ifndef STIRD_SUPERVISOR_REFUSED_H
#define STIRD_SUPERVISOR_REFUSED_H

#include "loop.h"

void supervisor_take_refused(struct supervisor *s, const struct refused_source *news);

#endif
