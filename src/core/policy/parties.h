/*
 * parties - the calling and the called number, and what the table says of the calling one. Private
 * to core/policy.
 */
#ifndef STIRD_CORE_PARTIES_H
#define STIRD_CORE_PARTIES_H

#include "decision.h"

/* Both numbers are found, and the calling one is looked up. */
decision_step step_parties;
/* The ways of a call without a calling number, and without a called one. */
decision_step step_caller, step_called;

/* The number of From, as this trunk's country reads it; what else it may lead to is noted. */
enum tn_fault parties_from(struct decision *d, struct tn *orig);
/* What the table says of the claims' orig. */
void parties_look_up(struct decision *d);
/* Whether the tables block NUMBER, which the call may mean; nothing else that they say of it counts
   for the call. */
bool parties_number_is_blocked(const struct decision *d, const struct tn *number);
/* What URI may lead to where it is no telephone number; never signed. False: nothing. */
bool parties_guess(struct decision *d, struct tn_reach *reach, struct str uri);

#endif
