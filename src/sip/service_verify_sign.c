/*
 * The service of a trunk whose calls are on their way to others: what their Identity is worth is
 * judged (judging.h); a valid token stays, and a call without one is signed by what the policy
 * makes of that verdict (existing.h), as by service_sign.c.
 */
#include "front.h"
#include "judging.h"
#include "service.h"
#include "signing.h"

/* The verdict is the same for all next hops; the decision is for what one of them sees. */
static enum step_result step_decide(struct context *c)
{
    return judging_judge(c) == STEP_NEXT ? signing_decide(c) : STEP_DONE;
}

enum { TARGETS, CERTIFICATES, DECIDE, SIGN, SEND, STEPS };

static const struct step steps[STEPS] = {
    [TARGETS] = {"targets", front_targets}, [CERTIFICATES] = {"certificates", judging_certificates},
    [DECIDE] = {"decide", step_decide},     [SIGN] = {"sign", signing_make_tokens},
    [SEND] = {"send", front_leave},
};

const struct service service_verify_sign = {.way = {steps, STEPS, DECIDE}, .decide = step_decide};
