/*
 * by_rule - what the first rule of the configuration whose conditions are met does to a call: it
 * refuses it, or is kept for the level. Private to core/policy.
 */
#ifndef STIRD_CORE_BY_RULE_H
#define STIRD_CORE_BY_RULE_H

#include "decision.h"
#include "rule.h"

decision_step step_rule;

/* What the facts borrow beside the decision. */
struct rule_room {
    struct tn_reach other_reach;
    struct beside beside;
};
/* What rules look at of D's call; ROOM has to stay as long as FACTS are asked. */
void by_rule_facts(struct decision *d, struct rule_room *room, struct rule_facts *facts);
/* The rule that holds, or NULL; D's trace tells of each. */
const struct rule *by_rule_find(struct decision *d, const struct rule_facts *facts);

#endif
