/*
 * The way of a decision, a function a step; the first step that settles the call ends it.
 *
 *   parties       calling and called number, what the table says of the calling one
 *   blocked       a number that never originates calls is refused, signed or not
 *   rule          the first rule of the configuration whose conditions are met
 *   existing      a shaken Identity that stays, or goes and leaves the call unsigned
 *   caller        no calling number
 *   called        no called number
 *   level         what the rule or the settings give, as lowered by caps.c and guard_level()
 *   shown         where the next hop does not see the number that this was about: blocked, rule
 *                 and level again for the number that it sees
 *   dialog        an INVITE that claims to be inside a dialog leaves unsigned
 *   claims        Date, iat, origid
 *
 * The same for each trunk that the call passed over by naming two: the lowest counts. Then, for
 * what is to be signed:
 *
 *   certificate   the unit that signs such a token
 *   sign          the verdict
 */
#include <stird/core/policy.h>

#include <assert.h>
#include <string.h>

#include "caps.h"
#include "origid.h"
#include "rule.h"

#include <stird/core/certificate_choice.h>
#include <stird/core/emergency.h>
#include <stird/core/sip_date.h>
#include <stird/core/tn_reach.h>
#include <stird/core/told.h>
#include <stird/core/trunk.h>

#define DATE_TOLERANCE_S 5 /* Decided 9 */
#define NUMBER_TEXT(tn)  (int)(tn)->n, (tn)->digits

/* What one decision works with: the arguments of policy_decide() and what the steps find out. */
struct decision {
    const struct settings *settings;
    const struct numbers *table;
    const struct call *call;
    const struct trunk *trunk;
    struct outcome *outcome;
    bool has_orig, has_dest;
    bool orig_cannot_exist, dest_cannot_exist; /* it reads as one, but nobody can have it: refused
                                                  by block and rule, never signed */
    bool orig_is_asserted;                     /* of P-Asserted-Identity */
    bool asserted_differ;                      /* Decided 2 */
    bool asserted_unread; /* what the SBC asserts may be a number, but cannot be read as one */
    bool from_unread;     /* that counts, but is not one address alone */
    bool to_unread;       /* the same of the called number's */
    struct tn_reach orig_reach, dest_reach; /* of what is no number: for refusals alone */
    enum treatment ceiling;  /* by an identity that is not signed; A: there is none */
    struct str ceiling_of;   /* that one, in words */
    const struct rule *rule; /* that holds; NULL: none */
    enum reason unsigned_reason, refused_reason;
    enum treatment treatment;
    bool is_settled; /* the outcome has a verdict */
};

static void trace(struct decision *d, struct str sentence)
{
    struct outcome *o = d->outcome;
    /* A rule says a sentence; a call whose identity is withheld is decided twice. */
    unsigned max = 2 * (TRACE_MAX + d->settings->n_rules);
    if (!d->call->traced || !sentence.p || o->n_trace == max)
        return;
    if (!o->trace)
        o->trace = arena_array(d->call->arena, max, sizeof(*o->trace));
    if (o->trace)
        o->trace[o->n_trace++] = sentence;
}

/* Sentences are written only where somebody will read them: they cost more than the decision. */
#define TRACE(d, ...)                                                                              \
    do {                                                                                           \
        if ((d)->call->traced)                                                                     \
            trace((d), arena_printf((d)->call->arena, __VA_ARGS__));                               \
    } while (0)

static void settle(struct decision *d, enum verdict verdict, enum reason reason)
{
    struct outcome *o = d->outcome;
    if (verdict == VERDICT_PASS && d->call->claims_dialog) {
        if (reason != REASON_UNKNOWN_DIALOG)
            trace(d, reason_text(reason));
        reason = REASON_UNKNOWN_DIALOG;
    }
    d->is_settled = true;
    o->verdict = verdict;
    o->reason = reason;
    o->sip_status = verdict == VERDICT_REJECT ? reason_sip_status(reason) : 0;
    trace(d, reason_text(reason));
}

/* Decided 5: nothing refuses an emergency call. */
static void refuse(struct decision *d, enum reason reason)
{
    if (d->outcome->emergency) {
        TRACE(d, "would be refused (%.*s), but is an emergency call", STR_ARG(reason_name(reason)));
        settle(d, VERDICT_PASS, REASON_EMERGENCY_UNSIGNED);
    } else {
        settle(d, VERDICT_REJECT, reason);
    }
}

/* ---- parties ---- */

/* Why the URI in WHERE is no number. True: it reads as one, TN, but nobody can have that. */
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
static bool guess(struct decision *d, struct tn_reach *reach, struct str uri)
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

