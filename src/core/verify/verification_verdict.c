#include "verification_verdict.h"

#define NONE -1

/* ---- the table of outcomes ---- */

static const struct row {
    enum reason reason;
    enum verification_class class;
} rows[VERIFY_CHECKS] = {
    [VERIFY_ALG] = {REASON_TOKEN_ALGORITHM, VERIFICATION_NOTHING},
    [VERIFY_SYNTAX] = {REASON_TOKEN_MALFORMED, VERIFICATION_NOTHING},
    [VERIFY_PPT] = {REASON_UNSIGNED_CALL, VERIFICATION_NOTHING},
    [VERIFY_FORM] = {REASON_TOKEN_MALFORMED, VERIFICATION_NOTHING},
    [VERIFY_HEADER] = {REASON_TOKEN_MALFORMED, VERIFICATION_NOTHING},
    [VERIFY_TYPE] = {REASON_TOKEN_MALFORMED, VERIFICATION_NOTHING},
    [VERIFY_CRIT] = {REASON_TOKEN_MALFORMED, VERIFICATION_NOTHING},
    [VERIFY_URL] = {REASON_CERTIFICATE_UNAVAILABLE, VERIFICATION_NOTHING},
    [VERIFY_X5U] = {REASON_TOKEN_MALFORMED, VERIFICATION_NOTHING},
    [VERIFY_PAYLOAD] = {REASON_TOKEN_MALFORMED, VERIFICATION_NOTHING},
    [VERIFY_CLAIMS] = {REASON_TOKEN_MALFORMED, VERIFICATION_NOTHING},
    [VERIFY_RCD] = {REASON_TOKEN_MALFORMED, VERIFICATION_NOTHING},
    [VERIFY_FRESH] = {REASON_TOKEN_STALE, VERIFICATION_FAILED},
    [VERIFY_ORIG] = {REASON_TOKEN_OF_ANOTHER_CALL, VERIFICATION_FAILED},
    [VERIFY_DEST] = {REASON_TOKEN_OF_ANOTHER_CALL, VERIFICATION_FAILED},
    [VERIFY_DIV] = {REASON_DIVERSION_BROKEN, VERIFICATION_FAILED},
    [VERIFY_RPH] = {REASON_RPH_MISMATCH, VERIFICATION_NOTHING},
    [VERIFY_FETCH] = {REASON_CERTIFICATE_UNAVAILABLE, VERIFICATION_NOTHING},
    [VERIFY_CERTIFICATE] = {REASON_CERTIFICATE_UNSUITABLE, VERIFICATION_NOTHING},
    [VERIFY_SIGNATURE] = {REASON_SIGNATURE_INVALID, VERIFICATION_FAILED},
    [VERIFY_DATES] = {REASON_CERTIFICATE_OUT_OF_DATE, VERIFICATION_FAILED},
    [VERIFY_CHAIN] = {REASON_CERTIFICATE_UNTRUSTED, VERIFICATION_FAILED},
    [VERIFY_REVOKED] = {REASON_CERTIFICATE_REVOKED, VERIFICATION_FAILED},
    [VERIFY_SCOPE] = {REASON_CERTIFICATE_SCOPE, VERIFICATION_FAILED},
    [VERIFY_MESSAGE] = {REASON_BAD_REQUEST, VERIFICATION_NOTHING},
};

/* A div token that fails is a missing link: the call is not what shaken says. That does not hold
   where the fault is its certificate's URL, which the token does not answer for. */
static struct row row_of(const struct verification_header *h)
{
    const struct row row = rows[h->report.decided];
    bool is_of_url = h->report.decided == VERIFY_FETCH || h->report.decided == VERIFY_CERTIFICATE;
    if (h->role == IDENTITY_ROLE_DIV && row.class == VERIFICATION_NOTHING && !is_of_url)
        return (struct row){REASON_DIVERSION_BROKEN, VERIFICATION_FAILED};
    return row;
}

/* ---- finding a header ---- */

