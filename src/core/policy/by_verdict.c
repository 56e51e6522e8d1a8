#include <stird/core/by_verdict.h>

#include <stird/core/signers.h>

#include "by_rule.h"
#include "decision.h"
#include "own_number.h"
#include "parties.h"
#include "verdict_fit.h"

/* What is on its way: a decision of its own, whose outcome is thrown away but for its steps. */
struct ruling {
    struct decision decision;
    struct outcome scratch;
    const struct verified *verified;
    struct by_verdict *answer;
    bool may_refuse, may_redirect, observes;
};

#define RULING_TRACE(r, ...) TRACE(&(r)->decision, __VA_ARGS__)

/* ---- what can be done to a call ---- */

static void add_words(struct ruling *r, struct str words)
{
    struct str *by = &r->answer->by;
    *by = by->n > 0
              ? arena_printf(r->decision.call->arena, "%.*s; %.*s", STR_ARG(*by), STR_ARG(words))
              : words;
}

static void tell_as(struct ruling *r, enum verification_class class, char level,
                    enum verstat verstat)
{
    r->answer->told = (struct verified_shown){
        .is_lowered = true, .level = level, .class = class, .verstat = verstat};
}

static char level_told(const struct ruling *r)
{
    const struct verified_shown *told = &r->answer->told;
    return told->is_lowered ? told->level : r->verified->level;
}

/* Of a token of ours: whatever the verdict is. */
static void sign_at_most(struct ruling *r, enum treatment treatment)
{
    if (treatment > r->answer->at_most)
        r->answer->at_most = treatment;
}

/* Of a call that passed; of another one there is no level to lower. */
static void cap(struct ruling *r, char level)
{
    sign_at_most(r, (enum treatment)(TREATMENT_A + (level - 'A')));
    if (r->verified->class != VERIFICATION_PASSED || level_told(r) >= level)
        return;
    tell_as(r, VERIFICATION_PASSED, level, r->verified->verstat);
    RULING_TRACE(r, "its level is told as %c", level);
}

static void tell_nothing(struct ruling *r)
{
    sign_at_most(r, TREATMENT_UNSIGNED);
    if (r->verified->class == VERIFICATION_NOTHING || r->verified->class == VERIFICATION_OPEN)
        return;
    tell_as(r, VERIFICATION_NOTHING, '\0', VERSTAT_NONE);
    RULING_TRACE(r, "it is told on as one that was not verified");
}

static void tell_failed(struct ruling *r)
{
    sign_at_most(r, TREATMENT_UNSIGNED);
    if (r->verified->class == VERIFICATION_OPEN)
        return;
    tell_as(r, VERIFICATION_FAILED, '\0', VERSTAT_FAILED);
    RULING_TRACE(r, "it is told on as one that failed");
}

/* One that must not be refused goes on, and nothing good is told of it. */
static void refuse(struct ruling *r, enum reason reason, int status, struct str text)
{
    struct by_verdict *a = r->answer;
    if (!r->may_refuse) {
        RULING_TRACE(r, "it would be refused (%.*s), but such a call never is",
                     STR_ARG(reason_name(reason)));
        tell_nothing(r);
        return;
    }
    a->refuses = true;
    a->reason = reason;
    a->sip_status = status > 0 ? status : reason_sip_status(reason);
    a->refusal_text = text;
    RULING_TRACE(r, "%.*s", STR_ARG(reason_text(reason)));
}

/* ---- by the list of signers ---- */

/* Of calls that passed alone: anybody may send a token that names somebody's certificate. Of
   several valid tokens the worst signer counts. */
static enum signer_action signer_of(struct ruling *r)
{
    const struct settings *s = r->decision.settings;
    const struct verified *v = r->verified;
    const int32_t today = decision_day(s, r->decision.call->now_s);
    const struct signer *row, *row_beside;
    if (v->class != VERIFICATION_PASSED)
        return SIGNER_NOTHING;
    enum signer_action action = signers_judge(s->signers, s->n_signers, v->spc, today, &row);
    const enum signer_action beside = v->spcs_beside.n > 0
                                          ? signers_judge(s->signers, s->n_signers, v->spcs_beside,
                                                          today, &row_beside)
                                          : action;
    if (beside > action) {
        action = beside;
        row = row_beside;
    }
    if (row)
        add_words(r,
                  arena_printf(r->decision.call->arena, "signer %.*s: %.*s (line %u)",
                               STR_ARG(row->code), STR_ARG(signer_action_name(action)), row->line));
    if (row)
        RULING_TRACE(r, "%.*s", STR_ARG(r->answer->by));
    return action;
}