/* Not of an identity that is meant to be no number: sip:alice@, or an extension. */
static bool is_meant_as_number(struct decision *d, struct str uri, enum tn_fault fault)
{
    bool wrong = fault == TN_TOO_LONG || fault == TN_BAD_CONTEXT ||
                 (fault == TN_BAD_CHARACTER && tn_reach_has_letters(uri));
    return guess(d, &d->orig_reach, uri) || wrong;
}

/* More than are kept: nobody knows whether one of them is blocked. */
static void look_at_odd(struct decision *d, const struct asserted_texts *texts)
{
    for (unsigned i = 0; i < texts->n_odd && i < ASSERTED_ODD_MAX; i++)
        guess(d, &d->orig_reach, texts->odd[i]);
    if (asserted_overflows(texts))
        trace(d, STR("there are more identities than are read: no token beside them"));
    d->orig_reach.more |= asserted_overflows(texts);
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

/* Decided 2 */
static bool asserted_number(struct decision *d, struct tn *orig)
{
    struct asserted a;
    asserted_read(&a, &d->call->asserted, &d->trunk->country);
    look_at_others(d, &a.number);
    if (a.fault != TN_OK)
        d->orig_cannot_exist = tell_fault(d, "P-Asserted-Identity", a.fault, &a.impossible);
    d->asserted_differ = a.differ;
    *orig = a.number;
    return a.found;
}

static enum tn_fault number_of_from(struct decision *d, struct tn *orig)
{
    enum tn_fault fault = tn_from_uri(orig, d->call->from_uri, &d->trunk->country, NULL, 0);
    if (fault == TN_OK)
        TRACE(d, "calling number %.*s from From", NUMBER_TEXT(orig));
    else
        tell_fault(d, "From", fault, orig);
    if (fault != TN_OK)
        guess(d, &d->orig_reach, d->call->from_uri);
    if (d->call->from_others.unreadable) {
        trace(d, STR("From cannot be read as one address"));
        d->from_unread = true;
        look_at_odd(d, &d->call->from_others);
    }
    return fault;
}

static void find_orig(struct decision *d)
{
    struct tn *orig = &d->outcome->claims.orig;
    const struct asserted_texts *asserted = &d->call->asserted;
    d->asserted_unread = call_is_trusted(d->call) && asserted->unreadable;
    if (d->asserted_unread)
        trace(d, STR("a P-Asserted-Identity cannot be read"));
    if (call_is_trusted(d->call) && (asserted->n > 0 || asserted->n_odd > 0)) {
        d->has_orig = d->orig_is_asserted = asserted_number(d, orig);
        if (d->has_orig) {
            TRACE(d, "calling number %.*s from P-Asserted-Identity", NUMBER_TEXT(orig));
            return;
        }
        trace(d, STR("P-Asserted-Identity holds no telephone number"));
    }
    enum tn_fault fault = number_of_from(d, orig);
    d->has_orig = fault == TN_OK;
    d->orig_cannot_exist |= tn_cannot_exist(fault);
}

static void find_dest(struct decision *d)
{
    const struct settings *s = d->settings;
    bool from_request = d->trunk->dest_from_request_uri;
    const char *where = from_request ? "Request-URI" : "To";
    struct str uri = from_request ? d->call->request_uri : d->call->to_uri;
    struct tn *dest = &d->outcome->claims.dest;
    enum tn_fault fault = TN_OK;
    if (emergency_number(s, d->trunk, uri, dest))
        fault = dest->n > 0 ? TN_OK : TN_BAD_CHARACTER;
    else
        fault = tn_from_uri(dest, uri, &d->trunk->country, s->short_codes, s->n_short_codes);
    d->has_dest = fault == TN_OK;
    if (d->has_dest)
        TRACE(d, "called number %.*s from %s", NUMBER_TEXT(dest), where);
    else
        d->dest_cannot_exist = tell_fault(d, where, fault, dest);
    if (!d->has_dest)
        guess(d, &d->dest_reach, uri);
    d->to_unread = !from_request && d->call->to_unread;
    if (d->to_unread)
        trace(d, STR("To cannot be read as one address"));
}

/* The tables' dates are days of their zone. */
static int32_t today(const struct decision *d)
{
    const struct settings *s = d->settings;
    const struct time_zone *zone = s->n_zones > 0 ? &s->zones[s->numbers_zone] : &time_zone_utc;
    return time_zone_local(zone, d->call->now_s).day;
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
            numbers_answer_keep(answer, d->call->arena);
    } else if (d->table) {
        numbers_lookup(d->table, orig, d->call->customer, day, answer);
    }
}

