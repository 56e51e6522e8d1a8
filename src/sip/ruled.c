#include "ruled.h"

#include <stird/base/log.h>
#include <stird/core/by_verdict.h>
#include <stird/core/masked.h>

#include "context.h"
#include "tally.h"

/* Somebody outside shows a number of ours; a line a minute tells of one such call. */
static void tell_own_number(const struct context *c)
{
    struct proxy *p = c->proxy;
    const struct verified *v = c->outcome->verified;
    if (proxy_rehearsal(p))
        return;
    count_add(&tally_trunk(c)->own_numbers_outside, 1);
    if (!proxy_says(p, LINE_OWN_NUMBER, &proxy_counters(p)->own_numbers_outside))
        return;
    const struct tn shown = masked_number(&v->orig, c->snapshot->settings->mask_numbers);
    log_warning("one of our own numbers calls from outside, and none of our codes has signed it: "
                "somebody may be using it",
                LOG_TEXT("call_id", c->call->call_id), LOG_TEXT("trunk", c->call->trunk->name),
                LOG_TEXT("number", tn_str(&shown)),
                LOG_TEXT("class", verification_class_name(v->class)), LOG_TEXT("spc", v->spc),
                LOG_NUMBER("calls", (int64_t)proxy_counters(p)->own_numbers_outside));
}

/* What was kept of the judgement, with what is told on of it. False: no memory. */
static bool keep_told(struct context *c, const struct by_verdict *ruling)
{
    struct verified *kept = arena_alloc(c->arena, sizeof(*kept));
    if (!kept)
        return false;
    *kept = *c->outcome->verified;
    kept->shown = ruling->told;
    kept->own_number = ruling->own_number;
    c->outcome->verified = c->call->verified = kept;
    return true;
}

static enum step_result refuse(struct context *c, const struct by_verdict *ruling)
{
    struct outcome *o = c->outcome;
    o->verdict = VERDICT_REJECT;
    o->reason = ruling->reason;
    o->sip_status = ruling->sip_status;
    o->refusal_text = ruling->refusal_text;
    return step_refuse(c, ruling->reason);
}

enum step_result ruled_by_verdict(struct context *c)
{
    struct by_verdict *ruling;
    c->call->verified = c->outcome->verified;
    c->call->overlay = proxy_overlay(c->proxy);
    if (!c->call->verified)
        return STEP_NEXT;
    ruling = arena_alloc(c->arena, sizeof(*ruling));
    if (!ruling)
        return step_refuse(c, REASON_OUT_OF_MEMORY);
    by_verdict(c->snapshot->settings, c->snapshot->numbers.table, c->call, c->outcome, ruling);
    c->call->ruled = ruling;
    if ((ruling->told.is_lowered || ruling->own_number) && !keep_told(c, ruling))
        return step_refuse(c, REASON_OUT_OF_MEMORY);
    c->outcome->rule = ruling->by;
    if (ruling->own_number)
        tell_own_number(c);
    if (ruling->refuses)
        return refuse(c, ruling);
    c->outcome->upstreams = ruling->upstreams;
    c->outcome->n_upstreams = ruling->n_upstreams;
    return target_redirect(c, ruling->upstreams, ruling->n_upstreams)
               ? STEP_NEXT
               : step_refuse(c, REASON_OUT_OF_MEMORY);
}
