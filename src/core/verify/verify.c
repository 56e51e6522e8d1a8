/*
 * The checks of verify.def that take more than the token: the message, the time, the certificate.
 * Each is a function that adds its finding; where its ground is missing it says nothing (NOT_DONE).
 * Certificates are judged beforehand (sti_certificate.h): nothing here reads PEM or DER of one.
 */
#include <stird/core/verify.h>

#include "findings.h"
#include "rcd_claim.h"
#include "rph_claim.h"
#include "sti_scope.h"
#include "token_claims.h"

#include <stird/base/shortage.h>
#include <stird/core/credential.h>
#include <string.h>

struct checking {
    const struct verify_question *question;
    const struct token *token;
    const struct sti_certificate *certificate; /* NULL: none was served that can be read */
    const struct sti_way *way; /* of CERTIFICATE, by which it is judged for this token's number */
    struct verify_report *report;
    struct findings f;
};

/* ---- the message ---- */

static void check_message(struct checking *v)
{
    const struct verify_question *q = v->question;
    if (!q->has_message || q->message_is_piece)
        return;
    if (q->message_fault.n > 0)
        FAILED(&v->f, VERIFY_MESSAGE, "the message cannot be read: %.*s",
               STR_ARG(finding_text(&v->f, q->message_fault)));
    else
        found_good(&v->f, VERIFY_MESSAGE);
}

/* ---- the time ---- */

/* Whatever the token says and the question allows: nothing overflows. */
static int64_t age_of(int64_t now_s, int64_t iat_s)
{
    int64_t age;
    return __builtin_sub_overflow(now_s, iat_s, &age) ? INT64_MAX : age;
}

static void check_fresh(struct checking *v)
{
    const struct verify_question *q = v->question;
    int64_t iat = v->token->iat_s, age = age_of(q->now_s, iat);
    if (!v->token->has_iat)
        return;
    if (iat <= 0)
        FAILED(&v->f, VERIFY_FRESH, "iat is %lld: no signer was there", (long long)iat);
    else if (q->time_is_guessed)
        NOT_DONE(&v->f, VERIFY_FRESH, "when it was seen is not known: --at TIME tells it");
    else if (age > q->max_age_s)
        FAILED(&v->f, VERIFY_FRESH, "iat is %lld s old, more than %lld", (long long)age,
               (long long)q->max_age_s);
    else if (age < -q->max_age_s)
        FAILED(&v->f, VERIFY_FRESH, "iat is %lld s ahead, more than %lld", (long long)-age,
               (long long)q->max_age_s);
    else if (q->has_message && q->date_s > 0 && q->date_s != iat)
        WARNED(&v->f, VERIFY_FRESH, "Date is %lld s behind iat", (long long)(iat - q->date_s));
    else
        found_good(&v->f, VERIFY_FRESH);
}

/* ---- its numbers ---- */

static bool has_claim(const struct token *t, enum passport_claim claim)
{
    return t->type && t->type->fault[claim];
}

/* Whether the token says a URI in place of a number. URIs are not compared with the message. */
static bool is_uri_alone(struct checking *v, enum verify_check check, struct str claim,
                         struct str uri)
{
    bool alone = claim.n == 0 && uri.n > 0 && v->f.of[VERIFY_CLAIMS].result != VERIFY_FAILED;
    if (alone)
        NOT_DONE(&v->f, check, "the token says %.*s: URIs are not compared",
                 STR_ARG(finding_text(&v->f, uri)));
    return alone;
}

/* Whether a number of the token has to be that of the message. Those of div are compared with those
   of shaken, and with a diversion dest of shaken is where it begins (div_chain.h). */
static bool is_compared(const struct verify_question *q, enum passport_claim claim)
{
    return has_claim(q->token, claim) && !has_claim(q->token, CLAIM_DIV) &&
           !(claim == CLAIM_DEST && q->is_diverted && q->token->type->decides);
}