/* What the tables say of a number that may be meant does not become the call's. */
static bool is_blocked_for_all(const struct decision *d, const struct tn *number)
{
    const struct numbers *overlay = d->call->overlay;
    struct numbers_answer answer = {.state = NUMBER_UNKNOWN};
    if (overlay && numbers_has(overlay, number))
        numbers_lookup_urgent(overlay, d->table, number, d->trunk->customer, today(d), &answer);
    else if (d->table)
        numbers_lookup(d->table, number, d->call->customer, today(d), &answer);
    return answer.state == NUMBER_BLOCKED;
}

static void look_up(struct decision *d)
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

static bool step_parties(struct decision *d)
{
    static const struct str says[] = {[EMERGENCY_BY_TO] = STR("an emergency call by its To alone"),
                                      [EMERGENCY_BY_REQUEST_URI] = STR("an emergency call")};
    enum emergency emergency = call_emergency(d->settings, d->call);
    d->outcome->emergency = emergency != EMERGENCY_NONE;
    trace(d, says[emergency]);
    find_orig(d);
    d->orig_cannot_exist &= !d->has_orig;
    find_dest(d);
    if (d->has_orig || d->orig_cannot_exist)
        look_up(d);
    return true;
}

/* ---- reasons to stop before a level is asked for ---- */

static struct str rule_of_state(const struct trunk *t, enum number_state state, struct arena *arena)
{
    const char *key = attestation_key(state);
    if (t->own_treatment[state])
        return arena_printf(arena, "trunk %.*s: %s", STR_ARG(t->name), key);
    return str_of(key);
}

static bool is_blocked(const struct decision *d)
{
    return d->outcome->number_looked_up && d->outcome->number.state == NUMBER_BLOCKED;
}

/* Or a number that From or P-Asserted-Identity may mean is. */
static bool may_be_blocked(struct decision *d)
{
    for (unsigned i = 0; i < d->orig_reach.n; i++)
        if (is_blocked_for_all(d, &d->orig_reach.numbers[i])) {
            TRACE(d, "%.*s, which may be meant, is blocked",
                  NUMBER_TEXT(&d->orig_reach.numbers[i]));
            return true;
        }
    return false;
}

static void set_ceiling(struct decision *d, enum treatment ceiling, struct str of)
{
    d->ceiling = ceiling;
    d->ceiling_of = of;
}

/*
 * Before the Identity that a call brought is looked at: nobody has verified that one here. Whoever
 * asserts a blocked number is given a token over no other.
 */
static bool step_blocked(struct decision *d)
{
    bool blocked = is_blocked(d) || may_be_blocked(d);
    if (blocked || d->orig_reach.more)
        set_ceiling(d, TREATMENT_UNSIGNED, rule_of_state(d->trunk, NUMBER_BLOCKED, d->call->arena));
    if (!blocked || d->trunk->by_state[NUMBER_BLOCKED] == TREATMENT_UNSIGNED)
        return true;
    d->outcome->rule = rule_of_state(d->trunk, NUMBER_BLOCKED, d->call->arena);
    refuse(d, REASON_NUMBER_BLOCKED);
    return false;
}

/* ---- the rules ---- */

static void tell_rule(void *user, const struct rule *rule, enum fit fit, const char *which)
{
    struct decision *d = user;
    if (fit == FITS)
        TRACE(d, "rule %.*s holds", STR_ARG(rule->name));
    else
        TRACE(d, "rule %.*s: %s %s", STR_ARG(rule->name), which,
              fit == FITS_NOT ? "does not fit" : "fits in part, which only lowers");
}

/* Where the call really goes when the token names To's number, and the other way round. */
static bool find_other_dest(struct decision *d, struct tn *dest, struct tn_reach *reach)
{
    const struct settings *s = d->settings;
    struct str uri = d->trunk->dest_from_request_uri ? d->call->to_uri : d->call->request_uri;
    enum tn_fault fault = tn_from_uri(dest, uri, &d->trunk->country, s->short_codes,
                                      s->n_short_codes);
    if (fault != TN_OK)
        guess(d, reach, uri);
    return fault == TN_OK || tn_cannot_exist(fault);
}

static bool refuse_by_rule(struct decision *d)
{
    d->outcome->rule = arena_printf(d->call->arena, "rule %.*s", STR_ARG(d->rule->name));
    refuse(d, REASON_REFUSED_BY_RULE);
    if (d->rule->status > 0)
        d->outcome->sip_status = d->rule->status;
    d->outcome->refusal_text = d->rule->reason_text;
    return false;
}

