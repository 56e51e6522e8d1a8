/* supervisor_alarms - what an operator has to know, looked at once a second. */
#ifndef STIRD_SUPERVISOR_ALARMS_H
#define STIRD_SUPERVISOR_ALARMS_H

#include "loop.h"

/* So that the answer of who asks is no second old. */
void supervisor_look_for_alarms(struct supervisor *s, int64_t now_ms);
const struct alarms *supervisor_alarms(const struct supervisor *s);

#endif
