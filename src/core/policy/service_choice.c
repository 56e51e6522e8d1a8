#include <stird/core/service_choice.h>

#include <stird/core/qtype.h>
#include <stird/core/party.h>
#include <stird/core/trunk.h>
#include <stird/core/uri.h>

#include "beside.h"
#include "decision.h"

/* What the tables say of a called number. */
enum whose { WHOSE_NOBODYS, WHOSE_PERHAPS_OURS, WHOSE_OURS };

struct asking {
    const struct settings *settings;
    const struct numbers *table;
    const struct call *call;
};

static int32_t today(const struct asking *a)
{
    const struct settings *s = a->settings;
    const struct time_zone *zone = s->n_zones > 0 ? &s->zones[s->numbers_zone] : &time_zone_utc;
    return time_zone_local(zone, a->call->now_s).day;
}

static void look_up(const struct asking *a, const struct tn *number, struct str customer,
                    struct numbers_answer *answer)
{
    const struct numbers *overlay = a->call->overlay;
    *answer = (struct numbers_answer){.state = NUMBER_UNKNOWN};
    if (overlay && numbers_has(overlay, number))
        numbers_lookup_urgent(overlay, a->table, number, customer, today(a), answer);
    else if (a->table)
        numbers_lookup(a->table, number, numbers_customer(a->table, customer), today(a), answer);
}

/* Whichever customer's it is. */
static enum whose whose_is(const struct asking *a, const struct tn *number)
{
    struct numbers_answer answer;
    look_up(a, number, a->call->trunk->customer, &answer);
    if (answer.state == NUMBER_OTHER_CUSTOMER && answer.customer.n > 0)
        look_up(a, number, answer.customer, &answer);
    if (answer.state == NUMBER_OWNED || answer.state == NUMBER_DELEGATED)
        return WHOSE_OURS;
    return answer.state == NUMBER_UNKNOWN ? WHOSE_NOBODYS : WHOSE_PERHAPS_OURS;
}

/*
 * What keys are dialled may be one of our numbers. But nobody else's is only what is a number as it
 * stands, a short code or an emergency number: where all else leads, an access digit, an
 * end-of-dial sign, digits too many, only the next hop knows.
 */
static enum whose whose_is_called(const struct asking *a, struct str uri)
{
    const struct trunk *t = a->call->trunk;
    struct tn number;
    const enum whose dialled = party_called(&number, uri, &t->country, NULL, NULL) == TN_OK
                                   ? whose_is(a, &number)
                                   : WHOSE_NOBODYS;
    if (dialled != WHOSE_NOBODYS)
        return dialled;
    return party_called(&number, uri, &t->country, a->settings, t) == TN_OK ? WHOSE_NOBODYS
                                                                            : WHOSE_PERHAPS_OURS;
}

static bool may_be_ours(const struct asking *a, const struct tn_reach *reach)
{
    bool may = reach->more || reach->n == 0; /* one without a reading may be any */
    for (unsigned i = 0; i < reach->n && !may; i++)
        may = whose_is(a, &reach->numbers[i]) != WHOSE_NOBODYS;
    return may;
}

/* Whether a routing number, a password or header fields of the called URIs may lead to us. */
static bool leads_to_us_beside(const struct asking *a)
{
    struct outcome unused = {.verdict = VERDICT_REJECT};
    struct decision d = decision_of(a->settings, a->table, a->call, &unused);
    struct beside beside;
    beside_begin(&beside);
    beside_add(&d, &beside, a->call->request_uri);
    beside_add(&d, &beside, a->call->to_uri);
    bool leads = beside.more;
    for (unsigned i = 0; i < beside.n && !leads; i++)
        leads = may_be_ours(a, &beside.reach[i]);
    return leads;
}

/* Whether anybody may read an Identity in it. */
static bool brings_identity(const struct call *call)
{
    return call->n_identity_shaken > 0 || call->n_identity_other > 0 ||
           call->n_identity_unreadable > 0 || call->n_identity_resembling > 0;
}

void service_choose(struct service_choice *choice, const struct settings *settings,
                    const struct numbers *table, const struct call *call)
{
    const struct asking a = {settings, table, call};
    const enum whose requested = whose_is_called(&a, call->request_uri);
    const bool brings = brings_identity(call);
    const bool is_ours = requested == WHOSE_OURS && !call->request_uri_unclear;
    const enum qtype_asks asked = qtype_asks(call);
    const bool is_said = asked == ASKED_SIGNATURE || asked == ASKED_VERDICT;
    *choice = (struct service_choice){.is_judged = is_said ? asked == ASKED_VERDICT
                                                           : brings && is_ours};
    choice->in_doubt = !choice->is_judged &&
                       (requested != WHOSE_NOBODYS || call->request_uri_unclear ||
                        call->to_unread || whose_is_called(&a, call->to_uri) != WHOSE_NOBODYS ||
                        leads_to_us_beside(&a));
    if (is_said)
        choice->why = asked == ASKED_VERDICT ? "its From asks for a verdict (qtype=sti-vs)"
                                             : "its From asks for a signature (qtype=sti-as)";
    else if (choice->is_judged)
        choice->why = "it brings an Identity to one of our numbers";
    else if (!brings)
        choice->why = "it brings no Identity";
    else
        choice->why = "its Request-URI names none of our numbers";
}
