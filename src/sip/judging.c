#include "judging.h"

#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/core/service_word.h>
#include <stird/core/switches.h>
#include <stird/core/verified.h>
#include <stird/sip/rehearsal.h>

#include "context.h"
#include "monitored.h"
#include "refusing.h"
#include "ruled.h"
#include "switched.h"
#include "tally.h"
#include "verifying.h"

static void nobody_waits(struct wait *w)
{
    verifying_leave(container_of(w, struct context, wait)->verifying);
}

static const struct wait_kind for_certificates = {
    .name = "certificates", .cancel = nobody_waits, .is_dispensable = true};

/* What is signed next is asked of the signer where that is sent at the end of the turn: several
   that have waited for one certificate go together. */
static void they_are_there(struct context *c)
{
    if (service_words[c->call->trunk->service].signs)
        wait_wake_soon(&c->wait, WAIT_ANSWERED, proxy_now_ms());
    else
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
enum step_result judging_certificates(struct context *c)
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
    if (v->replayed)
        TALLY(c, verified_replayed, 1);
    count_add(&all->certificate_cache[v->cache], 1);
    histogram_add(&all->verifying_us, (uint64_t)v->verify_us);
    if (v->wait_us > 0)
        histogram_add(&all->certificate_wait_us, (uint64_t)v->wait_us);
}

/* By what somebody has judged it before (shadow.h); what was made of that is of another
   configuration. */
static void take_over(struct context *c, const struct verified *v)
{
    struct verified *judged = arena_alloc(c->arena, sizeof(*judged));
    if (!judged)
        return;
    *judged = *v;
    judged->shown = (struct verified_shown){.is_lowered = false};
    judged->own_number = false;
    judged->answered = ANSWERED_NOTHING;
    judged->answer_status = 0;
    c->outcome->verdict = VERDICT_PASS;
    c->outcome->sip_status = 0;
    c->outcome->reason = v->reason;
    c->outcome->verified = judged;
    c->outcome->claims.orig = v->orig;
}

static void judge(struct context *c)
{
    struct outcome *o = c->outcome;
    if (!c->verifying)
        c->verifying = verifying_new(c); /* of a rehearsal */
    if (is_switched_off(c)) {
        verifying_leave_open(c->verifying, c, REASON_VERIFICATION_OFF);
        switched_tell(c, REASON_VERIFICATION_OFF);
    } else {
        verifying_judge(c->verifying, c);
    }
    if (o->verified && !proxy_rehearsal(c->proxy))
        count(c, o->verified);
}

enum step_result judging_judge(struct context *c)
{
    const struct rehearsal *r = proxy_rehearsal(c->proxy);
    if (c->call->verified)
        return STEP_NEXT;
    c->outcome->emergency = c->says_emergency != EMERGENCY_NONE;
    if (r && r->verified)
        take_over(c, r->verified);
    else
        judge(c);
    c->call->verified = c->outcome->verified;
    enum step_result result = monitored_take(c);
    if (result == STEP_NEXT)
        result = ruled_by_verdict(c);
    if (result == STEP_NEXT)
        result = refusing_decide(c, c->verifying);
    verifying_free(c->verifying);
    c->verifying = NULL;
    return result;
}