static enum signer_action ask_signers(struct ruling *r)
{
    const struct settings *s = r->decision.settings;
    const enum signer_action action = signer_of(r);
    if (action == SIGNER_DENY)
        refuse(r, REASON_SIGNER_DENIED, s->signers_status, s->signers_reason);
    else if (action == SIGNER_CAP_B || action == SIGNER_CAP_C)
        cap(r, action == SIGNER_CAP_B ? 'B' : 'C');
    return action;
}

/* ---- by a rule ---- */

static void apply(struct ruling *r, const struct rule *rule)
{
    add_words(r, rule_text(rule, r->decision.call->arena));
    switch (rule->verdict) {
    case RULE_A:
    case RULE_B:
    case RULE_C:
        cap(r, (char)('A' + (rule->verdict - RULE_A)));
        break;
    case RULE_UNSIGNED:
        tell_nothing(r);
        break;
    case RULE_FAILED:
        tell_failed(r);
        break;
    case RULE_REFUSE:
        refuse(r, REASON_REFUSED_BY_RULE, rule->status, rule->reason_text);
        break;
    case RULE_BY_NUMBER:
    case RULE_ALARM:
        break;
    }
    if (rule->n_upstreams == 0 || r->answer->refuses || !r->may_redirect)
        return;
    r->answer->upstreams = rule->upstreams;
    r->answer->n_upstreams = rule->n_upstreams;
    RULING_TRACE(r, "rule %.*s: it goes by other upstreams than those of its trunk",
                 STR_ARG(rule->name));
}

static bool some_rule_acts(const struct settings *s, const struct trunk *trunk)
{
    for (unsigned i = 0; i < s->n_rules; i++)
        if (!rule_asks_for_rate(&s->rules[i]) && rule_acts_on_judged(&s->rules[i], s, trunk))
            return true;
    return false;
}

static void ask_rules(struct ruling *r)
{
    struct decision *d = &r->decision;
    struct rule_room room;
    struct rule_facts facts;
    if (!some_rule_acts(d->settings, d->trunk))
        return;
    by_rule_facts(d, &room, &facts);
    facts.of_judged = true;
    const struct rule *rule = by_rule_find(d, &facts);
    if (rule)
        apply(r, rule);
}

/* ---- all of it ---- */

/* What would have been done is recorded, and that is all. */
static void observe(struct ruling *r)
{
    struct by_verdict *a = r->answer;
    if (a->by.n > 0)
        add_words(r, STR("observed"));
    a->refuses = false;
    a->n_upstreams = 0;
    a->at_most = TREATMENT_A;
    a->told = (struct verified_shown){.is_lowered = false};
}

static struct ruling ruling_of(const struct settings *s, const struct numbers *table,
                               const struct call *call, const struct outcome *o)
{
    const bool is_urgent = o->emergency || call->verified->is_priority;
    return (struct ruling){
        .decision = decision_of(s, table, call, NULL),
        .verified = call->verified,
        .may_refuse = !is_urgent && call->verified->class != VERIFICATION_OPEN,
        .may_redirect = !is_urgent && !call->claims_dialog,
        .observes = verdict_fit_is_observed(s, call->trunk),
    };
}

void by_verdict(const struct settings *s, const struct numbers *table, const struct call *call,
                struct outcome *o, struct by_verdict *answer)
{
    struct ruling r = ruling_of(s, table, call, o);
    r.decision.outcome = &r.scratch;
    r.answer = answer;
    *answer = (struct by_verdict){.reason = REASON_OK, .at_most = TREATMENT_A};
    /* Numbers are read as for a call that is to be signed, so that a condition means the same. */
    if (some_rule_acts(s, call->trunk))
        step_parties(&r.decision);
    const unsigned before = r.scratch.n_trace;
    answer->own_number =
        own_number_fit(s, table, call, o->claims.orig.n > 0 ? &o->claims.orig : NULL, NULL) == FITS;
    if (answer->own_number)
        decision_trace(&r.decision, STR("one of our own numbers calls from outside, and no code of "
                                        "ours has signed it"));
    const enum signer_action action = ask_signers(&r);
    if (action != SIGNER_ALLOW && !answer->refuses)
        ask_rules(&r);
    if (r.observes)
        observe(&r);
    o->trace = r.scratch.trace;
    o->n_trace = r.scratch.n_trace;
    answer->trace = o->trace ? o->trace + before : NULL;
    answer->n_trace = o->n_trace - before;
}
