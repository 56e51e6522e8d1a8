#include "rule.h"

#include "header_fit.h"
#include "verdict_fit.h"

#include <assert.h>
#include <stird/core/headers.h>
#include <stird/core/service_word.h>
#include <stird/core/time_zone.h>
#include <stird/core/trunk.h>

#define ALL_DAYS 0x7fu

static struct str attribute_in(const struct customer *c, struct str column)
{
    for (unsigned a = 0; a < c->n_attributes; a++)
        if (str_eq_nocase(c->attributes[a].column, column))
            return c->attributes[a].value;
    return (struct str){NULL, 0};
}

struct str rule_customer_attribute(const struct settings *settings, const struct numbers *table,
                                   const struct call *call, struct str column)
{
    uint32_t i = call->trunk->customer_entry;
    if (i < settings->n_customers)
        return attribute_in(&settings->customers[i], column);
    if (!table)
        return (struct str){NULL, 0};
    return numbers_customer_attribute(table, call->customer, numbers_column(table, column));
}

struct str rule_attribute_of(const struct settings *settings, const struct numbers *table,
                             struct str customer, struct str column)
{
    for (unsigned i = 0; i < settings->n_customers; i++)
        if (str_eq(settings->customers[i].name, customer))
            return attribute_in(&settings->customers[i], column);
    if (!table)
        return (struct str){NULL, 0};
    return numbers_customer_attribute(table, numbers_customer(table, customer),
                                      numbers_column(table, column));
}

/* ---- conditions: each fits when the rule does not ask for it ---- */

static bool index_is_in(const uint32_t *list, unsigned n, uint32_t index)
{
    for (unsigned i = 0; i < n; i++)
        if (list[i] == index)
            return true;
    return n == 0;
}

static bool text_is_in(const struct str *list, unsigned n, struct str text)
{
    for (unsigned i = 0; i < n; i++)
        if (str_eq(list[i], text))
            return true;
    return n == 0;
}

static bool begins_with_one(const struct str *list, unsigned n, bool known, const struct tn *tn)
{
    for (unsigned i = 0; known && i < n; i++)
        if (str_starts(tn_str(tn), list[i]))
            return true;
    return n == 0;
}

static bool meets_trunks(const struct rule *r, const struct rule_facts *f)
{
    return index_is_in(r->trunks, r->n_trunks, (uint32_t)(f->call->trunk - f->settings->trunks));
}

static bool meets_customers(const struct rule *r, const struct rule_facts *f)
{
    return text_is_in(r->customers, r->n_customers, f->call->trunk->customer);
}

static bool meets_identity(const struct rule *r, const struct rule_facts *f)
{
    return r->identity == RULE_ANY_IDENTITY ||
           f->call->trunk->gateway == (r->identity == RULE_GATEWAY);
}

static bool meets_number_states(const struct rule *r, const struct rule_facts *f)
{
    const struct outcome *o = f->outcome;
    return r->number_states == 0 ||
           (o->number_looked_up && (r->number_states >> o->number.state & 1));
}

static bool meets_customer_is(const struct rule *r, const struct rule_facts *f)
{
    for (unsigned i = 0; i < r->n_customer_is; i++)
        if (!str_eq_nocase(
                rule_customer_attribute(f->settings, f->table, f->call, r->customer_is[i].column),
                r->customer_is[i].value))
            return false;
    return true;
}

static bool meets_number_is(const struct rule *r, const struct rule_facts *f)
{
    for (unsigned i = 0; i < r->n_number_is; i++)
        if (!f->outcome->number_looked_up ||
            !str_eq_nocase(numbers_row_attribute(&f->outcome->number, r->number_is[i].column),
                           r->number_is[i].value))
            return false;
    return true;
}

static bool may_begin_with_one(const struct str *list, unsigned n, const struct tn_reach *reach)
{
    bool begins = reach->more;
    for (unsigned i = 0; i < reach->n && !begins; i++)
        begins = begins_with_one(list, n, true, &reach->numbers[i]);
    return begins;
}

