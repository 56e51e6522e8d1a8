#include "by_rule.h"

#include "by_rate.h"
#include "parties.h"
#include "rule.h"

static void tell_rule(void *user, const struct rule *rule, enum fit fit, const char *which)
{
    struct decision *d = user;
    if (fit == FITS)
        TRACE(d, "rule %.*s holds", STR_ARG(rule->name));
    else
        TRACE(d, "rule %.*s: %s %s", STR_ARG(rule->name), which,
              fit == FITS_NOT ? "does not fit" : "fits in part, which only lowers");
}

/* Where the call really goes when the token names the number of To, and the other way round. */
static bool find_other_dest(struct decision *d, struct tn *dest, struct tn_reach *reach)
{
    const struct settings *s = d->settings;
    struct str uri = d->trunk->dest_from_request_uri ? d->call->to_uri : d->call->request_uri;
    enum tn_fault fault = tn_from_uri(dest, uri, &d->trunk->country, s->short_codes,
                                      s->n_short_codes);
    if (fault != TN_OK)
        parties_guess(d, reach, uri);
    return fault == TN_OK || tn_cannot_exist(fault);
}

static bool refuse_by_rule(struct decision *d)
{
    d->outcome->rule = rule_text(d->rule, d->call->arena);
    decision_refuse(d, REASON_REFUSED_BY_RULE);
    if (d->outcome->verdict != VERDICT_REJECT)
        return false;
    if (d->rule->status > 0)
        d->outcome->sip_status = d->rule->status;
    d->outcome->refusal_text = d->rule->reason_text;
    return false;
}

void by_rule_facts(struct decision *d, struct rule_room *room, struct rule_facts *facts)
{
    *room = (struct rule_room){.other_reach = {.n = 0}};
    *facts = (struct rule_facts){.settings = d->settings,
                                 .table = d->table,
                                 .call = d->call,
                                 .outcome = d->outcome,
                                 .has_orig = d->has_orig || d->orig_cannot_exist,
                                 .has_dest = d->has_dest || d->dest_cannot_exist,
                                 .orig_reach = &d->orig_reach,
                                 .dest_reach = &d->dest_reach,
                                 .other_reach = &room->other_reach,
                                 .beside = &room->beside};
    beside_begin(&room->beside);
    beside_add(d, &room->beside, d->call->to_uri);
    beside_add(d, &room->beside, d->call->request_uri);
    facts->has_other_dest = find_other_dest(d, &facts->other_dest, &room->other_reach);
}

const struct rule *by_rule_find(struct decision *d, const struct rule_facts *facts)
{
    return rule_find(facts, d->call->traced ? tell_rule : NULL, d);
}

/* An emergency call goes where it always goes. */
static void take_upstreams(struct decision *d)
{
    if (!d->rule || d->rule->n_upstreams == 0 || d->outcome->emergency || d->call->claims_dialog)
        return;
    d->outcome->upstreams = d->rule->upstreams;
    d->outcome->n_upstreams = d->rule->n_upstreams;
    TRACE(d, "rule %.*s: it goes by other upstreams than those of its trunk",
          STR_ARG(d->rule->name));
}

static bool ask_rules(struct decision *d)
{
    struct rule_room room;
    struct rule_facts facts;
    by_rule_facts(d, &room, &facts);
    by_rate(d, &facts);
    d->rule = by_rule_find(d, &facts);
    take_upstreams(d);
    return !d->rule || d->rule->verdict != RULE_REFUSE || refuse_by_rule(d);
}

/* What rules ask for is found out for them alone, and for who wants to see each step. */
bool step_rule(struct decision *d)
{
    return (d->settings->n_rules == 0 && !d->call->traced) || ask_rules(d);
}