/* CLAIM is empty when the token has none: it then equals nothing. */
static void compare(struct checking *v, enum verify_check check, struct str claim,
                    const struct tn *tn)
{
    if (!v->question->has_message || !v->token->payload_json)
        return;
    struct str says = claim.n > 0 ? finding_text(&v->f, claim) : STR("no number");
    if (!tn)
        FAILED(&v->f, check, "the token says %.*s, the message shows no telephone number",
               STR_ARG(says));
    else if (claim.n == 0 || !str_eq(claim, tn_str(tn)))
        FAILED(&v->f, check, "the token says %.*s, the message %.*s", STR_ARG(says),
               STR_ARG(tn_str(tn)));
    else
        found_good(&v->f, check);
}

static void check_orig(struct checking *v)
{
    const struct token *t = v->token;
    /* Of several callers nobody knows which one to compare. */
    if (v->f.of[VERIFY_MESSAGE].result == VERIFY_FAILED)
        NOT_DONE(&v->f, VERIFY_ORIG, "the message does not tell who calls");
    else if (is_compared(v->question, CLAIM_ORIG) &&
             !is_uri_alone(v, VERIFY_ORIG, t->orig, t->orig_uri))
        compare(v, VERIFY_ORIG, t->orig, v->question->orig);
}

/* To is copied with the token, so it says nothing of where this call goes: a Request-URI with
   another number, to which no div leads, is what a replay to somebody else looks like. */
static void look_elsewhere(struct checking *v)
{
    const struct verify_question *q = v->question;
    if (q->requested && !token_calls(v->token, q->requested))
        WARNED(&v->f, VERIFY_DEST,
               "the Request-URI is another number, %.*s, and no div leads there",
               STR_ARG(tn_str(q->requested)));
}

/* To is what verifiers compare (RFC 8224 section 6.2): what the Request-URI says only explains. */
static void check_dest(struct checking *v)
{
    const struct verify_question *q = v->question;
    struct verify_finding *f = &v->report->finding[VERIFY_DEST];
    if (!is_compared(q, CLAIM_DEST) ||
        is_uri_alone(v, VERIFY_DEST, v->token->dest, v->token->dest_uri))
        return;
    if (token_calls(v->token, q->dest))
        v->report->dest = arena_copy(v->f.arena, tn_str(q->dest));
    compare(v, VERIFY_DEST, v->report->dest, q->dest);
    if (f->result == VERIFY_FAILED && token_calls(v->token, q->requested))
        FAILED(&v->f, VERIFY_DEST,
               "%.*s: it is made for the Request-URI's number %.*s (dest = request_uri, or To was "
               "changed), and verifiers compare To",
               STR_ARG(f->text), STR_ARG(tn_str(q->requested)));
    else if (f->result == VERIFY_PASSED)
        look_elsewhere(v);
}

static bool is_of_a_diversion(const struct verify_question *q)
{
    return has_claim(q->token, CLAIM_DIV) ||
           (q->is_diverted && q->token->type && q->token->type->decides);
}

/* A token alone does not tell: whoever has all of a call puts another finding in its place. */
static void check_div(struct checking *v)
{
    if (is_of_a_diversion(v->question))
        NOT_DONE(&v->f, VERIFY_DIV, "the call's other tokens tell");
}

/* ---- its priorities ---- */

static void check_rph(struct checking *v)
{
    const struct token *t = v->token;
    struct str value;
    if (!has_claim(t, CLAIM_RPH) || !v->question->has_message || !t->payload_json ||
        v->f.of[VERIFY_CLAIMS].result == VERIFY_FAILED)
        return;
    const char *why = rph_claim_differs(t->payload_json, v->question->priority, &value);
    if (why)
        FAILED(&v->f, VERIFY_RPH, "%s: %.*s", why, STR_ARG(finding_text(&v->f, value)));
    else
        found_good(&v->f, VERIFY_RPH);
}

/* ---- the certificate ---- */

static bool key_fits(const struct checking *v)
{
    return v->certificate->algorithm && v->certificate->algorithm == v->token->algorithm;
}

