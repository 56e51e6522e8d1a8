#include "parties.h"

#include <stird/core/emergency.h>
#include <stird/core/party.h>
#include <stird/core/trunk.h>
#include <stird/core/uri.h>

/* Notes why the URI in WHERE is not a number. True when it reads as one, TN, that nobody can
   have. */
static bool tell_fault(struct decision *d, const char *where, enum tn_fault fault,
                       const struct tn *tn)
{
    if (tn_cannot_exist(fault))
        TRACE(d, "%s: %.*s cannot exist: %.*s", where, NUMBER_TEXT(tn),
              STR_ARG(tn_fault_text(fault)));
    else
        TRACE(d, "%s: %.*s", where, STR_ARG(tn_fault_text(fault)));
    return tn_cannot_exist(fault);
}

/* What URI may lead to where it is no telephone number; never signed. */
bool parties_guess(struct decision *d, struct tn_reach *reach, struct str uri)
{
    const struct settings *s = d->settings;
    unsigned before = reach->n;
    tn_reach_add_uri(reach, uri, &d->trunk->country, s->emergency_prefixes,
                     s->n_emergency_prefixes);
    for (unsigned i = before; i < reach->n; i++)
        TRACE(d, "it may lead to %.*s, which may only refuse or lower",
              NUMBER_TEXT(&reach->numbers[i]));
    return reach->n > before || reach->more;
}

/* Not asked for an identity that is not meant to be a number: sip:alice@, or an extension. */
static bool is_meant_as_number(struct decision *d, struct str uri, enum tn_fault fault)
{
    bool wrong = fault == TN_TOO_LONG || fault == TN_BAD_CONTEXT ||
                 (fault == TN_BAD_CHARACTER && tn_reach_has_letters(uri));
    return parties_guess(d, &d->orig_reach, uri) || wrong;
}

/* Where there are more identities than are kept, one of the others might be blocked. */
static void look_at_odd(struct decision *d, const struct asserted_texts *texts)
{
    for (unsigned i = 0; i < texts->n_odd && i < ASSERTED_ODD_MAX; i++)
        parties_guess(d, &d->orig_reach, texts->odd[i]);
    if (asserted_overflows(texts))
        decision_trace(d, STR("there are more identities than are read: no token beside them"));
    d->orig_reach.more |= asserted_overflows(texts);
}

/* Notes whether URI, the calling one or the one that the token calls, has a password or header
   fields. */
static bool says_more(struct decision *d, const char *where, struct str uri)
{
    struct str password, headers;
    if (!uri_says_more(uri, &password, &headers))
        return false;
    TRACE(d, "%s says more than a number: a password or header fields", where);
    return d->says_more = true;
}

static void look_at_more(struct decision *d, struct str uri)
{
    struct asserted_texts texts = {.n = 0};
    struct str password, headers;
    uri_says_more(uri, &password, &headers);
    asserted_add_odd(&texts, password);
    asserted_add_odd(&texts, headers);
    look_at_odd(d, &texts);
}

/* What is asserted beside ORIG, or is not read as a number: it may only refuse or lower. */
static void look_at_others(struct decision *d, const struct tn *orig)
{
    const struct asserted_texts *texts = &d->call->asserted;
    struct tn found;
    for (unsigned i = 0; i < texts->n && i < ASSERTED_MAX; i++) {
        enum tn_fault fault = tn_from_uri(&found, texts->uri[i], &d->trunk->country, NULL, 0);
        if (tn_cannot_exist(fault) || (fault == TN_OK && !tn_equal(&found, orig))) {
            TRACE(d, "P-Asserted-Identity names %.*s too, which may only refuse or lower",
                  NUMBER_TEXT(&found));
            tn_reach_add(&d->orig_reach, &found);
        }
        if (fault != TN_OK)
            d->asserted_unread |= is_meant_as_number(d, texts->uri[i], fault);
    }
    look_at_odd(d, texts);
}

/* Finds what is asserted, if the call is believed; false when nothing is. */
static bool read_asserted(struct decision *d, struct asserted *a)
{
    const struct asserted_texts *texts = &d->call->asserted;
    if (!call_is_trusted(d->call) || (texts->n == 0 && texts->n_odd == 0))
        return false;
    asserted_read(a, texts, &d->trunk->country);
    look_at_others(d, &a->number);
    if (a->fault != TN_OK)
        tell_fault(d, "P-Asserted-Identity", a->fault, &a->impossible);
    d->asserted_differ = a->differ;
    return true;
}

