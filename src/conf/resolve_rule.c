/* Rules: from the draft to the settings, each condition with what it may ask for. */
#include "reader.h"

#include <stird/base/container_of.h>
#include <stird/base/suggest.h>
#include <stird/core/certificate_choice.h>
#include <stird/core/rates.h>
#include <string.h>

#define ALL_DAYS 0x7fu

static void resolve_rule_trunks(struct reader *r, const struct draft *draft, struct draft_rule *d)
{
    uint32_t *list = reader_array(r, d->trunks.n, sizeof(*list));
    for (unsigned i = 0; list && i < d->trunks.n; i++) {
        struct str name = d->trunks.items[i].text;
        uint32_t index = object_find(&draft->trunks, name);
        if (objects_lack(r, &draft->trunks, name))
            complain(r, &d->object, d->trunks.items[i].at, "trunks: there is no trunk %.*s%.*s",
                     STR_ARG(shown(r, name)), STR_ARG(hint_of_objects(r, &draft->trunks, name)));
        else if (index < draft->trunks.n)
            list[d->rule.n_trunks++] = index;
    }
    d->rule.trunks = list;
}

/* Or may have it, where a trunk's customer could not be read. */
static bool trunk_has_customer(const struct reader *r, const struct draft *draft, struct str name)
{
    const struct settings *s = &draft->settings;
    for (unsigned i = 0; i < s->n_trunks; i++)
        if (str_eq(s->trunks[i].customer, name) ||
            (s->trunks[i].customer.n == 0 && !s->trunks[i].gateway))
            return true;
    return draft->trunks.faulty || r->incomplete;
}

/* A call's customer is that of its trunk: no other can ever fit. */
static void resolve_rule_customers(struct reader *r, const struct draft *draft,
                                   struct draft_rule *d)
{
    struct str *list = reader_array(r, d->customers.n, sizeof(*list));
    for (unsigned i = 0; list && i < d->customers.n; i++) {
        list[i] = d->customers.items[i].text;
        if (!trunk_has_customer(r, draft, list[i]))
            complain(r, &d->object, d->customers.items[i].at,
                     "customers: no trunk has the customer %.*s", STR_ARG(shown(r, list[i])));
    }
    d->rule.customers = list;
    d->rule.n_customers = list ? d->customers.n : 0;
}

static void resolve_states(struct reader *r, struct draft_rule *d)
{
    for (unsigned i = 0; i < d->number_states.n; i++) {
        struct str text = d->number_states.items[i].text;
        unsigned state = 0;
        while (state < NUMBER_STATES && !str_eq(text, number_state_name((enum number_state)state)))
            state++;
        if (state == NUMBER_BLOCKED)
            complain(r, &d->object, d->number_states.items[i].at,
                     "number_states: what becomes of a blocked number says attestation.blocked, "
                     "before any rule");
        else if (state == NUMBER_STATES)
            complain(r, &d->object, d->number_states.items[i].at,
                     "number_states: %.*s is none of owned, delegated, unverified, unknown, "
                     "expired, not_yet, other_customer",
                     STR_ARG(shown(r, text)));
        else
            d->rule.number_states |= 1u << state;
    }
}

static bool is_word(struct str value, const char *const *words)
{
    for (; *words; words++)
        if (str_eq_nocase(value, str_of(*words)))
            return true;
    return false;
}

/* A value that no customer can have: the rule would never fit, and nobody would notice. */
static void check_customer_values(struct reader *r, const struct draft_rule *d)
{
    const struct {
        struct str column;
        const char *const *values;
        const char *text;
    } closed[] = {{STR("kyc"), keys_kyc_states, "verified, pending, failed, none"},
                  {STR("cap"), treatments, "A, B, C, unsigned, refuse"}};
    for (unsigned i = 0; i < d->rule.n_customer_is; i++) {
        const struct attribute *a = &d->rule.customer_is[i];
        for (size_t c = 0; c < sizeof(closed) / sizeof(closed[0]); c++)
            if (str_eq_nocase(a->column, closed[c].column) && !is_word(a->value, closed[c].values))
                complain(r, &d->object, place_of(&d->object, "customer_is"),
                         "customer_is: %.*s %.*s is none of %s%.*s", STR_ARG(closed[c].column),
                         STR_ARG(shown(r, a->value)), closed[c].text,
                         STR_ARG(hint_of_words(r, closed[c].values, a->value)));
    }
}

