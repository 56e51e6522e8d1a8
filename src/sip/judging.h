/*
 * judging - what the services that verify have in common: a call waits for the certificates that
 * its Identity names, and is judged once (verifying.h), whichever next hops are tried. What cannot
 * be judged in time is open, and goes on.
 */
#ifndef STIRD_SIP_JUDGING_H
#define STIRD_SIP_JUDGING_H

#include "steps.h"

/* Asks for certificates that are missing; STEP_WAIT while they may still come in time. */
enum step_result judging_certificates(struct context *c);
/*
 * Judges C's call, unless that was done: C->call->verified, and until something else decides it
 * C->outcome passes the call for the verdict's reason. What is counted is counted here. Then a call
 * of our own that came back is taken (monitored.h), rules and the list of signers have their word
 * (ruled.h), and the profile (refusing.h): STEP_DONE where it was refused.
 */
enum step_result judging_judge(struct context *c);

#endif
