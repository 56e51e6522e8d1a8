/*
 * The service of a trunk whose SBC has one way for all calls: those that bring an Identity to one
 * of our numbers are judged, the others are signed (service_choice.h).
 */
#include <stird/core/service_choice.h>

#include "context.h"
#include "front.h"
#include "judging.h"
#include "service.h"
#include "signing.h"

/* Once. False: no memory; then it is signed, at most as one whose origin is not known. */
static void choose(struct context *c)
{
    static const struct service_choice without_memory = {.in_doubt = true,
                                                         .why = "there is no memory to choose"};
    struct call *call = c->call;
    struct service_choice *choice = call->choice ? NULL : arena_alloc(c->arena, sizeof(*choice));
    call->overlay = proxy_overlay(c->proxy);
    if (choice)
        service_choose(choice, c->snapshot->settings, c->snapshot->numbers.table, call);
    if (!call->choice)
        call->choice = choice ? choice : &without_memory;
}

static enum step_result step_certificates(struct context *c)
{
    choose(c);
    return c->call->choice->is_judged ? judging_certificates(c) : STEP_NEXT;
}

static enum step_result step_decide(struct context *c)
{
    choose(c); /* of a rehearsal */
    if (c->call->choice->is_judged && judging_judge(c) != STEP_NEXT)
        return STEP_DONE;
    return signing_decide(c);
}

enum { TARGETS, CERTIFICATES, DECIDE, SIGN, SEND, STEPS };

static const struct step steps[STEPS] = {
    [TARGETS] = {"targets", front_targets}, [CERTIFICATES] = {"certificates", step_certificates},
    [DECIDE] = {"decide", step_decide},     [SIGN] = {"sign", signing_make_tokens},
    [SEND] = {"send", front_leave},
};

const struct service service_auto = {.way = {steps, STEPS, DECIDE}, .decide = step_decide};