/* "+1215" to "1215". */
static const struct str *resolve_prefixes_of(struct reader *r, const struct draft_rule *d,
                                             const char *key, const struct texts *texts,
                                             unsigned *n)
{
    struct str *list = reader_array(r, texts->n, sizeof(*list));
    *n = 0;
    for (unsigned i = 0; list && i < texts->n; i++) {
        struct str text = texts->items[i].text;
        struct str digits = str_slice(text, text.n > 0 && text.p[0] == '+', text.n);
        bool good = digits.n > 0 && digits.n <= TN_MAX_DIGITS && digits.p[0] != '0';
        for (size_t c = 0; c < digits.n; c++)
            good = good && ascii_is_digit(digits.p[c]);
        if (good)
            list[(*n)++] = digits;
        else
            complain(r, &d->object, texts->items[i].at,
                     "%s: %.*s is no begin of a number: write it as \"+1215\"", key,
                     STR_ARG(shown(r, text)));
    }
    return list;
}

static void resolve_days(struct reader *r, struct draft_rule *d)
{
    static const char *const names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    d->rule.days = d->days.n == 0 && !d->days.faulty ? ALL_DAYS : 0;
    for (unsigned i = 0; i < d->days.n; i++) {
        unsigned day = 0;
        while (day < 7 && !str_eq_nocase(d->days.items[i].text, str_of(names[day])))
            day++;
        if (day == 7)
            complain(r, &d->object, d->days.items[i].at,
                     "days: %.*s is none of sun, mon, tue, wed, thu, fri, sat",
                     STR_ARG(shown(r, d->days.items[i].text)));
        else
            d->rule.days |= 1u << day;
    }
}

static unsigned minute_of(struct reader *r, const struct draft_rule *d, const char *key,
                          struct str text)
{
    struct str minutes = text, hours = str_cut(&minutes, ':');
    uint64_t h = 0, m = 0;
    if (hours.n == 2 && minutes.n == 2 && str_to_u64(hours, 23, &h) && str_to_u64(minutes, 59, &m))
        return (unsigned)(h * 60 + m);
    complain(r, &d->object, place_of(&d->object, key),
             "%s: %.*s is no time of day: write it as "
             "\"08:30\"",
             key, STR_ARG(shown(r, text)));
    return 0;
}

static void resolve_time(struct reader *r, struct draft *draft, struct draft_rule *d)
{
    resolve_days(r, d);
    d->rule.from_minute = minute_of(r, d, "from", d->from);
    d->rule.to_minute = minute_of(r, d, "to", d->to);
    d->rule.zone = draft->settings.numbers_zone;
    if (was_given(&d->object, "time_zone"))
        d->rule.zone = resolve_zone(r, draft, &d->object, place_of(&d->object, "time_zone"),
                                    d->time_zone);
}

bool resolve_may_stand_in_quotes(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 0x20 || text.p[i] == 0x7f || text.p[i] == '"' || text.p[i] == '\\')
            return false;
    return true;
}

static void check_verdict(struct reader *r, struct draft_rule *d)
{
    const struct object *o = &d->object;
    struct rule *rule = &d->rule;
    bool refuses = rule->verdict == RULE_REFUSE;
    rule->has_existing = was_given(o, "existing_identity");
    if (!refuses)
        rule->status = 0;
    if (!refuses && was_given(o, "status"))
        complain(r, o, place_of(o, "status"), "status has a meaning with then = \"refuse\" only");
    if (!refuses && was_given(o, "reason"))
        complain(r, o, place_of(o, "reason"), "reason has a meaning with then = \"refuse\" only");
    if (refuses && rule->has_existing)
        complain(r, o, place_of(o, "existing_identity"),
                 "existing_identity has no meaning for a call that is refused");
    if (!resolve_may_stand_in_quotes(rule->reason_text))
        complain(r, o, place_of(o, "reason"),
                 "reason: no quotes, backslashes or control characters");
    if (was_given(o, "header_name") != was_given(o, "header_value"))
        complain(r, o, o->at, "header_name and header_value go together: %s is missing",
                 was_given(o, "header_name") ? "header_value" : "header_name");
}

static bool may_hold_for(const struct rule *rule, uint32_t index, const struct trunk *t)
{
    bool trunk = rule->n_trunks == 0, customer = rule->n_customers == 0;
    for (unsigned i = 0; i < rule->n_trunks; i++)
        trunk = trunk || rule->trunks[i] == index;
    for (unsigned i = 0; i < rule->n_customers; i++)
        customer = customer || str_eq(rule->customers[i], t->customer);
    return trunk && customer;
}

