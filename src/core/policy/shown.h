/*
 * shown - where the next hop does not see the number that was decided about: block, rule and level
 * again for the number that it sees. Private to core/policy.
 */
#ifndef STIRD_CORE_SHOWN_H
#define STIRD_CORE_SHOWN_H

#include "decision.h"

decision_step step_shown;
/* Only the block of numbers. */
decision_step step_shown_blocked;

#endif