static void check_fetch(struct checking *v)
{
    const struct verify_question *q = v->question;
    if (q->certificate_fault)
        FAILED(&v->f, VERIFY_FETCH, "%s", q->certificate_fault);
    else if (q->certificate && !q->certificate_is_given)
        found_good(&v->f, VERIFY_FETCH);
}

/* Whose number the certificate answers for: who diverts, for the number that was called before. */
static struct str number_of(const struct token *t)
{
    return has_claim(t, CLAIM_DIV) ? t->div : t->orig;
}

/* Whether one of DOMAINS may vouch for the token's number. */
static bool is_vouched_by(const struct checking *v, uint32_t domains)
{
    const struct str says = number_of(v->token);
    return !v->question->image || domains == 0 || says.n == 0 ||
           trust_image_vouches(v->question->image, domains, says);
}

/* By its way alone: what it is by itself is the same by all. */
static enum verify_result result_by(const struct checking *v, const struct sti_way *way)
{
    struct tn tn;
    struct str claim;
    const struct sti_scope *scope = sti_way_scope(v->certificate, way);
    if (!tn_from_digits(&tn, number_of(v->token)))
        tn.n = 0;
    if (way->widens || !sti_scope_covers(scope, &tn) ||
        sti_scope_refuse(scope, v->token->payload_json, &claim))
        return VERIFY_FAILED;
    return way->revoked == TRUST_NOT_KNOWN && way->crl_is_needed ? VERIFY_NOT_DONE : VERIFY_PASSED;
}

static bool is_better(enum verify_result result, enum verify_result than)
{
    return than == VERIFY_FAILED ? result != VERIFY_FAILED
                                 : result == VERIFY_PASSED && than != VERIFY_PASSED;
}

/*
 * A number counts where one domain that may vouch for it finds nothing wrong: no two of them say
 * together what neither says alone. So of those that may, the first that lets it pass, else the
 * first that leaves it open, else the first; where none may, the first of all.
 */
static void choose_way(struct checking *v)
{
    const struct sti_certificate *c = v->certificate;
    enum verify_result best = VERIFY_FAILED;
    bool vouched = false;
    if (!c)
        return;
    v->way = &c->ways[0];
    for (unsigned i = 0; i < c->n_ways && c->n_ways > 1; i++) {
        if (!is_vouched_by(v, UINT32_C(1) << c->ways[i].domain))
            continue;
        const enum verify_result result = result_by(v, &c->ways[i]);
        if (!vouched || is_better(result, best)) {
            v->way = &c->ways[i];
            best = result;
        }
        vouched = true;
    }
    v->report->domain = v->way->domain;
}

static void check_certificate(struct checking *v)
{
    const struct sti_certificate *c = v->question->certificate;
    if (!c)
        return;
    if (c->unreadable) {
        FAILED(&v->f, VERIFY_CERTIFICATE,
               "what the URL serves holds no certificate, or a broken one: %s", c->unreadable);
        return;
    }
    v->report->spc = c->spc;
    v->report->subject = arena_copy(v->f.arena, str_slice(c->subject, 0, VERIFY_SUBJECT_MAX));
    const char *why = sti_certificate_fault(c);
    if (!why)
        why = v->way->widens;
    if (!why && v->token->type && !key_fits(v))
        why = v->token->algorithm->key_fault;
    if (why)
        FAILED(&v->f, VERIFY_CERTIFICATE, "%s", why);
    else
        found_good(&v->f, VERIFY_CERTIFICATE);
}

/* Its form is the token's own matter. */
static void check_signature(struct checking *v)
{
    const struct token *t = v->token;
    if (!t->has_signature || !v->certificate || !key_fits(v))
        return;
    if (t->algorithm->verify(v->certificate->verifier, t->signed_octets, t->signature))
        found_good(&v->f, VERIFY_SIGNATURE);
    else
        FAILED(&v->f, VERIFY_SIGNATURE, "it does not verify");
}

