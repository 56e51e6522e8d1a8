/*
 * front - by which way the SBC of a trunk asks, and so what becomes of its calls in the end: they
 * leave by upstreams, or an answer says what is to be done. What is made of them in between is the
 * service's (service.h). A row for each enum trunk_front.
 */
#ifndef STIRD_SIP_FRONT_H
#define STIRD_SIP_FRONT_H

#include "steps.h"

/* Where the call may go: before the decision, which asks what the next hop will see. */
enum step_result front_targets(struct context *c);
/* The last step of each service. */
enum step_result front_leave(struct context *c);

#endif
