#include "by_rate.h"

#include <assert.h>

/* What a rate is made of, with this call. */
struct seen {
    const struct rule *rule;
    uint64_t calls, ended, unanswered, answered, short_calls;
    bool held, coarse;
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* An event may be seen before the one that it follows, by another worker. */
static struct seen seen_of(const struct rule *rule, const struct rate_counts *c)
{
    return (struct seen){.rule = rule,
                         .calls = c->n[RATE_CALL] + 1,
                         .ended = c->n[RATE_ANSWERED] + c->n[RATE_UNANSWERED],
                         .unanswered = c->n[RATE_UNANSWERED],
                         .answered = c->n[RATE_ANSWERED],
                         .short_calls = least(c->n[RATE_SHORT], c->n[RATE_ANSWERED]),
                         .held = c->held,
                         .coarse = c->coarse};
}

static bool is_above(uint64_t part, uint64_t of, uint32_t least_of, uint32_t percent)
{
    return of >= least_of && part * 100 > of * percent;
}

/* All of them, as all conditions of a rule. */
static bool is_above_all(const struct seen *s)
{
    const struct rule *r = s->rule;
    assert(rule_asks_for_rate(r));
    if (r->calls_per_minute > 0 && s->calls * 60000 <= (uint64_t)r->calls_per_minute * r->window_ms)
        return false;
    if (r->short_share > 0 &&
        !is_above(s->short_calls, s->answered, r->least_calls, r->short_share))
        return false;
    return r->unanswered_share == 0 ||
           is_above(s->unanswered, s->ended, r->least_calls, r->unanswered_share);
}

static struct str in_words(const struct decision *d, const struct seen *s)
{
    return arena_printf(
        d->call->arena,
        "%llu calls of the %s in %u s, %llu of %llu answered ones short, %llu of %llu unanswered%s",
        (unsigned long long)s->calls, s->rule->rate_of == RATE_OF_CUSTOMER ? "customer" : "number",
        s->rule->window_ms / 1000, (unsigned long long)s->short_calls,
        (unsigned long long)s->answered, (unsigned long long)s->unanswered,
        (unsigned long long)s->ended, s->coarse ? ", counted with others for want of room" : "");
}

/* False: it lowers nothing. */
static bool lower(struct decision *d, const struct rule *rule)
{
    if (rule->verdict == RULE_ALARM || (d->rate_rule && (int)rule->verdict <= (int)d->rate_cap))
        return false;
    d->rate_cap = (enum treatment)rule->verdict;
    d->rate_rule = rule;
    return true;
}

/* For the record: the rules that are above their rates now, or were within a window. */
static void note(struct decision *d, const struct seen *s)
{
    struct outcome *o = d->outcome;
    const struct str words = in_words(d, s);
    o->rate = arena_printf(d->call->arena, "%.*s%s%.*s: %.*s", STR_ARG(o->rate),
                           o->rate.n > 0 ? "; " : "", STR_ARG(s->rule->name), STR_ARG(words));
}

static void look(struct decision *d, const struct rule *rule, struct str number, bool count)
{
    struct outcome *o = d->outcome;
    struct rate_counts counts = {0};
    const struct str customer = rates_customer(d->trunk);
    if (!d->call->rates ||
        !d->call->rates->look(d->call->rates->user, rule, customer, number, &counts)) {
        TRACE(d, "rule %.*s: its rate is not known here", STR_ARG(rule->name));
        return;
    }
    const struct seen seen = seen_of(rule, &counts);
    const bool above = is_above_all(&seen);
    if (d->call->traced) {
        const struct str words = in_words(d, &seen);
        TRACE(d, "rule %.*s: %.*s: %s", STR_ARG(rule->name), STR_ARG(words),
              above       ? "above its rate"
              : seen.held ? "was above its rate within its window, so it still holds"
                          : "not above its rate");
    }
    if (count) {
        o->rates[o->n_rates] = rule;
        o->rates_above |= (unsigned)above << o->n_rates;
        o->rates_held |= (unsigned)seen.held << o->n_rates;
        o->n_rates++;
    }
    if (!above && !seen.held)
        return;
    if (lower(d, rule) || count)
        note(d, &seen);
}

/*
 * A call counts for the number that is asserted: it is the one that is looked at first. The number
 * that a next hop sees instead (shown.h) is only held against what it has itself. What fits in part
 * counts too: such a rule never helps a call.
 */
void by_rate(struct decision *d, const struct rule_facts *facts)
{
    const struct settings *s = d->settings;
    const bool count = !d->rated;
    if (s->n_rate_rules == 0)
        return;
    d->rated = true;
    if (count)
        d->outcome->rated = d->has_orig ? d->outcome->claims.orig : (struct tn){0};
    for (unsigned i = 0; i < s->n_rate_rules; i++) {
        const struct rule *rule = &s->rules[s->rate_rules[i]];
        const bool by_number = rule->rate_of == RATE_OF_NUMBER;
        const char *which;
        if (by_number && !d->has_orig)
            continue;
        const enum fit fit = rule_fit(rule, facts, &which);
        if (fit == FITS_NOT)
            TRACE(d, "rule %.*s: %s does not fit", STR_ARG(rule->name), which);
        else
            look(d, rule, by_number ? tn_str(&d->outcome->claims.orig) : STR(""), count);
    }
}
