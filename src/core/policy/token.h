/*
 * token - what the token says besides its numbers: Date and iat, origid, level. Private to
 * core/policy.
 */
#ifndef STIRD_CORE_TOKEN_H
#define STIRD_CORE_TOKEN_H

#include "decision.h"

decision_step step_claims;

#endif