static int first(const struct verification *v, enum identity_role role, enum token_verdict verdict)
{
    for (unsigned i = 0; i < v->n; i++)
        if (v->headers[i].role == role && v->headers[i].report.verdict == verdict)
            return (int)i;
    return NONE;
}

static char level_of(const struct verification_header *h)
{
    return h->report.attest.n == 1 ? h->report.attest.p[0] : 'C';
}

/* Of several valid tokens the lowest level counts. */
static int lowest_valid(const struct verification *v)
{
    int found = first(v, IDENTITY_ROLE_SHAKEN, TOKEN_VALID);
    for (unsigned i = 0; i < v->n && found != NONE; i++) {
        const struct verification_header *h = &v->headers[i];
        if (h->role == IDENTITY_ROLE_SHAKEN && h->report.verdict == TOKEN_VALID &&
            level_of(h) > level_of(&v->headers[found]))
            found = (int)i;
    }
    return found;
}

/* Of those that fail, the first whose fault says something about the call, else the first. */
static int worst_invalid(const struct verification *v, enum identity_role role)
{
    for (unsigned i = 0; i < v->n; i++) {
        const struct verification_header *h = &v->headers[i];
        if (h->role == role && h->report.verdict == TOKEN_INVALID &&
            row_of(h).class == VERIFICATION_FAILED)
            return (int)i;
    }
    return first(v, role, TOKEN_INVALID);
}

/* ---- what becomes of the call ---- */

static void blame(struct verification *v, int i)
{
    v->blamed = i;
    if (i == NONE)
        return;
    v->check = v->headers[i].report.decided;
    v->sip_status = v->headers[i].report.sip_status;
    v->sip_phrase = verify_status_phrase(v->sip_status);
}

static void refuse_with(struct verification *v, int sip_status, struct str phrase)
{
    v->sip_status = sip_status;
    v->sip_phrase = phrase;
}

/* The caller withholds the number: nothing is wrong with the call. */
static void withheld(struct verification *v)
{
    v->reason = REASON_CALLER_WITHHELD;
    v->class = VERIFICATION_NOTHING;
    refuse_with(v, 433, verify_status_phrase(433));
}

static void fail(const struct verification_question *q, struct verification *v, int i)
{
    const struct row row = row_of(&v->headers[i]);
    v->decisive = i;
    v->class = row.class;
    v->reason = row.reason;
    blame(v, i);
    if (v->check == VERIFY_ORIG && q->is_withheld && !q->orig)
        withheld(v);
}

/* Where a token has no chain because a div token failed, that one is what is wrong. */
static void fail_shaken(const struct verification_question *q, struct verification *v)
{
    int i = worst_invalid(v, IDENTITY_ROLE_SHAKEN), div = worst_invalid(v, IDENTITY_ROLE_DIV);
    bool by_chain = v->headers[i].report.decided == VERIFY_DIV;
    fail(q, v, by_chain && div != NONE && v->headers[div].report.decided != VERIFY_DIV ? div : i);
}

static bool was_done(const struct verification_header *h, enum verify_check check)
{
    return h->report.finding[check].result != VERIFY_NOT_DONE;
}

static enum reason open_reason(const struct verification_question *q,
                               const struct verification_header *h, int i)
{
    if (q->served[i].state == CERTIFICATE_LIMIT)
        return REASON_FETCH_LIMIT;
    if (q->served[i].state == CERTIFICATE_CUT_OFF)
        return REASON_FETCH_CUT_OFF;
    if (q->served[i].state == CERTIFICATE_PENDING)
        return REASON_CERTIFICATE_PENDING;
    return was_done(h, VERIFY_FRESH) ? REASON_TRUST_UNAVAILABLE : REASON_CLOCK_UNSURE;
}

static void leave_open(const struct verification_question *q, struct verification *v, int i)
{
    v->decisive = i;
    v->class = VERIFICATION_OPEN;
    v->reason = open_reason(q, &v->headers[i], i);
}