static bool step_rule(struct decision *d)
{
    struct tn_reach other_reach = {.n = 0};
    struct rule_facts facts = {.settings = d->settings,
                               .table = d->table,
                               .call = d->call,
                               .outcome = d->outcome,
                               .has_orig = d->has_orig || d->orig_cannot_exist,
                               .has_dest = d->has_dest || d->dest_cannot_exist,
                               .orig_reach = &d->orig_reach,
                               .dest_reach = &d->dest_reach,
                               .other_reach = &other_reach};
    facts.has_other_dest = find_other_dest(d, &facts.other_dest, &other_reach);
    d->rule = rule_find(&facts, d->call->traced ? tell_rule : NULL, d);
    if (!d->rule || d->rule->verdict != RULE_REFUSE)
        return true;
    if (!d->outcome->emergency)
        return refuse_by_rule(d);
    trace(d, STR("it would refuse the call, but this is an emergency call: by its number then"));
    d->rule = NULL;
    return true;
}

static enum privacy_view view_of(const struct decision *d)
{
    return privacy_view(&d->call->privacy, d->call->upstream);
}

/* What becomes of Identity headers of others; where Privacy takes them off, none of them stays. */
static enum existing_identity existing_mode(const struct decision *d)
{
    enum existing_identity mode = d->rule && d->rule->has_existing ? d->rule->existing_identity
                                                                   : d->trunk->existing_identity;
    if (view_of(d) != PRIVACY_STRIPPED)
        return mode;
    return mode == IDENTITY_KEEP ? IDENTITY_STRIP : mode == IDENTITY_ADD ? IDENTITY_REPLACE : mode;
}

static void tell_faults(struct decision *d)
{
    const struct call *call = d->call;
    if (call->identity_fault)
        TRACE(d, "an Identity that the call carries is not as RFC 8224 has it: %s",
              call->identity_fault);
}

/* Decided 4. Only a shaken Identity keeps a call from being signed. */
static bool step_existing(struct decision *d)
{
    const struct call *call = d->call;
    enum existing_identity mode = existing_mode(d);
    tell_faults(d);
    bool any = call_carries_shaken(call) || call->n_identity_other > 0 ||
               call->n_identity_unreadable > 0;
    if (any && (mode == IDENTITY_STRIP || mode == IDENTITY_REPLACE)) {
        d->outcome->strip_identity = true;
        trace(d, STR("the Identity that the call carries is taken off"));
    }
    if (!call_carries_shaken(call) || mode == IDENTITY_REPLACE || mode == IDENTITY_ADD)
        return true;
    d->outcome->rule = STR("existing_identity");
    if (view_of(d) == PRIVACY_STRIPPED)
        d->outcome->rule = STR("privacy_identity");
    else if (d->rule && d->rule->has_existing)
        d->outcome->rule = arena_printf(call->arena, "rule %.*s", STR_ARG(d->rule->name));
    settle(d, VERDICT_PASS,
           mode == IDENTITY_STRIP ? REASON_IDENTITY_STRIPPED : REASON_ALREADY_SIGNED);
    return false;
}

/* It is not a calling number either, so what refuses calls without one refuses this one too. */
static bool settle_impossible_caller(struct decision *d)
{
    const struct trunk *t = d->trunk;
    bool by_its_own = t->impossible_number == TREATMENT_REFUSE;
    d->outcome->rule = by_its_own ? STR("attestation.impossible_number")
                                  : STR("attestation.no_calling_number");
    if (by_its_own || t->no_calling_number == TREATMENT_REFUSE)
        refuse(d, REASON_CALLER_CANNOT_EXIST);
    else
        settle(d, VERDICT_PASS, REASON_CALLING_CANNOT_EXIST);
    return false;
}

static bool step_caller(struct decision *d)
{
    if (d->has_orig)
        return true;
    if (d->orig_cannot_exist)
        return settle_impossible_caller(d);
    d->outcome->rule = STR("attestation.no_calling_number");
    if (d->trunk->no_calling_number == TREATMENT_UNSIGNED)
        settle(d, VERDICT_PASS, REASON_CALLING_NOT_A_NUMBER);
    else
        refuse(d, REASON_CALLER_REQUIRED);
    return false;
}

static bool step_called(struct decision *d)
{
    if (d->has_dest)
        return true;
    d->outcome->rule = STR("called number");
    settle(d, VERDICT_PASS,
           d->dest_cannot_exist ? REASON_CALLED_CANNOT_EXIST : REASON_CALLED_NOT_A_NUMBER);
    return false;
}

/* ---- level ---- */

/* What the rule or the settings say, before anything lowers it. No rule signs a blocked number. */
static enum treatment configured_treatment(struct decision *d)
{
    const struct trunk *t = d->trunk;
    enum number_state state = d->outcome->number.state;
    d->unsigned_reason = REASON_UNSIGNED_BY_POLICY;
    d->refused_reason = REASON_REFUSED_BY_POLICY;
    if (d->rule && d->rule->verdict != RULE_BY_NUMBER && state != NUMBER_BLOCKED) {
        d->outcome->rule = arena_printf(d->call->arena, "rule %.*s", STR_ARG(d->rule->name));
        d->unsigned_reason = REASON_UNSIGNED_BY_RULE;
        return (enum treatment)d->rule->verdict;
    }
    if (t->gateway && state != NUMBER_BLOCKED) {
        d->outcome->rule = STR("gateway");
        return t->gateway_treatment;
    }
    d->outcome->rule = rule_of_state(t, state, d->call->arena);
    return t->by_state[state];
}

