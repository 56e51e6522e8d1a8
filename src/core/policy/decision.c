#include "decision.h"

void decision_trace(struct decision *d, struct str sentence)
{
    struct outcome *o = d->outcome;
    /* One sentence for each rule, and twice as many for a call whose identity is withheld. */
    unsigned max = 2 * (TRACE_MAX + d->settings->n_rules);
    if (!d->call->traced || !sentence.p || o->n_trace == max)
        return;
    if (!o->trace)
        o->trace = arena_array(d->call->arena, max, sizeof(*o->trace));
    if (o->trace)
        o->trace[o->n_trace++] = sentence;
}

void decision_settle(struct decision *d, enum verdict verdict, enum reason reason)
{
    struct outcome *o = d->outcome;
    if (verdict == VERDICT_PASS && d->call->claims_dialog) {
        if (reason != REASON_UNKNOWN_DIALOG)
            decision_trace(d, reason_text(reason));
        reason = REASON_UNKNOWN_DIALOG;
    }
    d->is_settled = true;
    o->verdict = verdict;
    o->reason = reason;
    o->sip_status = verdict == VERDICT_REJECT ? reason_sip_status(reason) : 0;
    decision_trace(d, reason_text(reason));
}

/* Decided 5: nothing refuses an emergency call. */
void decision_refuse(struct decision *d, enum reason reason)
{
    if (d->outcome->emergency) {
        TRACE(d, "would be refused (%.*s), but is an emergency call", STR_ARG(reason_name(reason)));
        decision_settle(d, VERDICT_PASS, REASON_EMERGENCY_UNSIGNED);
    } else {
        decision_settle(d, VERDICT_REJECT, reason);
    }
}

bool decision_run(struct decision *d, decision_step *const *steps, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!steps[i](d))
            return false;
    return true;
}

void decision_set_ceiling(struct decision *d, enum treatment ceiling, struct str of)
{
    d->ceiling = ceiling;
    d->ceiling_of = of;
}

int32_t decision_day(const struct settings *s, int64_t now_s)
{
    const struct time_zone *zone = s->n_zones > 0 ? &s->zones[s->numbers_zone] : &time_zone_utc;
    return time_zone_local(zone, now_s).day;
}

enum privacy_view decision_view(const struct decision *d)
{
    const struct trunk *trunk = d->call->trunk;
    /* The next hop of an SBC that asks by redirect is one that we do not know. */
    if (trunk && trunk->in_dialect && trunk->trusted &&
        trunk->in_dialect->withheld == DIALECT_WITHHELD_SIGN)
        return PRIVACY_WHOLE;
    return privacy_view(&d->call->privacy, d->call->upstream);
}

struct decision decision_of(const struct settings *settings, const struct numbers *table,
                            const struct call *call, struct outcome *outcome)
{
    return (struct decision){.settings = settings,
                             .table = table,
                             .call = call,
                             .trunk = call->trunk,
                             .outcome = outcome,
                             .ceiling = TREATMENT_A,
                             .treatment = TREATMENT_REFUSE};
}

void decision_begin(struct decision *d)
{
    *d->outcome = (struct outcome){.verdict = VERDICT_REJECT,
                                   .reason = REASON_INTERNAL,
                                   .sip_status = reason_sip_status(REASON_INTERNAL),
                                   .verified = d->call->verified};
    TRACE(d, "trunk %.*s, customer %.*s, %s", STR_ARG(d->trunk->name), STR_ARG(d->trunk->customer),
          d->trunk->gateway ? "gateway" : "authenticated");
}