/* A token that fails beside a valid one is told of, and changes nothing. */
static int other_fault(const struct verification *v, enum reason *reason)
{
    static const struct {
        enum identity_role role;
        enum reason reason;
    } others[] = {{IDENTITY_ROLE_RPH, REASON_RPH_MISMATCH},
                  {IDENTITY_ROLE_RCD, REASON_RCD_MISMATCH},
                  {IDENTITY_ROLE_SHAKEN, REASON_VERIFIED},
                  {IDENTITY_ROLE_UNREADABLE, REASON_VERIFIED}};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        int at = first(v, others[i].role, TOKEN_INVALID);
        if (at != NONE) {
            *reason = others[i].reason;
            return at;
        }
    }
    *reason = REASON_VERIFIED;
    return NONE;
}

static void pass(const struct verification_question *q, struct verification *v, int i)
{
    v->decisive = i;
    v->class = VERIFICATION_PASSED;
    v->level = level_of(&v->headers[i]);
    blame(v, other_fault(v, &v->reason));
    if (v->level <= q->rules.min_level)
        return;
    v->reason = REASON_VERIFIED_TOO_LOW;
    refuse_with(v, 403, STR("Forbidden"));
}

static void nothing(const struct verification_question *q, struct verification *v)
{
    v->class = VERIFICATION_NOTHING;
    v->reason = REASON_UNSIGNED_CALL;
    if (q->is_withheld && q->rules.refuse_withheld)
        withheld(v);
    else if (q->rules.require)
        refuse_with(v, 428, verify_status_phrase(428));
}

/* What is beyond the bounds is a part of the call that nobody read. */
static void not_looked_at(struct verification *v)
{
    v->class = VERIFICATION_NOTHING;
    v->reason = REASON_TOKEN_MALFORMED;
    refuse_with(v, 438, verify_status_phrase(438));
}

/* What is still missing cannot mend a token that fails beside shaken. */
static void decide(const struct verification_question *q, struct verification *v)
{
    const int valid = lowest_valid(v), open = first(v, IDENTITY_ROLE_SHAKEN, TOKEN_OPEN),
              broken = worst_invalid(v, IDENTITY_ROLE_DIV),
              div_open = first(v, IDENTITY_ROLE_DIV, TOKEN_OPEN),
              unreadable = first(v, IDENTITY_ROLE_UNREADABLE, TOKEN_INVALID);
    if ((valid != NONE || open != NONE) && broken != NONE)
        fail(q, v, broken);
    else if (valid != NONE && div_open != NONE)
        leave_open(q, v, div_open);
    else if (valid != NONE && q->set->diverts_beyond)
        not_looked_at(v);
    else if (valid != NONE)
        pass(q, v, valid);
    else if (open != NONE)
        leave_open(q, v, open);
    else if (worst_invalid(v, IDENTITY_ROLE_SHAKEN) != NONE)
        fail_shaken(q, v);
    else if (unreadable != NONE)
        fail(q, v, unreadable);
    else if (v->n_beyond > 0)
        not_looked_at(v);
    else
        nothing(q, v);
}

/* ---- how it is told ---- */

static bool is_failed(const struct verification_question *q, const struct verification *v)
{
    switch (q->rules.map) {
    case VERSTAT_ALL:
        return v->blamed != NONE && v->sip_status >= 400;
    case VERSTAT_SIGNATURE:
        return v->reason == REASON_SIGNATURE_INVALID || v->reason == REASON_CERTIFICATE_UNTRUSTED;
    case VERSTAT_EVIDENCE:
        break;
    }
    return v->class == VERIFICATION_FAILED;
}

static enum verstat verstat_of(const struct verification_question *q, const struct verification *v)
{
    if (v->class == VERIFICATION_PASSED)
        return VERSTAT_PASSED;
    return v->class != VERIFICATION_OPEN && is_failed(q, v) ? VERSTAT_FAILED : VERSTAT_NONE;
}

static enum verstat priority_of(const struct verification *v)
{
    if (first(v, IDENTITY_ROLE_RPH, TOKEN_INVALID) != NONE)
        return VERSTAT_FAILED;
    return first(v, IDENTITY_ROLE_RPH, TOKEN_VALID) != NONE ? VERSTAT_PASSED : VERSTAT_NONE;
}

