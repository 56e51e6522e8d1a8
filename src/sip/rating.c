#include "rating.h"

#include <stird/base/log.h>
#include <stird/core/masked.h>

#include "context.h"
#include "tally.h"

/* What was counted of a call, and is counted further when it ends. In its arena. */
struct rated {
    struct rate_call call;
    bool watch; /* a rule asks for short calls */
};

static struct rate_rule counted_by(const struct rule *rule)
{
    return (struct rate_rule){rule->rate_id, rule->window_ms};
}

/* ---- what a decision asks ---- */

static bool look(void *user, const struct rule *rule, struct str customer, struct str number,
                 struct rate_counts *counts)
{
    const struct rates *rates = user;
    const struct rate_rule counted = counted_by(rule);
    const struct rate_who who = rates_who(rates, customer, number);
    *counts = rates_look(rates, &counted, &who, proxy_now_ms());
    return true;
}

struct rate_reader rating_reader_of(struct rates *rates)
{
    return (struct rate_reader){.look = look, .user = rates};
}

/* ---- counting ---- */

/* Of the customer, where RULE counts by that. */
static struct rate_who who_of(const struct rule *rule, struct rate_who who)
{
    if (rule->rate_of == RATE_OF_CUSTOMER)
        who.number = 0;
    return who;
}

static void count(struct proxy *p, const struct rule *rule, struct rate_who who,
                  enum rate_event event, int n)
{
    const struct rate_rule counted = counted_by(rule);
    const struct rate_who of = who_of(rule, who);
    if (!rates_count(proxy_rates(p), &counted, &of, event, n, proxy_now_ms()))
        count_add(&proxy_counters(p)->rates_coarse, 1);
}

/* The rule that counts by that id now; NULL: a reload took it out. */
static const struct rule *rule_of(const struct settings *s, uint32_t id)
{
    for (unsigned i = 0; i < s->n_rate_rules; i++)
        if (s->rules[s->rate_rules[i]].rate_id == id)
            return &s->rules[s->rate_rules[i]];
    return NULL;
}

/* By all rules that counted CALL and are still there. */
static void count_all(struct proxy *p, const struct settings *s, const struct rate_call *call,
                      enum rate_event event, int n)
{
    for (unsigned i = 0; i < call->n_rules; i++) {
        const struct rule *rule = rule_of(s, call->rules[i]);
        if (rule)
            count(p, rule, call->who, event, n);
    }
}

static void tell_above(const struct context *c, const struct rule *rule)
{
    const struct tn shown = masked_number(&c->outcome->rated, c->snapshot->settings->mask_numbers);
    const bool of_number = rule->rate_of == RATE_OF_NUMBER;
    count_add(&proxy_counters(c->proxy)->rates_crossed, 1);
    log_warning("a rate is above what a rule allows: calls are lowered until it was calm for a "
                "whole window",
                LOG_TEXT("rule", rule->name), LOG_TEXT("call_id", c->call->call_id),
                LOG_TEXT("trunk", c->call->trunk->name),
                LOG_TEXT("customer", rates_customer(c->call->trunk)),
                of_number ? LOG_TEXT("number", tn_str(&shown)) : LOG_NOTHING,
                LOG_TEXT("seen", c->outcome->rate));
}

static void hold(const struct context *c, const struct rule *rule, struct rate_who who)
{
    const struct rate_rule counted = counted_by(rule);
    const struct rate_who of = who_of(rule, who);
    rates_hold(proxy_rates(c->proxy), &counted, &of, proxy_now_ms());
}

/* Whether CALL was counted by RULE for WHO. */
static bool is_counted(const struct rate_call *call, const struct rule *rule, struct rate_who who)
{
    const struct rate_who of = who_of(rule, call->who);
    for (unsigned i = 0; i < call->n_rules; i++)
        if (call->rules[i] == rule->rate_id)
            return of.customer == who.customer && of.number == who.number;
    return false;
}

static bool look_beside(void *user, const struct rule *rule, struct str customer, struct str number,
                        struct rate_counts *counts)
{
    const struct context *c = user;
    struct rates *rates = proxy_rates(c->proxy);
    if (!rates || !look(rates, rule, customer, number, counts))
        return false;
    if (c->rated && counts->n[RATE_CALL] > 0 &&
        is_counted(&c->rated->call, rule, rates_who(rates, customer, number)))
        counts->n[RATE_CALL]--;
    return true;
}

