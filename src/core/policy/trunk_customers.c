#include <stird/base/suggest.h>
#include <stird/core/trunk_customers.h>

#define NAMES_COMPARED 100000u /* in a table with more customers only the first are looked at */

static bool is_declared(const struct settings *s, struct str customer)
{
    for (unsigned i = 0; i < s->n_customers; i++)
        if (str_eq(s->customers[i].name, customer))
            return true;
    return false;
}

static struct str nearest_customer(const struct settings *s, const struct numbers *table,
                                   struct str customer)
{
    unsigned distance = SUGGEST_FAR;
    struct str nearest = {NULL, 0}, name;
    for (unsigned i = 0; i < s->n_customers; i++)
        if (suggest_is_nearer(customer, s->customers[i].name, &distance))
            nearest = s->customers[i].name;
    for (uint32_t i = 0; i < NAMES_COMPARED && (name = numbers_customer_name(table, i)).n > 0; i++)
        if (suggest_is_nearer(customer, name, &distance))
            nearest = name;
    return nearest;
}

static void add_finding(const struct settings *s, const struct numbers *table,
                        const struct trunk *t, struct problems *findings)
{
    struct buf text = BUF_INIT;
    struct str nearest = nearest_customer(s, table, t->customer);
    buf_add_text(&text, "trunk \"");
    buf_add_escaped(&text, t->name);
    buf_add_text(&text, "\": customer \"");
    buf_add_escaped(&text, t->customer);
    buf_add_text(&text, "\" has no row in the number tables and is declared nowhere");
    if (nearest.n > 0) {
        buf_add_text(&text, " (did you mean \"");
        buf_add_escaped(&text, nearest);
        buf_add_text(&text, "\"?)");
    }
    problems_add(findings, t->file, t->line, "%.*s", STR_ARG(buf_str(&text)));
    buf_fini(&text);
}

/* A gateway trunk has no numbers of its own; one without a name has a mistake that was told. */
void trunk_customers_check(const struct settings *s, const struct numbers *table,
                           struct problems *findings)
{
    if (s->n_customers == 0 && numbers_customer_name(table, 0).n == 0)
        return;
    for (unsigned i = 0; i < s->n_trunks; i++) {
        const struct trunk *t = &s->trunks[i];
        if (!t->gateway && t->customer.n > 0 &&
            numbers_customer(table, t->customer) == NUMBERS_NO_CUSTOMER &&
            !is_declared(s, t->customer))
            add_finding(s, table, t, findings);
    }
}

bool customer_is_known(const struct settings *s, const struct numbers *table, struct str customer)
{
    for (unsigned i = 0; i < s->n_trunks; i++)
        if (str_eq(s->trunks[i].customer, customer))
            return true;
    for (unsigned i = 0; i < s->n_customers; i++)
        if (str_eq(s->customers[i].name, customer))
            return true;
    return numbers_customer(table, customer) != NUMBERS_NO_CUSTOMER;
}