/* What the network wrote is shown cut and without control characters. */
static void tell_unreadable(struct decision *d, const struct cap *cap)
{
    struct buf shown = BUF_INIT;
    d->outcome->level_unreadable = true;
    buf_add_shown(&shown, str_slice(cap->unreadable, 0, 80));
    if (!buf_failed(&shown))
        TRACE(d, "%.*s cannot be read as A, B or C: \"%.*s\"", STR_ARG(cap->of),
              STR_ARG(buf_str(&shown)));
    buf_fini(&shown);
}

/* Caps only ever lower. */
static enum treatment capped(struct decision *d, enum treatment wanted)
{
    struct cap cap;
    for (unsigned i = 0; cap_get(&cap, i, d->settings, d->table, d->call, d->outcome); i++) {
        if (cap.unreadable.p)
            tell_unreadable(d, &cap);
        if (cap.at_most <= wanted)
            continue;
        TRACE(d, "lowered to %.*s: %.*s", STR_ARG(treatment_name(cap.at_most)), STR_ARG(cap.of));
        wanted = cap.at_most;
        d->outcome->rule = cap.of;
        d->unsigned_reason = REASON_UNSIGNED_BY_CAP;
        d->refused_reason = REASON_REFUSED_BY_CAP;
    }
    return wanted;
}

static bool may_have_a(const struct decision *d)
{
    const struct outcome *o = d->outcome;
    bool entitled = o->number.state == NUMBER_OWNED || o->number.state == NUMBER_DELEGATED;
    return !d->trunk->gateway && !d->call->source_in_doubt && entitled && o->number_looked_up &&
           !o->number.prefix_row && !d->asserted_differ && !d->asserted_unread && !d->from_unread &&
           !d->to_unread;
}

/*
 * The last word on every level (Decided 6): it can only lower. Whatever the settings or a mistake
 * in the steps above would give, an A passes here for its own good grounds or not at all.
 */
static enum treatment guard_level(const struct decision *d, enum treatment wanted)
{
    enum treatment lowered = wanted;
    if (lowered == TREATMENT_A && !may_have_a(d))
        lowered = TREATMENT_B;
    if (lowered == TREATMENT_B && d->trunk->gateway)
        lowered = TREATMENT_C;
    assert(lowered >= wanted);
    return lowered;
}

static struct str why_lowered(const struct decision *d)
{
    if (d->trunk->gateway)
        return STR("gateway");
    if (d->call->source_in_doubt)
        return STR("source in doubt");
    if (d->asserted_differ)
        return STR("P-Asserted-Identity numbers differ");
    if (d->asserted_unread)
        return STR("P-Asserted-Identity cannot be read");
    if (d->from_unread)
        return STR("From cannot be read");
    if (d->to_unread)
        return STR("To cannot be read");
    if (d->outcome->number.prefix_row)
        return STR("prefix row");
    return STR("no entitlement");
}

static enum reason reason_of_signed(const struct decision *d)
{
    static const enum reason by_state[NUMBER_STATES] = {
        [NUMBER_OWNED] = REASON_SIGNED_OWNED,
        [NUMBER_DELEGATED] = REASON_SIGNED_DELEGATED,
        [NUMBER_UNVERIFIED] = REASON_SIGNED_UNVERIFIED,
        [NUMBER_BLOCKED] = REASON_INTERNAL, /* never signed: step_blocked() and conf see to it */
        [NUMBER_OTHER_CUSTOMER] = REASON_SIGNED_OTHER_CUSTOMER,
        [NUMBER_EXPIRED] = REASON_SIGNED_EXPIRED,
        [NUMBER_NOT_YET] = REASON_SIGNED_NOT_YET,
        [NUMBER_UNKNOWN] = REASON_SIGNED_UNKNOWN,
    };
    return d->trunk->gateway ? REASON_SIGNED_GATEWAY : by_state[d->outcome->number.state];
}

static void lower(struct decision *d, enum treatment to, struct str why)
{
    if (to <= d->treatment)
        return;
    d->treatment = to;
    d->outcome->rule = why;
    TRACE(d, "lowered to %.*s: %.*s", STR_ARG(treatment_name(to)), STR_ARG(why));
}

