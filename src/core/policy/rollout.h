/*
 * rollout - signing that is brought in step by step: which calls are decided and have their tokens
 * made, and leave as if nobody signed. Private to core/policy.
 *
 * A calling number has a place between 0 and 100 that is the same on every node, after every
 * restart and in every version; those below the percentage are signed. So a higher percentage only
 * adds numbers.
 */
#ifndef STIRD_CORE_ROLLOUT_H
#define STIRD_CORE_ROLLOUT_H

#include "decision.h"

/* Sets what is withheld of the call, if it is to be signed; settles nothing. */
decision_step step_rollout;
/* Says so of one that is. */
decision_step step_withheld;

#endif