/* A number that is only guessed (tn_reach.h) may count against the call, and never for it. */
static enum fit fit_calling(const struct rule *r, const struct rule_facts *f)
{
    bool fits = begins_with_one(r->calling, r->n_calling, f->has_orig, &f->outcome->claims.orig);
    bool guessed = may_begin_with_one(r->calling, r->n_calling, f->orig_reach);
    return fit_of(fits || guessed, fits);
}

static bool some_beside(const struct rule *r, const struct beside *beside)
{
    bool some = beside->more;
    for (unsigned i = 0; i < beside->n && !some; i++)
        some = may_begin_with_one(r->called, r->n_called, &beside->reach[i]);
    return some;
}

static bool all_beside(const struct rule *r, const struct beside *beside)
{
    bool all = !beside->more || r->n_called == 0;
    for (unsigned i = 0; i < beside->n && all; i++)
        all = may_begin_with_one(r->called, r->n_called, &beside->reach[i]);
    return all;
}

/* The number that the token names, the one that the call really goes to, and what both of their
   URIs name beside it. */
static enum fit fit_called(const struct rule *r, const struct rule_facts *f)
{
    bool named = begins_with_one(r->called, r->n_called, f->has_dest, &f->outcome->claims.dest);
    bool routed = begins_with_one(r->called, r->n_called, f->has_other_dest, &f->other_dest);
    bool named_maybe = may_begin_with_one(r->called, r->n_called, f->dest_reach);
    bool routed_maybe = may_begin_with_one(r->called, r->n_called, f->other_reach);
    bool all_named = named || named_maybe || (!f->has_dest && f->dest_reach->n == 0);
    bool all_routed = routed || routed_maybe || (!f->has_other_dest && f->other_reach->n == 0);
    return fit_of(named || routed || named_maybe || routed_maybe || some_beside(r, f->beside),
                  (named || routed) && all_named && all_routed && all_beside(r, f->beside));
}

static bool asks_for_time(const struct rule *r)
{
    return (r->days & ALL_DAYS) != ALL_DAYS || r->from_minute != r->to_minute;
}

/* 22:00 to 06:00 goes past midnight; its days are those on which it begins. */
static bool meets_time(const struct rule *r, const struct rule_facts *f)
{
    if (!asks_for_time(r))
        return true;
    struct local_time t = time_zone_local(&f->settings->zones[r->zone], f->call->now_s);
    unsigned today = r->days >> t.weekday & 1, yesterday = r->days >> (t.weekday + 6) % 7 & 1;
    if (r->from_minute == r->to_minute)
        return today;
    if (r->from_minute < r->to_minute)
        return today && t.minute >= r->from_minute && t.minute < r->to_minute;
    return (today && t.minute >= r->from_minute) || (yesterday && t.minute < r->to_minute);
}

static enum fit fit_header(const struct rule *r, const struct rule_facts *f)
{
    if (r->header_name.n == 0)
        return FITS;
    if (!call_is_trusted(f->call))
        return FITS_NOT;
    return header_fit(f->call, r->header_name, r->header_value, true);
}

static bool meets_carries(const struct rule *r, const struct rule_facts *f)
{
    return r->carries == RULE_CARRIES_ANY ||
           call_carries_shaken(f->call) == (r->carries == RULE_CARRIES_SHAKEN);
}

static const struct {
    const char *name; /* the key of the configuration */
    bool (*meets)(const struct rule *rule, const struct rule_facts *facts);
    /* Used instead for what a call can say twice. */
    enum fit (*fit)(const struct rule *rule, const struct rule_facts *facts);
} conditions[] = {
    {"trunks", meets_trunks, NULL},
    {"customers", meets_customers, NULL},
    {"identity", meets_identity, NULL},
    {"number_states", meets_number_states, NULL},
    {"customer_is", meets_customer_is, NULL},
    {"number_is", meets_number_is, NULL},
    {"calling", NULL, fit_calling},
    {"called", NULL, fit_called},
    {"days, from, to", meets_time, NULL},
    {"header_name, header_value", NULL, fit_header},
    {"carries", meets_carries, NULL},
    {"called_customers", NULL, verdict_fit_called},
    {"called_customer_is", NULL, verdict_fit_called_is},
    {"verdict", NULL, verdict_fit_class},
    {"levels", NULL, verdict_fit_levels},
    {"level_below", NULL, verdict_fit_below},
    {"signers", NULL, verdict_fit_signers},
    {"trust", NULL, verdict_fit_trust},
    {"own_number", NULL, verdict_fit_own},
    {"replayed", NULL, verdict_fit_replayed},
};