static bool step_level(struct decision *d)
{
    enum treatment wanted = configured_treatment(d);
    TRACE(d, "%.*s gives %.*s", STR_ARG(d->outcome->rule), STR_ARG(treatment_name(wanted)));
    d->treatment = capped(d, wanted);
    lower(d, guard_level(d, d->treatment), why_lowered(d));
    if (d->ceiling == TREATMENT_UNSIGNED && d->treatment < d->ceiling)
        d->unsigned_reason = REASON_UNSIGNED_BY_POLICY;
    lower(d, d->ceiling, d->ceiling_of);
    if (d->treatment == TREATMENT_UNSIGNED)
        settle(d, VERDICT_PASS, d->unsigned_reason);
    else if (d->treatment == TREATMENT_REFUSE)
        refuse(d, d->refused_reason);
    else
        return true;
    return false;
}

/* A token inside a dialog is nobody's. Whatever refuses a call has had its say before. */
static bool step_dialog(struct decision *d)
{
    if (!d->call->claims_dialog)
        return true;
    settle(d, VERDICT_PASS, REASON_UNKNOWN_DIALOG);
    return false;
}

/* ---- what the leaving message shows ---- */

static bool run_list(struct decision *d, bool (*const *steps)(struct decision *), size_t n);

static void settle_withheld(struct decision *d)
{
    d->outcome->rule = STR("Privacy");
    settle(d, VERDICT_PASS, REASON_CALLING_WITHHELD);
}

/*
 * RFC 3325 section 7: P-Asserted-Identity does not leave the trust domain, and neither may a token
 * that tells its number, which nobody out there could verify besides (RFC 8224 section 6.2). What
 * From shows may be signed, but never better than what we know of the caller.
 */
static bool step_shown(struct decision *d)
{
    static bool (*const again[])(struct decision *) = {step_blocked, step_rule, step_level};
    struct tn *orig = &d->outcome->claims.orig, shown = {0};
    if (!d->orig_is_asserted || view_of(d) == PRIVACY_WHOLE)
        return true;
    trace(d, STR("Privacy takes P-Asserted-Identity off for this next hop"));
    if (number_of_from(d, &shown) != TN_OK) {
        if (run_list(d, again, 2)) /* what From may mean can be refused */
            settle_withheld(d);
        return false;
    }
    if (tn_equal(orig, &shown))
        return true;
    *orig = shown;
    d->asserted_differ = true;
    set_ceiling(d, d->treatment, STR("the P-Asserted-Identity that Privacy withholds"));
    look_up(d);
    return run_list(d, again, sizeof(again) / sizeof(again[0]));
}

/* ---- what the token says ---- */

/* Decided 9. */
static void decide_date(struct decision *d)
{
    struct outcome *o = d->outcome;
    int64_t now = d->call->now_s, date;
    o->claims.iat_s = now;
    if (d->call->n_date == 0) {
        o->date = DATE_ADD;
        trace(d, STR("no Date: one is added"));
        return;
    }
    if (d->call->n_date == 1 && sip_date_parse(d->call->date, &date) &&
        date >= now - DATE_TOLERANCE_S && date <= now + DATE_TOLERANCE_S) {
        o->date = DATE_KEEP;
        o->claims.iat_s = date;
        trace(d, STR("iat is the Date's"));
        return;
    }
    o->date = DATE_REPLACE;
    o->date_was_wrong = true;
    trace(d, STR("Date is stale, in the future, unreadable or there are several: replaced"));
}

/* Of several that differ none is the one. */
static bool told_origid(struct decision *d, char origid[ORIGID_TEXT_LENGTH])
{
    char found[ORIGID_TEXT_LENGTH];
    unsigned n = 0;
    for (const struct call_header *h = d->call->headers; h && h->name.p; h++) {
        if (told_by(h->name) != TOLD_ORIGID || !origid_parse(told_word(h->value), found))
            continue;
        if (n > 0 && memcmp(origid, found, sizeof(found)) != 0) {
            trace(d, STR("Origination-Id is there with two values: neither is taken"));
            return false;
        }
        memcpy(origid, found, sizeof(found));
        n++;
    }
    if (n > 0)
        trace(d, STR("origid is that of Origination-Id"));
    return n > 0;
}

static void decide_origid(struct decision *d)
{
    const struct trunk *t = d->trunk;
    char *origid = d->outcome->claims.origid;
    if (call_is_trusted(d->call) && t->attestation_headers && told_origid(d, origid))
        return;
    origid_write(d->call, origid);
    if (t->origid != ORIGID_OF_CALL)
        TRACE(d, "origid is that of the %s%s", t->origid == ORIGID_OF_TRUNK ? "trunk" : "customer",
              d->call->origid_key ? "" : ", which only the running stird knows");
}

/* Before a certificate is chosen, for its constraints may be about any of them. */
static bool step_claims(struct decision *d)
{
    decide_date(d);
    decide_origid(d);
    d->outcome->claims.attest = treatment_name(d->treatment).p[0];
    return true;
}

