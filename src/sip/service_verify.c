/*
 * The service of a trunk whose calls come from outside: what their Identity is worth is judged
 * beside them (judging.h), recorded, and told the next hop where the profile says so (marks.h).
 * What cannot be judged in time is open; only what fails may be refused, or told the caller's side.
 */
#include <stird/core/privacy.h>

#include "context.h"
#include "forward.h"
#include "front.h"
#include "judging.h"
#include "service.h"

/* The judgement is the same for all next hops; but Identity is taken out for one that must not see
   whose call it is. */
static enum step_result step_judge(struct context *c)
{
    if (judging_judge(c) != STEP_NEXT)
        return STEP_DONE;
    enum privacy_view view = forward_next_view(c);
    struct leaving *leaving = &c->leaving[view];
    c->view = view;
    if (!leaving->outcome) {
        leaving->outcome = arena_alloc(c->arena, sizeof(*leaving->outcome));
        if (!leaving->outcome)
            return step_refuse(c, REASON_OUT_OF_MEMORY);
        *leaving->outcome = *c->outcome;
        leaving->outcome->strip_identity = view == PRIVACY_STRIPPED;
    }
    c->outcome = leaving->outcome;
    return STEP_NEXT;
}

enum { TARGETS, CERTIFICATES, JUDGE, SEND, STEPS };

static const struct step steps[STEPS] = {
    [TARGETS] = {"targets", front_targets},
    [CERTIFICATES] = {"certificates", judging_certificates},
    [JUDGE] = {"judge", step_judge},
    [SEND] = {"send", front_leave},
};

const struct service service_verify = {.way = {steps, STEPS, JUDGE}, .decide = step_judge};