/* Only a provider's certificates sign for its trunks: such a call would leave unsigned. */
static void check_provider(struct reader *r, const struct draft *draft, const struct draft_rule *d)
{
    const struct settings *s = &draft->settings;
    for (uint32_t i = 0; i < s->n_trunks; i++) {
        const char *why = may_hold_for(&d->rule, i, &s->trunks[i]) && !s->trunks[i].provider_open
                              ? provider_has_certificate(r, draft, d->certificate,
                                                         s->trunks[i].provider)
                              : NULL;
        if (!why)
            continue;
        complain(r, &d->object, place_of(&d->object, "certificate"),
                 "certificate: %s, and the rule may hold for trunk %.*s: name the trunks", why,
                 STR_ARG(shown(r, s->trunks[i].name)));
        return;
    }
}

static void resolve_signing(struct reader *r, const struct draft *draft, struct draft_rule *d)
{
    const struct object *o = &d->object;
    d->rule.certificate = NO_CERTIFICATE;
    if (d->certificate.n == 0)
        return;
    if (object_find(&draft->certificates, d->certificate) < draft->certificates.n) {
        d->rule.certificate = certificate_find(&draft->settings, d->certificate);
        check_provider(r, draft, d);
    } else if (!objects_are_open(r, &draft->certificates)) {
        complain(r, o, place_of(o, "certificate"), "there is no certificate %.*s%.*s",
                 STR_ARG(shown(r, d->certificate)),
                 STR_ARG(hint_of_objects(r, &draft->certificates, d->certificate)));
    }
    if (d->rule.verdict == RULE_REFUSE || d->rule.verdict == RULE_UNSIGNED ||
        d->rule.verdict == RULE_FAILED)
        complain(r, o, place_of(o, "certificate"),
                 "certificate has no meaning for a call that is not signed");
}

/* An A is for owned and delegated numbers of an authenticated trunk: else the rule could not give
   it. */
static void check_level(struct reader *r, const struct draft_rule *d)
{
    const struct rule *rule = &d->rule;
    unsigned entitled = 1u << NUMBER_OWNED | 1u << NUMBER_DELEGATED;
    struct place at = place_of(&d->object, "then");
    if (rule->verdict == RULE_A && rule->number_states != 0 && !(rule->number_states & entitled))
        complain(r, &d->object, at,
                 "then: level A is for owned and delegated numbers only (ATIS-1000074), and this "
                 "rule is for none of them: write B, C, unsigned or refuse");
    if ((rule->verdict == RULE_A || rule->verdict == RULE_B) && rule->identity == RULE_GATEWAY)
        complain(r, &d->object, at,
                 "then: a gateway call is never above C: write C, unsigned or refuse");
}

/* A key that says nothing in a rule like this. */
static void refuse_key(struct reader *r, const struct draft_rule *d, const char *key,
                       const char *why)
{
    if (was_given(&d->object, key))
        complain(r, &d->object, place_of(&d->object, key), "%s %s", key, why);
}

/* A rate is somebody else's doing too, and is counted within an error: it may cost a level and
   never a call. */
static void check_rate_verdict(struct reader *r, const struct draft_rule *d)
{
    static const char *const keys[] = {"existing_identity", "certificate"};
    const enum rule_verdict verdict = d->rule.verdict;
    if (verdict != RULE_B && verdict != RULE_C && verdict != RULE_UNSIGNED && verdict != RULE_ALARM)
        complain(r, &d->object, place_of(&d->object, "then"),
                 "then: a rule that asks for a rate only lowers or alarms: write B, C, unsigned or "
                 "alarm%s",
                 verdict == RULE_REFUSE
                     ? "; how many calls a trunk may have in progress says its calls"
                     : "");
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        refuse_key(r, d, keys[i],
                   "has no meaning in a rule that asks for a rate: it only lowers or alarms");
}

static bool is_unread(const struct draft_rule *d, const char *key)
{
    return d->object.given[key_find(&rule_table, str_of(key))].unread;
}

/* Or is meant to, by a value that could not be taken. */
static bool may_ask_for_rate(const struct draft_rule *d)
{
    return rule_asks_for_rate(&d->rule) || is_unread(d, "calls_per_minute") ||
           is_unread(d, "short_share") || is_unread(d, "unanswered_share");
}

static void check_rate(struct reader *r, struct draft_rule *d)
{
    static const char *const keys[] = {"window", "rate_of", "least_calls"};
    struct rule *rule = &d->rule;
    if (rule_asks_for_rate(rule)) {
        check_rate_verdict(r, d);
        if (rule->short_share == 0 && rule->unanswered_share == 0)
            refuse_key(r, d, "least_calls",
                       "has a meaning with short_share or unanswered_share only");
        rule->rate_id = rates_rule_id(rule->name, rule->rate_of == RATE_OF_CUSTOMER,
                                      rule->window_ms);
        return;
    }
    if (may_ask_for_rate(d))
        return;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        refuse_key(r, d, keys[i],
                   "has a meaning with calls_per_minute, short_share or unanswered_share only");
    if (rule->verdict == RULE_ALARM)
        complain(r, &d->object, place_of(&d->object, "then"),
                 "then: alarm is for rules that ask for a rate: calls_per_minute, short_share or "
                 "unanswered_share");
}

