/*
 * block - a number that never originates calls is refused, signed or not. Private to core/policy.
 */
#ifndef STIRD_CORE_BLOCK_H
#define STIRD_CORE_BLOCK_H

#include "decision.h"

decision_step step_blocked;

#endif
