#include "level.h"

#include <assert.h>

#include "caps.h"
#include "rule.h"

struct str level_rule_of_state(const struct trunk *t, enum number_state state, struct arena *arena)
{
    const struct str key = str_of(settings_attestation_key(state));
    const struct str own[] = {STR("trunk "), t->name, STR(": "), key};
    return t->own_treatment[state] ? arena_join(arena, own, 4) : key;
}

/* What the rule or the settings say, before anything lowers it. No rule signs a blocked number. */
static enum treatment configured_treatment(struct decision *d)
{
    const struct trunk *t = d->trunk;
    enum number_state state = d->outcome->number.state;
    d->unsigned_reason = REASON_UNSIGNED_BY_POLICY;
    d->refused_reason = REASON_REFUSED_BY_POLICY;
    if (d->rule && d->rule->verdict != RULE_BY_NUMBER && state != NUMBER_BLOCKED) {
        d->outcome->rule = rule_text(d->rule, d->call->arena);
        d->unsigned_reason = REASON_UNSIGNED_BY_RULE;
        return rule_treatment(d->rule);
    }
    if (t->gateway && state != NUMBER_BLOCKED) {
        d->outcome->rule = STR("gateway");
        return t->gateway_treatment;
    }
    d->outcome->rule = level_rule_of_state(t, state, d->call->arena);
    return t->by_state[state];
}

/* What the network wrote is shown cut and without control characters. */
static void tell_unreadable(struct decision *d, const struct cap *cap)
{
    struct buf shown = BUF_INIT;
    d->outcome->level_unreadable = true;
    buf_add_shown(&shown, str_slice(cap->unreadable, 0, 80));
    if (!buf_failed(&shown))
        TRACE(d, "%.*s cannot be read as A, B or C: \"%.*s\"", STR_ARG(cap->of),
              STR_ARG(buf_str(&shown)));
    buf_fini(&shown);
}

/* Caps only ever lower. */
static enum treatment capped(struct decision *d, enum treatment wanted)
{
    struct cap cap;
    for (unsigned i = 0; cap_get(&cap, i, d->settings, d->table, d->call, d->outcome); i++) {
        if (cap.unreadable.p)
            tell_unreadable(d, &cap);
        if (cap.at_most <= wanted)
            continue;
        TRACE(d, "lowered to %.*s: %.*s", STR_ARG(treatment_name(cap.at_most)), STR_ARG(cap.of));
        wanted = cap.at_most;
        d->outcome->rule = cap.of;
        d->unsigned_reason = cap.by_rule ? REASON_UNSIGNED_BY_RULE : REASON_UNSIGNED_BY_CAP;
        d->refused_reason = REASON_REFUSED_BY_CAP;
    }
    return wanted;
}

static bool may_have_a(const struct decision *d)
{
    const struct outcome *o = d->outcome;
    bool entitled = o->number.state == NUMBER_OWNED || o->number.state == NUMBER_DELEGATED;
    return !d->trunk->gateway && !d->call->source_in_doubt && entitled && o->number_looked_up &&
           !o->number.prefix_row && !d->asserted_differ && !d->asserted_unread && !d->from_unread &&
           !d->to_unread && !d->says_more;
}

/*
 * The last word on every level (Decided 6): it can only lower. Whatever the settings or a mistake
 * in the steps above would give, an A passes here on good grounds of its own or not at all.
 */
static enum treatment guard_level(const struct decision *d, enum treatment wanted)
{
    enum treatment lowered = wanted;
    if (lowered == TREATMENT_A && !may_have_a(d))
        lowered = TREATMENT_B;
    if (lowered == TREATMENT_B && d->trunk->gateway)
        lowered = TREATMENT_C;
    assert(lowered >= wanted);
    return lowered;
}

static struct str why_lowered(const struct decision *d)
{
    if (d->trunk->gateway)
        return STR("gateway");
    if (d->call->source_in_doubt)
        return STR("source in doubt");
    if (d->asserted_differ)
        return STR("P-Asserted-Identity numbers differ");
    if (d->asserted_unread)
        return STR("P-Asserted-Identity cannot be read");
    if (d->from_unread)
        return STR("From cannot be read");
    if (d->to_unread)
        return STR("To cannot be read");
    if (d->says_more)
        return STR("a URI that says more than a number");
    if (d->outcome->number.prefix_row)
        return STR("prefix row");
    return STR("no entitlement");
}

enum reason level_reason(const struct decision *d)
{
    static const enum reason by_state[NUMBER_STATES] = {
        [NUMBER_OWNED] = REASON_SIGNED_OWNED,
        [NUMBER_DELEGATED] = REASON_SIGNED_DELEGATED,
        [NUMBER_UNVERIFIED] = REASON_SIGNED_UNVERIFIED,
        [NUMBER_BLOCKED] =
            REASON_INTERNAL, /* never signed: step_blocked() and conf make sure of that */
        [NUMBER_OTHER_CUSTOMER] = REASON_SIGNED_OTHER_CUSTOMER,
        [NUMBER_EXPIRED] = REASON_SIGNED_EXPIRED,
        [NUMBER_NOT_YET] = REASON_SIGNED_NOT_YET,
        [NUMBER_UNKNOWN] = REASON_SIGNED_UNKNOWN,
    };
    return d->trunk->gateway ? REASON_SIGNED_GATEWAY : by_state[d->outcome->number.state];
}

static void lower(struct decision *d, enum treatment to, struct str why)
{
    if (to <= d->treatment)
        return;
    d->treatment = to;
    d->outcome->rule = why;
    TRACE(d, "lowered to %.*s: %.*s", STR_ARG(treatment_name(to)), STR_ARG(why));
}

bool step_level(struct decision *d)
{
    enum treatment wanted = configured_treatment(d);
    TRACE(d, "%.*s gives %.*s", STR_ARG(d->outcome->rule), STR_ARG(treatment_name(wanted)));
    d->treatment = capped(d, wanted);
    lower(d, guard_level(d, d->treatment), why_lowered(d));
    if (d->ceiling == TREATMENT_UNSIGNED && d->treatment < d->ceiling)
        d->unsigned_reason = REASON_UNSIGNED_BY_POLICY;
    lower(d, d->ceiling, d->ceiling_of);
    if (d->treatment == TREATMENT_UNSIGNED)
        decision_settle(d, VERDICT_PASS, d->unsigned_reason);
    else if (d->treatment == TREATMENT_REFUSE)
        decision_refuse(d, d->refused_reason);
    else
        return true;
    return false;
}

/* Whatever rule decided. */
bool step_rate(struct decision *d)
{
    if (!d->rate_rule || d->rate_cap <= d->treatment)
        return true;
    lower(d, d->rate_cap, rule_text(d->rate_rule, d->call->arena));
    d->outcome->rate_lowered = true;
    if (d->treatment < TREATMENT_UNSIGNED)
        return true;
    decision_settle(d, VERDICT_PASS, REASON_UNSIGNED_BY_RULE);
    return false;
}
