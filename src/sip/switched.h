/*
 * switched - what an operator's switches (switches.h) make of requests: who gets no new calls, and
 * how that is told. Where none is on, each costs a branch.
 */
#ifndef STIRD_SIP_SWITCHED_H
#define STIRD_SIP_SWITCHED_H

#include <stdbool.h>
#include <stird/core/reason.h>

struct context;
struct proxy;
struct settings;
struct target;
struct trunk;

/* Whether new calls and OPTIONS get no answer at all; false where stird does not drain. */
bool switched_is_silent(const struct proxy *p, const struct settings *s);
/* Why no new calls are taken, of nobody; REASON_OK: they are. */
enum reason switched_drains(const struct proxy *p);
/* The same of TRUNK; all its upstreams may be disabled. */
enum reason switched_refuses(const struct proxy *p, const struct settings *s,
                             const struct trunk *trunk);
/* Whether the upstream of a next hop that was chosen before has been disabled since; of an
   emergency call it does not matter. */
bool switched_off_since(const struct context *c, const struct target *target);
/* What the operator wrote of the switch for which C is refused, or goes on unsigned or unverified,
   for REASON, and until when it is on: into the outcome's detail, where that says nothing else. */
void switched_tell(struct context *c, enum reason reason);

#endif