/* ---- certificate ---- */

/* A certificate that a table names by its id. */
static uint32_t named_certificate(struct decision *d, const char *by, struct str id)
{
    uint32_t found = certificate_find(d->settings, id);
    if (found == NO_CERTIFICATE)
        TRACE(d, "%s names the certificate %.*s, which does not exist", by, STR_ARG(id));
    return found;
}

/* A row of another customer says how that one's calls are signed, not how this one is. */
static struct str certificate_of_row(const struct decision *d)
{
    const struct numbers_answer *row = &d->outcome->number;
    return str_eq(row->customer, d->trunk->customer) ? row->certificate : STR("");
}

/*
 * The row's, the rule's, the trunk's, the customer's, the first one of the trunk's provider. One
 * that is named and does not exist is never made up for by another.
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
    struct str customer = customer_attribute(s, d->table, d->call, STR("cert"));
    if (customer.n > 0)
        return named_certificate(d, "the customer", customer);
    return certificate_first(s, d->trunk->provider);
}

/* The last word on whose certificate it is (47 CFR 64.6301): only the trunk's provider's. */
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

static enum reason choose_certificate(struct decision *d)
{
    const struct certificate_question q = {.settings = d->settings,
                                           .states = d->call->certificate_states,
                                           .now_s = d->call->now_s,
                                           .type = &passport_type_shaken,
                                           .claims = &d->outcome->claims};
    enum reason reason = REASON_NO_CERTIFICATE;
    uint32_t first = certificate_of_call(d);
    if (!is_of_the_provider(d, first))
        return reason;
    uint32_t chosen = certificate_choose_or_other(&q, first, &reason);
    d->outcome->certificate = reason == REASON_OK ? chosen : first;
    tell_certificate(d, first, d->outcome->certificate);
    return reason;
}

static bool step_certificate(struct decision *d)
{
    enum reason reason = choose_certificate(d);
    if (reason == REASON_OK)
        return true;
    trace(d, reason_text(reason));
    policy_signing_failed(d->settings, d->call, reason, d->outcome);
    return false;
}

/* ---- sign ---- */

static bool step_sign(struct decision *d)
{
    struct passport_claims *claims = &d->outcome->claims;
    enum reason reason = reason_of_signed(d);
    assert(d->treatment <= TREATMENT_C && reason != REASON_INTERNAL);
    TRACE(d, "level %c", claims->attest);
    settle(d, VERDICT_SIGN, reason);
    return false;
}

static bool run_list(struct decision *d, bool (*const *steps)(struct decision *), size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!steps[i](d))
            return false;
    return true;
}

static void begin(struct decision *d)
{
    *d->outcome = (struct outcome){.verdict = VERDICT_REJECT,
                                   .reason = REASON_INTERNAL,
                                   .sip_status = reason_sip_status(REASON_INTERNAL),
                                   .certificate = NO_CERTIFICATE};
    TRACE(d, "trunk %.*s, customer %.*s, %s", STR_ARG(d->trunk->name), STR_ARG(d->trunk->customer),
          d->trunk->gateway ? "gateway" : "authenticated");
}

/* Each step returns whether the next one is to be asked. */
static void find_level(struct decision *d)
{
    static bool (*const steps[])(struct decision *) = {
        step_parties, step_blocked, step_rule,  step_existing, step_caller,
        step_called,  step_level,   step_shown, step_dialog,   step_claims,
    };
    begin(d);
    run_list(d, steps, sizeof(steps) / sizeof(steps[0]));
}

/* What is not settled by its level is signed with it: nothing lowers it behind here. */
static void sign_at_level(struct decision *d)
{
    static bool (*const steps[])(struct decision *) = {step_certificate, step_sign};
    if (!d->is_settled)
        run_list(d, steps, sizeof(steps) / sizeof(steps[0]));
}

/* ---- trunks that the call passed over ---- */

/* Nothing of the level that was found stays; nor does anything rest on a Date of ours now. */
static void take_back(struct outcome *o)
{
    o->claims.attest = '\0';
    o->date = DATE_KEEP;
    o->date_was_wrong = false;
}

static void go_unsigned_in_doubt(struct decision *d)
{
    take_back(d->outcome);
    settle(d, VERDICT_PASS, REASON_UNSIGNED_TRUNK_IN_DOUBT);
}

static void refuse_in_doubt(struct decision *d)
{
    take_back(d->outcome);
    refuse(d, REASON_TRUNK_IN_DOUBT);
}