static bool asks_for_nothing(const struct draft_rule *d)
{
    static const char *const conditions[] = {"trunks",
                                             "customers",
                                             "number_states",
                                             "customer_is",
                                             "number_is",
                                             "calling",
                                             "called",
                                             "days",
                                             "from",
                                             "to",
                                             "header_name",
                                             "header_value",
                                             "called_customers",
                                             "called_customer_is",
                                             "verdict",
                                             "levels",
                                             "signers",
                                             "trust"};
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
        if (was_given(&d->object, conditions[i]))
            return false;
    return d->rule.identity == RULE_ANY_IDENTITY && d->rule.carries == RULE_CARRIES_ANY &&
           d->rule.level_below == RULE_NO_FLOOR && !d->rule.own_number && !d->rule.replayed;
}

static const struct draft_rule *rule_at(const struct draft *draft, unsigned i)
{
    return container_of(draft->rules.items[i], struct draft_rule, object);
}

/* The first behind I that decides: those that ask for a rate are all looked at. NULL: none. */
static const struct draft_rule *next_deciding(const struct draft *draft, unsigned i)
{
    for (i++; i < draft->rules.n; i++)
        if (!may_ask_for_rate(rule_at(draft, i)))
            return rule_at(draft, i);
    return NULL;
}

static void check_reachable(struct reader *r, const struct draft *draft)
{
    for (unsigned i = 0; i + 1 < draft->rules.n; i++) {
        const struct draft_rule *d = rule_at(draft, i);
        const struct draft_rule *next = next_deciding(draft, i);
        if (!next || may_ask_for_rate(d) || !asks_for_nothing(d))
            continue;
        complain(r, &next->object, next->object.at,
                 "no call ever comes here: rule %.*s before it fits all of them",
                 STR_ARG(shown(r, d->rule.name)));
        return;
    }
}

/* Each is asked for each call. */
static void list_rate_rules(struct reader *r, struct draft *draft, const struct rule *rules)
{
    uint32_t *list = reader_array(r, RATE_RULES_MAX, sizeof(*list));
    unsigned n = 0;
    for (unsigned i = 0; list && rules && i < draft->rules.n; i++) {
        const struct object *o = &rule_at(draft, i)->object;
        if (!rule_asks_for_rate(&rules[i]))
            continue;
        if (n < RATE_RULES_MAX)
            list[n] = i;
        else if (n == RATE_RULES_MAX)
            complain(r, o, o->at, "no more than %u rules can ask for a rate", RATE_RULES_MAX);
        n++;
    }
    draft->settings.rate_rules = list;
    draft->settings.n_rate_rules = list && n <= RATE_RULES_MAX ? n : 0;
}

static void resolve_one(struct reader *r, struct draft *draft, struct draft_rule *d)
{
    struct rule *rule = &d->rule;
    resolve_rule_trunks(r, draft, d);
    resolve_rule_customers(r, draft, d);
    resolve_states(r, d);
    rule->customer_is = resolve_attributes(r, &d->object, "customer_is", &d->customer_is,
                                           &rule->n_customer_is);
    check_customer_values(r, d);
    rule->number_is = resolve_attributes(r, &d->object, "number_is", &d->number_is,
                                         &rule->n_number_is);
    rule->calling = resolve_prefixes_of(r, d, "calling", &d->calling, &rule->n_calling);
    rule->called = resolve_prefixes_of(r, d, "called", &d->called, &rule->n_called);
    resolve_time(r, draft, d);
    resolve_verdict_rule(r, draft, d);
    check_verdict(r, d);
    resolve_signing(r, draft, d);
    check_level(r, d);
    check_rate(r, d);
}

void resolve_rules(struct reader *r, struct draft *draft)
{
    struct rule *list = reader_array(r, draft->rules.n, sizeof(*list));
    check_names(r, &draft->rules);
    for (unsigned i = 0; list && i < draft->rules.n; i++) {
        struct draft_rule *d = container_of(draft->rules.items[i], struct draft_rule, object);
        resolve_one(r, draft, d);
        list[i] = d->rule;
        list[i].file = d->object.at.file;
        list[i].line = d->object.at.line;
    }
    check_reachable(r, draft);
    list_rate_rules(r, draft, list);
    draft->settings.rules = list;
    draft->settings.n_rules = list ? draft->rules.n : 0;
}
