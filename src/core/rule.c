#include "rule.h"

#include <stird/time_zone.h>

#define ALL_DAYS 0x7fu

struct str customer_attribute(const struct settings *settings, const struct numbers *table,
                              const struct call *call, struct str column)
{
    uint32_t i = call->trunk->customer_entry;
    if (i < settings->n_customers) {
        const struct customer *c = &settings->customers[i];
        for (unsigned a = 0; a < c->n_attributes; a++)
            if (str_eq_nocase(c->attributes[a].column, column))
                return c->attributes[a].value;
        return (struct str){NULL, 0};
    }
    if (!table)
        return (struct str){NULL, 0};
    return numbers_customer_attribute(table, call->customer, numbers_column(table, column));
}

struct str trusted_header(const struct call *call, struct str name)
{
    if (!call->trunk->trusted)
        return (struct str){NULL, 0};
    for (const struct call_header *h = call->headers; h && h->name.p; h++)
        if (str_eq_nocase(h->name, name))
            return str_trim(h->value);
    return (struct str){NULL, 0};
}

/* ---- conditions: each is true when the rule does not ask for it ---- */

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
        if (!str_eq(customer_attribute(f->settings, f->table, f->call, r->customer_is[i].column),
                    r->customer_is[i].value))
            return false;
    return true;
}

static bool meets_number_is(const struct rule *r, const struct rule_facts *f)
{
    for (unsigned i = 0; i < r->n_number_is; i++)
        if (!f->outcome->number_looked_up ||
            !str_eq(numbers_row_attribute(&f->outcome->number, r->number_is[i].column),
                    r->number_is[i].value))
            return false;
    return true;
}

static bool meets_calling(const struct rule *r, const struct rule_facts *f)
{
    return begins_with_one(r->calling, r->n_calling, f->has_orig, &f->outcome->claims.orig);
}

static bool meets_called(const struct rule *r, const struct rule_facts *f)
{
    return begins_with_one(r->called, r->n_called, f->has_dest, &f->outcome->claims.dest);
}

static bool asks_for_time(const struct rule *r)
{
    return (r->days & ALL_DAYS) != ALL_DAYS || r->from_minute != r->to_minute;
}

/* 22:00 to 06:00 goes over midnight; its days are those on which it begins. */
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

static bool meets_header(const struct rule *r, const struct rule_facts *f)
{
    return r->header_name.n == 0 ||
           str_eq_nocase(trusted_header(f->call, r->header_name), r->header_value);
}

static bool meets_carries(const struct rule *r, const struct rule_facts *f)
{
    return r->carries == RULE_CARRIES_ANY ||
           (f->call->n_identity_shaken > 0) == (r->carries == RULE_CARRIES_SHAKEN);
}

static const struct {
    const char *name; /* the key of the configuration */
    bool (*meets)(const struct rule *rule, const struct rule_facts *facts);
} conditions[] = {
    {"trunks", meets_trunks},           {"customers", meets_customers},
    {"identity", meets_identity},       {"number_states", meets_number_states},
    {"customer_is", meets_customer_is}, {"number_is", meets_number_is},
    {"calling", meets_calling},         {"called", meets_called},
    {"days, from, to", meets_time},     {"header_name, header_value", meets_header},
    {"carries", meets_carries},
};

static const char *failed_condition(const struct rule *r, const struct rule_facts *facts)
{
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
        if (!conditions[i].meets(r, facts))
            return conditions[i].name;
    return NULL;
}

const struct rule *rule_find(const struct rule_facts *facts,
                             void (*tell)(void *user, const struct rule *rule, const char *which),
                             void *user)
{
    for (unsigned i = 0; i < facts->settings->n_rules; i++) {
        const struct rule *r = &facts->settings->rules[i];
        const char *which = failed_condition(r, facts);
        if (tell)
            tell(user, r, which);
        if (!which)
            return r;
    }
    return NULL;
}
