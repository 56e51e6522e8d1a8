/*
 * level - what the rule or the settings give (by the state of the number: Decided 7), as lowered by
 * caps.c and guard_level(). Private to core/policy.
 */
#ifndef STIRD_CORE_LEVEL_H
#define STIRD_CORE_LEVEL_H

#include "decision.h"

decision_step step_level;
/* Lowers what is to be signed by the rates that are exceeded (by_rate.h). It comes behind all that
   refuses a call: who calls too often must not get further by it. */
decision_step step_rate;

/* The setting by which T treats a number of STATE, for the outcome's rule. */
struct str level_rule_of_state(const struct trunk *t, enum number_state state, struct arena *arena);
/* The reason of a call that is signed. */
enum reason level_reason(const struct decision *d);

#endif