static void tell_from(struct decision *d, enum tn_fault fault, const struct tn *from)
{
    if (fault == TN_OK)
        TRACE(d, "calling number %.*s from From", NUMBER_TEXT(from));
    else
        tell_fault(d, "From", fault, from);
    if (fault != TN_OK)
        parties_guess(d, &d->orig_reach, d->call->from_uri);
    if (says_more(d, "From", d->call->from_uri))
        look_at_more(d, d->call->from_uri);
    if (d->call->from_others.unreadable) {
        decision_trace(d, STR("From cannot be read as one address"));
        d->from_unread = true;
        look_at_odd(d, &d->call->from_others);
    }
}

enum tn_fault parties_from(struct decision *d, struct tn *orig)
{
    struct calling c;
    party_calling(&c, NULL, d->call->from_uri, &d->trunk->country);
    tell_from(d, c.from_fault, &c.from);
    *orig = c.from;
    return c.from_fault;
}

static void find_orig(struct decision *d)
{
    struct asserted a;
    struct calling c;
    d->asserted_unread = call_is_trusted(d->call) && d->call->asserted.unreadable;
    if (d->asserted_unread)
        decision_trace(d, STR("a P-Asserted-Identity cannot be read"));
    bool asserts = read_asserted(d, &a);
    party_calling(&c, asserts ? &a : NULL, d->call->from_uri, &d->trunk->country);
    d->outcome->claims.orig = c.number;
    d->has_orig = c.fault == TN_OK;
    d->orig_is_asserted = d->has_orig && c.asserted;
    d->orig_cannot_exist = tn_cannot_exist(c.fault);
    if (d->orig_is_asserted) {
        TRACE(d, "calling number %.*s from P-Asserted-Identity", NUMBER_TEXT(&c.number));
        return;
    }
    if (asserts)
        decision_trace(d, STR("P-Asserted-Identity holds no telephone number"));
    tell_from(d, c.from_fault, &c.from);
}

static void find_dest(struct decision *d)
{
    bool from_request = d->trunk->dest_from_request_uri;
    const char *where = from_request ? "Request-URI" : "To";
    struct str uri = from_request ? d->call->request_uri : d->call->to_uri;
    struct tn *dest = &d->outcome->claims.dest;
    enum tn_fault fault = party_called(dest, uri, &d->trunk->country, d->settings, d->trunk);
    d->has_dest = fault == TN_OK;
    if (d->has_dest)
        TRACE(d, "called number %.*s from %s", NUMBER_TEXT(dest), where);
    else
        d->dest_cannot_exist = tell_fault(d, where, fault, dest);
    if (!d->has_dest)
        parties_guess(d, &d->dest_reach, uri);
    says_more(d, where, uri); /* beside.h looks what */
    d->to_unread = !from_request && d->call->to_unread;
    if (d->to_unread)
        decision_trace(d, STR("To cannot be read as one address"));
}

static int32_t today(const struct decision *d)
{
    return decision_day(d->settings, d->call->now_s);
}

/* Urgent changes of this very number go before the table; few numbers have one. */
static void ask_tables(const struct decision *d, const struct tn *orig,
                       struct numbers_answer *answer)
{
    const struct numbers *overlay = d->call->overlay;
    int32_t day = today(d);
    if (overlay && numbers_has(overlay, orig)) {
        numbers_lookup_urgent(overlay, d->table, orig, d->trunk->customer, day, answer);
        d->outcome->number_urgent = answer->table == overlay;
        if (d->outcome->number_urgent)
            outcome_keep_number(answer, d->call->arena);
    } else if (d->table) {
        numbers_lookup(d->table, orig, d->call->customer, day, answer);
    }
}

/* Whether the tables block NUMBER, which the call may mean; nothing else that they say of it counts
   for the call. */
bool parties_number_is_blocked(const struct decision *d, const struct tn *number)
{
    const struct numbers *overlay = d->call->overlay;
    struct numbers_answer answer = {.state = NUMBER_UNKNOWN};
    if (overlay && numbers_has(overlay, number))
        numbers_lookup_urgent(overlay, d->table, number, d->trunk->customer, today(d), &answer);
    else if (d->table)
        numbers_lookup(d->table, number, d->call->customer, today(d), &answer);
    return answer.state == NUMBER_BLOCKED;
}