/* OTHER is what the call would have got by TRUNK. */
static void lower_to(struct decision *d, const struct trunk *trunk, const struct outcome *other)
{
    struct outcome *o = d->outcome;
    bool sign = !d->is_settled;
    bool same_number = tn_equal(&o->claims.orig, &other->claims.orig);
    o->strip_identity = o->strip_identity || other->strip_identity;
    if (other->verdict == VERDICT_REJECT)
        refuse_in_doubt(d);
    else if (sign && (other->verdict == VERDICT_PASS || !same_number))
        go_unsigned_in_doubt(d);
    else if (sign && other->claims.attest > o->claims.attest)
        o->claims.attest = other->claims.attest;
    else
        return;
    o->rule = arena_printf(d->call->arena, "trunk in doubt: %.*s", STR_ARG(trunk->name));
    if (!d->is_settled)
        TRACE(d, "lowered to %c, as by trunk %.*s", o->claims.attest, STR_ARG(trunk->name));
}

static void decide_as_of(const struct decision *d, const struct trunk *trunk,
                         struct outcome *outcome)
{
    struct call call = *d->call;
    call.trunk = trunk;
    call.traced = false;
    call.customer = d->table ? numbers_customer(d->table, trunk->customer) : NUMBERS_NO_CUSTOMER;
    struct decision other = {.settings = d->settings,
                             .table = d->table,
                             .call = &call,
                             .trunk = trunk,
                             .outcome = outcome,
                             .treatment = TREATMENT_REFUSE};
    find_level(&other);
    sign_at_level(&other);
}

/*
 * A caller who can make that disagree which tells trunks apart, or name two of them, must not come
 * off better for it: the call gets no more than by each of the trunks that it so passed over.
 */
static void lower_for_passed_over(struct decision *d)
{
    const struct call *call = d->call;
    struct outcome other;
    if (call->n_passed_over > CALL_PASSED_OVER_MAX) {
        trace(d, STR("it names more trunks than are looked at"));
        refuse_in_doubt(d);
    }
    for (unsigned i = 0; i < call->n_passed_over && i < CALL_PASSED_OVER_MAX; i++) {
        if (d->is_settled && d->outcome->verdict == VERDICT_REJECT)
            return;
        TRACE(d, "it names trunk %.*s too", STR_ARG(call->passed_over[i]->name));
        decide_as_of(d, call->passed_over[i], &other);
        lower_to(d, call->passed_over[i], &other);
    }
}

/* Whose the call is nobody knows, so nobody's name is under it. */
static void lower_for_none(struct decision *d)
{
    if (!d->call->fits_none)
        return;
    d->outcome->rule = STR("trunk in doubt: it fits none");
    trace(d, STR("it fits no trunk of its source, but is an emergency call"));
    if (!d->is_settled)
        go_unsigned_in_doubt(d);
}

static struct decision decision_of(const struct settings *settings, const struct numbers *table,
                                   const struct call *call, struct outcome *outcome)
{
    return (struct decision){.settings = settings,
                             .table = table,
                             .call = call,
                             .trunk = call->trunk,
                             .outcome = outcome,
                             .ceiling = TREATMENT_A,
                             .treatment = TREATMENT_REFUSE};
}

void policy_decide(const struct settings *settings, const struct numbers *table,
                   const struct call *call, struct outcome *outcome)
{
    struct decision d = decision_of(settings, table, call, outcome);
    find_level(&d);
    lower_for_passed_over(&d);
    lower_for_none(&d);
    sign_at_level(&d);
}

/* What From shows where the next hop does not see what is asserted. */
static bool step_shown_blocked(struct decision *d)
{
    struct tn *orig = &d->outcome->claims.orig, shown = {0};
    if (!d->orig_is_asserted || view_of(d) == PRIVACY_WHOLE)
        return true;
    if (number_of_from(d, &shown) == TN_OK && !tn_equal(orig, &shown)) {
        *orig = shown;
        look_up(d);
    }
    return step_blocked(d);
}

bool policy_blocks(const struct settings *settings, const struct numbers *table,
                   const struct call *call, struct outcome *outcome)
{
    static bool (*const steps[])(struct decision *) = {step_parties, step_blocked,
                                                       step_shown_blocked};
    struct decision d = decision_of(settings, table, call, outcome);
    begin(&d);
    run_list(&d, steps, sizeof(steps) / sizeof(steps[0]));
    return d.is_settled;
}

void policy_signing_failed(const struct settings *settings, const struct call *call,
                           enum reason reason, struct outcome *outcome)
{
    bool goes_on = settings->failure_mode == FAIL_OPEN || outcome->emergency ||
                   call_emergency(settings, call) != EMERGENCY_NONE;
    outcome->verdict = goes_on ? VERDICT_PASS : VERDICT_REJECT;
    outcome->reason = reason;
    outcome->sip_status = goes_on ? 0 : reason_sip_status(reason);
    take_back(outcome);
}
