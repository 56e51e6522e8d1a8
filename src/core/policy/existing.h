/*
 * existing - a shaken Identity that a call brought stays, or goes and leaves the call unsigned.
 * Private to core/policy.
 */
#ifndef STIRD_CORE_EXISTING_H
#define STIRD_CORE_EXISTING_H

#include "decision.h"

decision_step step_existing;

/* Identity headers that the settings take off go even if the call was settled before that step. */
void existing_take_off(struct decision *d);

#endif