static void check_dates(struct checking *v)
{
    const struct sti_certificate *c = v->certificate;
    if (!c)
        return;
    int64_t from = c->not_before_s, to = c->not_after_s, now = v->question->now_s;
    if (c->fault[STI_DATES])
        FAILED(&v->f, VERIFY_DATES, "%s", c->fault[STI_DATES]);
    else if (now < from)
        FAILED(&v->f, VERIFY_DATES, "it is in force in %lld s", (long long)(from - now));
    else if (now > to)
        FAILED(&v->f, VERIFY_DATES, "it expired %lld s ago", (long long)(now - to));
    else
        found_good(&v->f, VERIFY_DATES);
}

/* Whether the findings on chain and revocation still hold at the time of the question. */
static bool is_still_judged(struct checking *v, enum verify_check check)
{
    bool still = sti_certificate_is_judged(v->certificate, v->question->now_s);
    if (!still)
        NOT_DONE(&v->f, check, "not known: it was judged for another time");
    return still;
}

static void check_chain(struct checking *v)
{
    const struct sti_certificate *c = v->certificate;
    if (!c || !c->has_anchors)
        return;
    if (!is_still_judged(v, VERIFY_CHAIN))
        return;
    if (c->is_open)
        NOT_DONE(&v->f, VERIFY_CHAIN,
                 "not known: a list of authorities is not at hand, or has ended");
    else if (c->by_anchors.chain)
        FAILED(&v->f, VERIFY_CHAIN, "%s", c->by_anchors.chain);
    else
        found_good(&v->f, VERIFY_CHAIN);
}

/* What is revoked stays so: no other time excuses it. */
static void check_revoked(struct checking *v)
{
    const struct sti_way *way = v->way;
    if (!way || way->revoked == TRUST_NO_LISTS)
        return;
    if (way->revoked == TRUST_REVOKED)
        FAILED(&v->f, VERIFY_REVOKED, "it is revoked");
    else if (way->revoked == TRUST_NOT_KNOWN)
        NOT_DONE(&v->f, VERIFY_REVOKED, "not known: %s", way->not_known);
    else if (is_still_judged(v, VERIFY_REVOKED))
        found_good(&v->f, VERIFY_REVOKED);
}

/* Whether a domain that could not be asked might vouch for the token's number. */
static bool might_be_vouched(const struct checking *v)
{
    const struct trust_image *i = v->question->image;
    return i && trust_image_might_vouch(i, v->certificate->unheard, number_of(v->token));
}

/* Only where the certificate itself passed: then its numbers and constraints mean something. A
   token without a number fits only a certificate for all numbers. */
static void check_scope(struct checking *v)
{
    struct tn orig;
    struct str claim = {NULL, 0}, says = number_of(v->token),
               uri = has_claim(v->token, CLAIM_DIV) ? v->token->div_uri : v->token->orig_uri;
    bool lacks = says.n == 0 && has_claim(v->token, CLAIM_ORIG) && uri.n == 0;
    if (v->f.of[VERIFY_CERTIFICATE].result != VERIFY_PASSED || !v->token->type || lacks)
        return;
    if (!tn_from_digits(&orig, says))
        orig.n = 0;
    const struct sti_scope *scope = sti_way_scope(v->certificate, v->way);
    const char *why = sti_scope_refuse(scope, v->token->payload_json, &claim);
    const bool vouched = is_vouched_by(v, v->certificate->domains);
    v->report->is_foreign = !vouched;
    if (!vouched && !might_be_vouched(v))
        FAILED(&v->f, VERIFY_SCOPE, "its domain of trust may not vouch for %.*s",
               STR_ARG(finding_text(&v->f, says)));
    else if (!sti_scope_covers(scope, &orig))
        FAILED(&v->f, VERIFY_SCOPE, "its numbers do not hold %.*s",
               STR_ARG(says.n > 0 ? finding_text(&v->f, says) : STR("a token without one")));
    else if (why)
        FAILED(&v->f, VERIFY_SCOPE, "by its constraints the claim %.*s %s",
               STR_ARG(finding_text(&v->f, claim)), why);
    else if (!vouched)
        NOT_DONE(&v->f, VERIFY_SCOPE,
                 "not known: its domain of trust may not vouch for %.*s, and one that might is not "
                 "at hand",
                 STR_ARG(finding_text(&v->f, says)));
    else
        found_good(&v->f, VERIFY_SCOPE);
}

