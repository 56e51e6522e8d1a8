/*
 * ruled - a call that was judged, as rules and the list of signers have it (by_verdict.h): lowered,
 * refused, or sent elsewhere.
 */
#ifndef STIRD_SIP_RULED_H
#define STIRD_SIP_RULED_H

#include "steps.h"

struct context;

/*
 * Once, behind the judgement, which is in C->outcome: sets C->call->verified and ruled, what is
 * told on, and C->targets where a rule names other upstreams. STEP_DONE: it was refused.
 */
enum step_result ruled_by_verdict(struct context *c);

#endif
