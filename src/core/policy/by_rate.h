/*
 * by_rate - the rules that ask for a rate: how many calls the number or the customer had of late,
 * and how they ended. They decide nothing, they only lower what the others give, so their order
 * does not matter. Private to core/policy.
 */
#ifndef STIRD_CORE_BY_RATE_H
#define STIRD_CORE_BY_RATE_H

#include "decision.h"
#include "rule.h"

/* Notes which of them count this call, and how far those lower it that are above their rate. */
void by_rate(struct decision *d, const struct rule_facts *facts);

#endif
