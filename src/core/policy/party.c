#include <stird/core/party.h>

#include <stird/core/emergency.h>

static void take(struct calling *c, bool asserted, enum tn_fault fault, const struct tn *number)
{
    c->asserted = asserted;
    c->fault = fault;
    c->number = *number;
}

/* A number that cannot exist counts only where there is no other. */
void party_calling(struct calling *c, const struct asserted *asserted, struct str from_uri,
                   const struct country *country)
{
    *c = (struct calling){.fault = TN_EMPTY, .from_fault = TN_EMPTY};
    if (asserted && asserted->found) {
        c->differs = asserted->differ;
        take(c, true, TN_OK, &asserted->number);
        return;
    }
    c->from_fault = tn_from_uri(&c->from, from_uri, country, NULL, 0);
    if (c->from_fault != TN_OK && asserted && tn_cannot_exist(asserted->fault))
        take(c, true, asserted->fault, &asserted->impossible);
    else if (c->from_fault == TN_OK || tn_cannot_exist(c->from_fault))
        take(c, false, c->from_fault, &c->from);
    else
        c->fault = c->from_fault;
}

struct str calling_fault(const struct calling *c)
{
    return c->differs ? STR("P-Asserted-Identity: names several numbers") : STR("");
}

static enum tn_fault called_of_trunk(struct tn *number, struct str uri,
                                     const struct settings *settings, const struct trunk *trunk)
{
    if (emergency_number(settings, trunk, uri, number))
        return number->n > 0 ? TN_OK : TN_BAD_CHARACTER;
    return tn_from_uri(number, uri, &trunk->country, settings->short_codes,
                       settings->n_short_codes);
}

enum tn_fault party_called(struct tn *number, struct str uri, const struct country *country,
                           const struct settings *settings, const struct trunk *trunk)
{
    if (settings)
        return called_of_trunk(number, uri, settings, trunk);
    enum tn_fault fault = tn_from_uri(number, uri, country, NULL, 0);
    return fault != TN_OK && dialled_number(country, uri, number) ? TN_OK : fault;
}
