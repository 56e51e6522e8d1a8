/*
 * signing - what the services that sign have in common: a decision for each view that next hops
 * have of a call, and the tokens that it asks for.
 * One INVITE gets one signature (Decided 10): copies end in their transaction, before any step.
 */
#ifndef STIRD_SIP_SIGNING_H
#define STIRD_SIP_SIGNING_H

#include <stdint.h>

#include "steps.h"

/* Decides the call for what the next hop sees of it (policy.h), once for each view. */
enum step_result signing_decide(struct context *c);
/* Has its tokens made, where some are wanted; STEP_WAIT while the signer has not answered. */
enum step_result signing_make_tokens(struct context *c);

/*
 * When to stop waiting for a signature. Unsigned within signing.timeout of the arrival is a
 * promise: it is early, for timers are rounded up to a tick and the loop may be busy. A short
 * timeout keeps half of its time.
 */
int64_t signing_deadline_ms(int64_t now_ms, uint32_t timeout_ms);

#endif
