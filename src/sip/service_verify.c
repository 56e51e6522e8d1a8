/*
 * The service of a trunk whose calls come from outside: what their Identity is worth is judged
 * beside them (verification.h), recorded, and told the next hop where the profile says so
 * (marks.h). No call is refused or lost for it: what cannot be judged in time is open.
 */
#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/core/call_priority.h>
#include <stird/core/privacy.h>
#include <stird/core/switches.h>
#include <stird/core/verified.h>

#include "context.h"
#include "forward.h"
#include "monitored.h"
#include "service.h"
#include "switched.h"
#include "tally.h"
#include "verifying.h"

static enum step_result step_targets(struct context *c)
{
    return target_of_trunk(c, c->call->trunk) ? STEP_NEXT : step_refuse(c, REASON_OUT_OF_MEMORY);
}

static void nobody_waits(struct wait *w)
{
    verifying_leave(container_of(w, struct context, wait)->verifying);
}

static const struct wait_kind for_certificates = {
    .name = "certificates", .cancel = nobody_waits, .is_dispensable = true};

static void they_are_there(struct context *c)
{
    wait_wake(&c->wait, WAIT_ANSWERED);
}

/* How long the call may still wait, by its profile, counted from its arrival; not at all when
   nobody will be there to hear the answer. */
static uint32_t left_ms(const struct context *c)
{
    const struct settings *s = c->snapshot->settings;
    const int64_t wait_ms = s->verifications[c->call->trunk->verification].wait_ms;
    const int64_t left = c->arrived_us / 1000 + wait_ms - proxy_now_ms();
    if (c->says_emergency != EMERGENCY_NONE || left <= 0 || proxy_is_draining(c->proxy) ||
        yielding_is_on(c->proxy))
        return 0;
    return (uint32_t)(left < wait_ms ? left : wait_ms);
}

/* By an operator: it is not judged, and waits for nothing. */
static bool is_switched_off(const struct context *c)
{
    const struct switches *on = proxy_switches(c->proxy);
    return switches_any(on) && switches_for(on, SWITCH_VERIFICATION, c->call->trunk->name);
}

/* Other calls go on while it waits; when the time is over it goes on with what there is. */
static enum step_result step_certificates(struct context *c)
{
    const enum wait_end waited = wait_ended(&c->wait, &for_certificates);
    const uint32_t left = left_ms(c);
    if (!c->verifying)
        c->verifying = verifying_new(c);
    if (!c->verifying || waited == WAIT_TOO_LATE || is_switched_off(c))
        return STEP_NEXT;
    if (verifying_ask(c->verifying, they_are_there, left) == 0 &&
        (left == 0 || !verifying_renews(c->verifying) ||
         verifying_ask(c->verifying, they_are_there, left) == 0)) {
        verifying_leave(c->verifying);
        return STEP_NEXT;
    }
    wait_begin(&c->wait, &for_certificates, proxy_now_ms() + left);
    return STEP_WAIT;
}

static void count(const struct context *c, const struct verified *v)
{
    struct proxy_counters *all = proxy_counters(c->proxy);
    TALLY(c, verified_by_class[v->class], 1);
    if (v->level)
        TALLY(c, verified_by_level[v->level - 'A'], 1);
    if (v->elsewhere.n > 0)
        TALLY(c, verified_elsewhere, 1);
    count_add(&all->certificate_cache[v->cache], 1);
    histogram_add(&all->verifying_us, (uint64_t)v->verify_us);
    if (v->wait_us > 0)
        histogram_add(&all->certificate_wait_us, (uint64_t)v->wait_us);
}

/* Judges the call once. */
static void judge(struct context *c)
{
    struct outcome *o = c->outcome;
    o->emergency = c->says_emergency != EMERGENCY_NONE;
    if (!c->verifying)
        c->verifying = verifying_new(c); /* of a rehearsal */
    if (is_switched_off(c)) {
        verifying_leave_open(c->verifying, c, REASON_VERIFICATION_OFF);
        switched_tell(c, REASON_VERIFICATION_OFF);
    } else {
        verifying_judge(c->verifying, c);
    }
    verifying_free(c->verifying);
    c->verifying = NULL;
    if (o->verified && !proxy_rehearsal(c->proxy))
        count(c, o->verified);
}

/* The judgement is the same for all next hops; but Identity is taken out for one that must not see
   whose call it is. */
static enum step_result step_judge(struct context *c)
{
    enum privacy_view view = forward_next_view(c);
    struct leaving *leaving = &c->leaving[view];
    if (!c->outcome->verified)
        judge(c);
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

enum { TARGETS, CERTIFICATES, JUDGE, MONITORED, SEND, STEPS };

static const struct step steps[STEPS] = {
    [TARGETS] = {"targets", step_targets}, [CERTIFICATES] = {"certificates", step_certificates},
    [JUDGE] = {"judge", step_judge},       [MONITORED] = {"monitored", monitored_step},
    [SEND] = {"send", step_send},
};

const struct service service_verify = {.way = {steps, STEPS, JUDGE}, .decide = step_judge};
