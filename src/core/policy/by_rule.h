/*
 * by_rule - what the first rule of the configuration whose conditions are met does to a call: it
 * refuses it, or is kept for the level. Private to core/policy.
 */
#ifndef STIRD_CORE_BY_RULE_H
#define STIRD_CORE_BY_RULE_H

#include "decision.h"

decision_step step_rule;

#endif