struct rate_reader rating_reader_beside(const struct context *c)
{
    return (struct rate_reader){.look = look_beside, .user = (void *)(uintptr_t)c};
}

void rating_decided(struct context *c)
{
    struct rates *rates = proxy_rates(c->proxy);
    const struct outcome *o = c->outcome;
    if (o->n_rates == 0 || !rates)
        return;
    struct rated *rated = arena_alloc(c->arena, sizeof(*rated)); /* NULL: its end is not counted */
    const struct rate_who who = rates_who(rates, rates_customer(c->call->trunk), tn_str(&o->rated));
    if (rated)
        rated->call = (struct rate_call){
            .id = rates_call_id(rates, c->message->call_id, c->message->from_tag), .who = who};
    for (unsigned i = 0; i < o->n_rates; i++) {
        const struct rule *rule = o->rates[i];
        count(c->proxy, rule, who, RATE_CALL, 1);
        if (o->rates_above >> i & 1)
            hold(c, rule, who);
        if ((o->rates_above & ~o->rates_held) >> i & 1)
            tell_above(c, rule);
        if (rated)
            rated->call.rules[rated->call.n_rules++] = rule->rate_id;
        if (rated && rule->short_share > 0)
            rated->watch = true;
    }
    c->rated = rated;
    TALLY(c, rates_above, (o->rates_above | o->rates_held) != 0);
}

static void lose(struct proxy *p, const struct rate_call *lost)
{
    count_add(&proxy_counters(p)->rates_calls_lost, 1);
    count_all(p, proxy_settings(p), lost, RATE_ANSWERED, -1);
}

/* One with the Call-ID and tag of another one cannot be told from it when it ends. Nobody needs
   these alike but who wants not to be counted. */
static void watch(struct proxy *p, const struct rate_call *call)
{
    const uint32_t keep_ms = proxy_settings(p)->rates_short_call_ms;
    struct rate_call lost;
    if (rates_has_call(proxy_rates(p), call->id, keep_ms, proxy_now_ms()))
        count_all(p, proxy_settings(p), call, RATE_SHORT, 1);
    else if (!rates_keep_call(proxy_rates(p), call, keep_ms, proxy_now_ms(), &lost))
        lose(p, &lost);
}

void rating_copy(struct context *c, struct arena *arena)
{
    struct rated *copy = c->rated ? arena_alloc(arena, sizeof(*copy)) : NULL;
    if (copy)
        *copy = *c->rated;
    c->rated = copy;
}

size_t rating_copy_bytes(void)
{
    return arena_rounded(sizeof(struct rated));
}

/* What its end tells of the caller. Not counted is that no next hop could be reached, and that one
   wants to know first who calls: another INVITE follows. */
static enum rate_event event_of(const struct context *c, int status)
{
    if (status / 100 == 2)
        return RATE_ANSWERED;
    const bool unanswered = c->cause == CAUSE_NEXT_HOP_REFUSED ||
                            c->cause == CAUSE_NEXT_HOP_REDIRECTED || c->cause == CAUSE_CANCELLED;
    return unanswered && status != 401 && status != 407 ? RATE_UNANSWERED : RATE_EVENTS;
}

void rating_ended(struct context *c, int status)
{
    const struct rated *rated = c->rated;
    if (!rated || c->sent_us < 0)
        return;
    const enum rate_event event = event_of(c, status);
    if (event < RATE_EVENTS)
        count_all(c->proxy, c->snapshot->settings, &rated->call, event, 1);
    if (event == RATE_ANSWERED && rated->watch)
        watch(c->proxy, &rated->call);
    c->rated = NULL;
}

/* Either side may end it; the tag of the one that called is in From or in To. */
void rating_bye(struct proxy *p, const struct message *m)
{
    struct rates *rates = proxy_rates(p);
    const struct settings *s = proxy_settings(p);
    const uint32_t keep_ms = s->rates_short_call_ms;
    struct rate_call call;
    if (!rates || s->n_rate_rules == 0 || !str_eq(m->method, STR("BYE")))
        return;
    const int64_t now_ms = proxy_now_ms();
    if (!rates_take_call(rates, rates_call_id(rates, m->call_id, m->from_tag), keep_ms, now_ms,
                         &call) &&
        !rates_take_call(rates, rates_call_id(rates, m->call_id, m->to_tag), keep_ms, now_ms,
                         &call))
        return;
    count_all(p, s, &call, RATE_SHORT, 1);
}