/* ---- all of them ---- */

/* In an order in which each finds what it needs; verify.def has the order in which they decide. */
static void (*const steps[])(struct checking *v) = {
    check_message, check_fresh, check_orig,    check_dest,        check_div,
    check_rph,     check_fetch, choose_way,    check_certificate, check_signature,
    check_dates,   check_chain, check_revoked, check_scope,
};

static bool is_needed(const struct checking *v, enum verify_need need)
{
    const struct verify_question *q = v->question;
    switch (need) {
    case NEED_ALWAYS:
        return true;
    case NEED_TO_FETCH:
        return !q->certificate_is_given;
    case NEED_WITH_ORIG:
        return is_compared(q, CLAIM_ORIG);
    case NEED_WITH_DEST:
        return is_compared(q, CLAIM_DEST);
    case NEED_WITH_DIV:
        return is_of_a_diversion(q);
    case NEED_WITH_RCD:
        return has_claim(q->token, CLAIM_RCD) || rcd_claim_is_there(q->token->payload_json);
    case NEED_WITH_RPH:
        return has_claim(q->token, CLAIM_RPH);
    case NEED_WITH_CRLS:
        return v->way && v->way->revoked != TRUST_NO_LISTS &&
               (v->way->revoked != TRUST_NOT_KNOWN || v->way->crl_is_needed);
    case NEED_WITH_WHOLE:
        return q->has_message && !q->message_is_piece;
    }
    return true;
}

/* Checks for which a warning still counts as passed: elsewhere it means that the check could not be
   finished. */
static const bool may_warn[VERIFY_CHECKS] = {
    [VERIFY_CLAIMS] = true, [VERIFY_FRESH] = true, [VERIFY_DEST] = true};

static bool was_passed(const struct verify_report *r, int check)
{
    enum verify_result result = r->finding[check].result;
    return result == VERIFY_PASSED || (result == VERIFY_WARNED && may_warn[check]);
}

void verify_decide(struct verify_report *r)
{
    bool all = true;
    r->verdict = TOKEN_OPEN;
    r->sip_status = 0;
    for (int i = 0; i < VERIFY_CHECKS; i++) {
        if (r->finding[i].result == VERIFY_FAILED) {
            r->verdict = i == VERIFY_PPT ? TOKEN_IGNORED : TOKEN_INVALID;
            r->decided = (enum verify_check)i;
            r->sip_status = verify_check_status((enum verify_check)i);
            return;
        }
        all = all && (!r->needed[i] || was_passed(r, i));
    }
    if (all)
        r->verdict = TOKEN_VALID;
}

/* What a record of it says. */
static void take_claims(struct verify_report *report, const struct token *t)
{
    report->attest = t->attest;
    report->orig = t->orig;
    report->dest = t->dest;
    report->iat_s = t->iat_s;
    memcpy(report->finding, t->finding, sizeof(report->finding));
}

bool verify(const struct verify_question *q, struct arena *arena, struct verify_report *report)
{
    const unsigned long before = shortages();
    *report = (struct verify_report){.verdict = TOKEN_OPEN, .domain = TRUST_NO_DOMAIN};
    take_claims(report, q->token);
    struct checking v = {
        .question = q,
        .token = q->token,
        .certificate = q->certificate && !q->certificate->unreadable ? q->certificate : NULL,
        .report = report,
        .f = {arena, report->finding},
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        steps[i](&v);
    for (int i = 0; i < VERIFY_CHECKS; i++)
        report->needed[i] = is_needed(&v, verify_check_need((enum verify_check)i));
    verify_decide(report);
    return shortages() == before && findings_are_whole(&v.f);
}

struct str token_verdict_name(enum token_verdict verdict)
{
    static const char *const names[] = {
        [TOKEN_VALID] = "valid",
        [TOKEN_INVALID] = "invalid",
        [TOKEN_IGNORED] = "ignored",
        [TOKEN_OPEN] = "open",
    };
    return str_of(names[verdict]);
}