/* Emergency calls and call-backs go on, whatever is wrong with their tokens. */
static bool is_exempt(const struct verification_question *q)
{
    return q->is_emergency || call_priority_is_emergency(q->priority);
}

static bool may_be_refused(const struct verification_question *q, const struct verification *v)
{
    if (v->sip_status == 0 || (v->reason == REASON_CALLER_WITHHELD && !q->rules.refuse_withheld))
        return false;
    return v->class != VERIFICATION_PASSED || v->reason == REASON_VERIFIED_TOO_LOW;
}

void verification_verdict(const struct verification_question *q, struct verification *v)
{
    v->decisive = v->blamed = NONE;
    v->check = VERIFY_CHECKS;
    decide(q, v);
    v->verstat = verstat_of(q, v);
    v->priority = priority_of(v);
    if (v->class == VERIFICATION_OPEN || is_exempt(q))
        refuse_with(v, 0, STR(""));
    v->may_be_refused = may_be_refused(q, v);
}

struct verification_rules verification_rules_of(const struct verification_setting *s)
{
    return (struct verification_rules){.max_age_s = s->max_age_ms / 1000,
                                       .dest = s->dest,
                                       .map = s->verstat_map,
                                       .min_level = (char)('A' + s->min_level),
                                       .require = s->require,
                                       .refuse_withheld = s->refuse_withheld};
}

struct str verification_class_name(enum verification_class class)
{
    static const char *const names[] = {
        [VERIFICATION_NOTHING] = "nothing",
        [VERIFICATION_PASSED] = "passed",
        [VERIFICATION_FAILED] = "failed",
        [VERIFICATION_OPEN] = "open",
    };
    return str_of(names[class]);
}

struct str verstat_text(enum verstat verstat)
{
    static const char *const texts[] = {
        [VERSTAT_NONE] = "No-TN-Validation",
        [VERSTAT_PASSED] = "TN-Validation-Passed",
        [VERSTAT_FAILED] = "TN-Validation-Failed",
    };
    return str_of(texts[verstat]);
}

struct str verstat_priority_text(enum verstat verstat)
{
    static const char *const texts[] = {
        [VERSTAT_NONE] = "No-RPH-Validation",
        [VERSTAT_PASSED] = "RPH-Validation-Passed",
        [VERSTAT_FAILED] = "RPH-Validation-Failed",
    };
    return str_of(texts[verstat]);
}

enum verification_certificate verification_certificate_of(enum fetch_outcome outcome)
{
    switch (outcome) {
    case FETCH_OK:
        return CERTIFICATE_PREPARED;
    case FETCH_LIMIT:
    case FETCH_BREAKER:
    case FETCH_OVERLOADED:
        return CERTIFICATE_LIMIT;
    case FETCH_CUT_OFF:
        return CERTIFICATE_CUT_OFF;
    case FETCH_PENDING:
    case FETCH_UNAVAILABLE:
        return CERTIFICATE_PENDING;
    case FETCH_TOO_MUCH:
    case FETCH_GARBAGE:
        return CERTIFICATE_UNREADABLE;
    default:
        return CERTIFICATE_UNAVAILABLE;
    }
}

bool verification_blames_certificate(const struct verification_header *h)
{
    static const enum verify_check of_certificate[] = {VERIFY_CERTIFICATE, VERIFY_DATES,
                                                       VERIFY_CHAIN, VERIFY_REVOKED};
    const struct verify_finding *f = h->report.finding;
    if (f[VERIFY_SIGNATURE].result == VERIFY_FAILED)
        return false;
    if (f[VERIFY_SCOPE].result == VERIFY_FAILED)
        return f[VERIFY_SIGNATURE].result == VERIFY_PASSED && !h->report.is_foreign;
    for (size_t i = 0; i < sizeof(of_certificate) / sizeof(of_certificate[0]); i++)
        if (f[of_certificate[i]].result == VERIFY_FAILED)
            return true;
    return false;
}
