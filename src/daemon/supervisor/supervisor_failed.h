/* supervisor_failed - the last calls that failed. */
#ifndef STIRD_SUPERVISOR_FAILED_H
#define STIRD_SUPERVISOR_FAILED_H

#include "loop.h"

void supervisor_take_failed(struct supervisor *s, const struct failed_call *news);

#endif
