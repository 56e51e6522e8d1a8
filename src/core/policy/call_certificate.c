#include "call_certificate.h"

#include "rule.h"

#include <stird/core/certificate_choice.h>
#include <stird/core/policy.h>

/* A certificate that a table names by its id. */
static uint32_t named_certificate(struct decision *d, const char *by, struct str id)
{
    uint32_t found = certificate_find(d->settings, id);
    if (found == NO_CERTIFICATE)
        TRACE(d, "%s names the certificate %.*s, which does not exist", by, STR_ARG(id));
    return found;
}

/* A row of another customer says how that customer's calls are signed, not how this call is. */
static struct str certificate_of_row(const struct decision *d)
{
    const struct numbers_answer *row = &d->outcome->number;
    return str_eq(row->customer, d->trunk->customer) ? row->certificate : STR("");
}

/*
 * In this order: the certificate of the row, the rule, the trunk, the customer, or the first one of
 * the trunk's provider. Where one is named that does not exist, no other takes its place.
 */
static uint32_t certificate_of_call(struct decision *d)
{
    const struct settings *s = d->settings;
    struct str row = certificate_of_row(d);
    if (row.n > 0)
        return named_certificate(d, "the number's row", row);
    if (d->rule && d->rule->certificate != NO_CERTIFICATE)
        return d->rule->certificate;
    if (d->trunk->certificate != NO_CERTIFICATE)
        return d->trunk->certificate;
    struct str customer = rule_customer_attribute(s, d->table, d->call, STR("cert"));
    if (customer.n > 0)
        return named_certificate(d, "the customer", customer);
    return certificate_first(s, d->trunk->provider);
}

/* The last word on the certificate (47 CFR 64.6301): only one of the trunk's provider may sign. */
static bool is_of_the_provider(struct decision *d, uint32_t first)
{
    const struct settings *s = d->settings;
    if (first >= s->n_certificates)
        return false;
    if (s->certificates[first].provider == d->trunk->provider)
        return true;
    TRACE(d, "certificate %.*s is another provider's than the trunk",
          STR_ARG(s->certificates[first].id));
    return false;
}

static void tell_certificate(struct decision *d, uint32_t first, uint32_t chosen)
{
    const struct certificate *c = &d->settings->certificates[chosen];
    if (!str_eq(c->id, d->settings->certificates[first].id))
        TRACE(d, "certificate %.*s is not for such a token",
              STR_ARG(d->settings->certificates[first].id));
    if (c->unit.n > 0)
        TRACE(d, "certificate %.*s, unit %.*s", STR_ARG(c->id), STR_ARG(c->unit));
    else
        TRACE(d, "certificate %.*s", STR_ARG(c->id));
}

/* The token that says the level, by the unit that signs it. */
static enum reason want_token(struct decision *d)
{
    const struct passport_type *type = passport_type_deciding();
    struct passport_claims claims;
    type->fill(&claims, d->outcome);
    const struct certificate_question q = {.settings = d->settings,
                                           .states = d->call->certificate_states,
                                           .switches = d->call->switches,
                                           .now_s = d->call->now_s + d->call->waited_s,
                                           .type = type,
                                           .claims = &claims};
    enum reason reason = REASON_NO_CERTIFICATE;
    uint32_t first = certificate_of_call(d);
    if (!is_of_the_provider(d, first))
        return reason;
    uint32_t chosen = certificate_choose_or_other(&q, first, &reason);
    tell_certificate(d, first, reason == REASON_OK ? chosen : first);
    if (reason == REASON_OK && !outcome_want(d->outcome, type, chosen))
        reason = REASON_INTERNAL;
    return reason;
}

bool step_certificate(struct decision *d)
{
    enum reason reason = want_token(d);
    if (reason == REASON_OK)
        return true;
    decision_trace(d, reason_text(reason));
    policy_signing_failed(d->settings, d->call, reason, d->outcome);
    return false;
}