void parties_look_up(struct decision *d)
{
    struct outcome *o = d->outcome;
    o->number = (struct numbers_answer){.state = NUMBER_UNKNOWN};
    o->number_urgent = false;
    ask_tables(d, &o->claims.orig, &o->number);
    o->number_looked_up = true;
    if (o->number.file.n > 0)
        TRACE(d, "the number is %.*s for customer %.*s: %.*s:%u%s",
              STR_ARG(number_state_name(o->number.state)), STR_ARG(d->trunk->customer),
              STR_ARG(o->number.file), o->number.line, o->number.prefix_row ? " (prefix)" : "");
    else
        TRACE(d, "the number is %.*s for customer %.*s",
              STR_ARG(number_state_name(o->number.state)), STR_ARG(d->trunk->customer));
}

bool step_parties(struct decision *d)
{
    static const struct str says[] = {[EMERGENCY_BY_TO] = STR("an emergency call by its To alone"),
                                      [EMERGENCY_BY_REQUEST_URI] = STR("an emergency call")};
    enum emergency emergency = emergency_of_call(d->settings, d->call);
    d->outcome->emergency = emergency != EMERGENCY_NONE;
    decision_trace(d, says[emergency]);
    find_orig(d);
    find_dest(d);
    if (d->has_orig || d->orig_cannot_exist)
        parties_look_up(d);
    return true;
}

/* Such a number is no calling number, so what refuses calls without one refuses this one too. */
static bool settle_impossible_caller(struct decision *d)
{
    const struct trunk *t = d->trunk;
    bool by_its_own = t->impossible_number == TREATMENT_REFUSE;
    d->outcome->rule = by_its_own ? STR("attestation.impossible_number")
                                  : STR("attestation.no_calling_number");
    if (by_its_own || t->no_calling_number == TREATMENT_REFUSE)
        decision_refuse(d, REASON_CALLER_CANNOT_EXIST);
    else
        decision_settle(d, VERDICT_PASS, REASON_CALLING_CANNOT_EXIST);
    return false;
}

bool step_caller(struct decision *d)
{
    if (d->has_orig)
        return true;
    if (d->orig_cannot_exist)
        return settle_impossible_caller(d);
    d->outcome->rule = STR("attestation.no_calling_number");
    if (d->trunk->no_calling_number == TREATMENT_UNSIGNED)
        decision_settle(d, VERDICT_PASS, REASON_CALLING_NOT_A_NUMBER);
    else
        decision_refuse(d, REASON_CALLER_REQUIRED);
    return false;
}

/* It is unknown where an emergency call leads whose Request-URI or To says more than its number. */
static bool settle_leading_elsewhere(struct decision *d)
{
    if (!d->outcome->emergency ||
        (!emergency_says_more(d->call->request_uri) && !emergency_says_more(d->call->to_uri)))
        return true;
    decision_trace(d, STR("the emergency call says more than a number: no token"));
    d->outcome->rule = STR("called number");
    decision_settle(d, VERDICT_PASS, REASON_EMERGENCY_UNSIGNED);
    return false;
}

/* An SBC that asks by redirect is sent on to the called URI: where it can be read in more than one
   way there is no Contact to go with a token. */
static bool leads_nowhere(const struct decision *d)
{
    const struct dialect *dialect = d->trunk->in_dialect;
    return dialect && dialect->contact != DIALECT_CONTACT_NONE &&
           dialect->contact != DIALECT_CONTACT_ECHO && d->call->request_uri_unclear;
}

bool step_called(struct decision *d)
{
    if (d->has_dest && leads_nowhere(d)) {
        decision_trace(d, STR("no Contact can be made of the Request-URI: no token"));
        d->has_dest = false;
    }
    if (d->has_dest)
        return settle_leading_elsewhere(d);
    d->outcome->rule = STR("called number");
    decision_settle(d, VERDICT_PASS,
                    d->dest_cannot_exist ? REASON_CALLED_CANNOT_EXIST : REASON_CALLED_NOT_A_NUMBER);
    return false;
}