enum fit rule_fit(const struct rule *r, const struct rule_facts *facts, const char **which)
{
    enum fit least = FITS;
    *which = NULL;
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]) && least != FITS_NOT; i++) {
        bool met = conditions[i].meets && conditions[i].meets(r, facts);
        enum fit fit = conditions[i].fit ? conditions[i].fit(r, facts) : fit_of(met, met);
        if (fit >= least)
            continue;
        least = fit;
        *which = conditions[i].name;
    }
    return least;
}

enum treatment rule_treatment(const struct rule *rule)
{
    return rule->verdict == RULE_FAILED ? TREATMENT_UNSIGNED : (enum treatment)rule->verdict;
}

/* What the call gets by RULE, or by none when RULE is NULL, before caps and guard: the more, the
   worse. A judged call that is told on as failed is worse off than one of which nothing is told. */
static unsigned severity_by(const struct rule *rule, const struct rule_facts *facts)
{
    const struct trunk *t = facts->call->trunk;
    if (rule && rule->verdict != RULE_BY_NUMBER)
        return 2u * rule_treatment(rule) + (rule->verdict == RULE_FAILED);
    if (facts->of_judged)
        return 2u * TREATMENT_A;
    return 2u * (t->gateway ? t->gateway_treatment : t->by_state[facts->outcome->number.state]);
}

/* Whether the rule improves the call by what it does with the Identity that the call carries. */
static bool helps_identity(const struct rule *r, const struct rule_facts *facts)
{
    static const unsigned good[] = {
        [IDENTITY_STRIP] = 0, [IDENTITY_KEEP] = 1, [IDENTITY_REPLACE] = 2, [IDENTITY_ADD] = 3};
    return r->has_existing && call_carries_shaken(facts->call) &&
           good[r->existing_identity] > good[facts->call->trunk->existing_identity];
}

/* Of two rules that fit in part, the one that gives less. */
static const struct rule *lower_of(const struct rule *a, const struct rule *b,
                                   const struct rule_facts *facts)
{
    if (b->verdict == RULE_BY_NUMBER || helps_identity(b, facts))
        return a;
    return !a || severity_by(b, facts) > severity_by(a, facts) ? b : a;
}

bool rule_acts_on_judged(const struct rule *r, const struct settings *s, const struct trunk *trunk)
{
    const bool named = r->n_trunks > 0 &&
                       index_is_in(r->trunks, r->n_trunks, (uint32_t)(trunk - s->trunks));
    return rule_asks_for_verdict(r) || (named && !service_words[trunk->service].signs);
}

struct str rule_text(const struct rule *rule, struct arena *arena)
{
    const struct str parts[] = {STR("rule "), rule->name};
    return arena_join(arena, parts, 2);
}

/*
 * A rule that fits in part counts where it gives no more than what comes behind it would: a second
 * header lowers a call and never raises it.
 */
const struct rule *rule_find(const struct rule_facts *facts,
                             void (*tell)(void *user, const struct rule *rule, enum fit fit,
                                          const char *which),
                             void *user)
{
    const struct rule *lowest = NULL, *found = NULL;
    assert(facts->settings->rules || facts->settings->n_rules == 0);
    for (unsigned i = 0; i < facts->settings->n_rules && !found; i++) {
        const struct rule *r = &facts->settings->rules[i];
        const char *which;
        if (rule_asks_for_rate(r)) /* by_rate.h */
            continue;
        if (facts->of_judged ? !rule_acts_on_judged(r, facts->settings, facts->call->trunk)
                             : rule_asks_for_verdict(r)) /* by_verdict.h */
            continue;
        enum fit fit = rule_fit(r, facts, &which);
        if (fit == FITS)
            found = r;
        else if (tell)
            tell(user, r, fit, which);
        if (fit == FITS_IN_PART)
            lowest = lower_of(lowest, r, facts);
    }
    if (lowest && severity_by(lowest, facts) >= severity_by(found, facts))
        found = lowest;
    if (found && tell)
        tell(user, found, FITS, NULL);
    return found;
}
