/* supervisor_trunks - what trunks have in progress, as the workers tell it. */
#ifndef STIRD_SUPERVISOR_TRUNKS_H
#define STIRD_SUPERVISOR_TRUNKS_H

#include "loop.h"

void supervisor_take_trunks(struct supervisor *s, unsigned w, const struct trunk_calls *news);

#endif
