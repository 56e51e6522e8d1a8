/*
 * judging - what the services that verify have in common: a call waits for the certificates that
 * its Identity names, and is judged once (verifying.h), whichever next hops are tried. No call is
 * refused or lost here: what cannot be judged in time is open.
 */
#ifndef STIRD_SIP_JUDGING_H
#define STIRD_SIP_JUDGING_H

#include "steps.h"

/* Asks for certificates that are missing; STEP_WAIT while they may still come in time. */
enum step_result judging_certificates(struct context *c);
/*
 * Judges C's call, unless that was done: C->call->verified, and until something else decides it
 * C->outcome passes the call for the verdict's reason. What is counted is counted here.
 */
void judging_judge(struct context *c);

#endif
