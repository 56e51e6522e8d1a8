/*
 * The checks of verify.def, each a function that adds its finding. A check whose ground is missing
 * says nothing (NOT_DONE); none relies on another having passed, but on what it left behind.
 */
#include <stird/core/verify.h>

#include "sti_scope.h"
#include "tn_auth_list.h"

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <stird/core/certificate_text.h>
#include <stird/core/credential.h>
#include <stird/core/number_plan.h>
#include <stird/core/x5u.h>
#include <string.h>

struct verification {
    const struct verify_question *question;
    struct arena *arena;
    struct verify_report *report;
    enum identity_kind kind;
    json_t *header, *payload;
    STACK_OF(X509) * chain;
    X509 *leaf; /* of the chain */
    struct sti_certificate judged;
};

static void found(struct verification *v, enum verify_check check, enum verify_result result,
                  struct str text)
{
    v->report->finding[check] = (struct verify_finding){result, text};
}

static void passed(struct verification *v, enum verify_check check)
{
    found(v, check, VERIFY_PASSED, STR(""));
}

#define FAILED(v, check, ...)                                                                      \
    found((v), (check), VERIFY_FAILED, arena_printf((v)->arena, __VA_ARGS__))
/* What was done, and passed: what could not be done is NOT_DONE. */
#define WARNED(v, check, ...)                                                                      \
    found((v), (check), VERIFY_WARNED, arena_printf((v)->arena, __VA_ARGS__))
#define NOT_DONE(v, check, ...)                                                                    \
    found((v), (check), VERIFY_NOT_DONE, arena_printf((v)->arena, __VA_ARGS__))

/* ---- the header's form ---- */

static struct str shown(struct verification *v, struct str text)
{
    struct buf escaped = BUF_INIT;
    buf_add_escaped(&escaped, str_slice(text, 0, 80));
    struct str copy = arena_copy(v->arena, buf_str(&escaped));
    buf_fini(&escaped);
    return copy;
}

static void check_message(struct verification *v)
{
    const struct verify_question *q = v->question;
    if (!q->has_message || q->message_is_piece)
        return;
    if (q->message_fault.n > 0)
        FAILED(v, VERIFY_MESSAGE, "the message cannot be read: %.*s",
               STR_ARG(shown(v, q->message_fault)));
    else
        passed(v, VERIFY_MESSAGE);
}

static void check_syntax(struct verification *v)
{
    v->kind = identity_parse(v->question->value, &v->report->identity);
    if (v->kind == IDENTITY_EMPTY)
        FAILED(v, VERIFY_SYNTAX, "the header is empty");
    else if (v->report->identity.fault)
        FAILED(v, VERIFY_SYNTAX, "%s", v->report->identity.fault);
    else
        passed(v, VERIFY_SYNTAX);
}

static bool is_readable(const struct verification *v)
{
    return v->kind != IDENTITY_EMPTY && !v->report->identity.fault;
}

static void check_form(struct verification *v)
{
    if (!is_readable(v))
        return;
    if (v->report->identity.compact)
        FAILED(v, VERIFY_FORM, "it is in compact form");
    else
        passed(v, VERIFY_FORM);
}

/* ---- JSON ---- */

static json_t *read_object(struct verification *v, enum verify_check check, struct str coded,
                           struct str *text)
{
    struct buf bytes = BUF_INIT;
    json_error_t error;
    json_t *object = NULL;
    if (!base64url_decode(&bytes, coded)) {
        FAILED(v, check, "it is not base64url in the one right form (RFC 7515 section 2)");
    } else {
        *text = arena_copy(v->arena, buf_str(&bytes));
        object = json_loadb(bytes.n > 0 ? bytes.p : "", bytes.n, JSON_REJECT_DUPLICATES, &error);
        if (json_is_object(object)) {
            passed(v, check);
        } else {
            FAILED(v, check, "%s", object ? "it is no JSON object" : error.text);
            json_decref(object);
            object = NULL;
        }
    }
    buf_fini(&bytes);
    return object;
}

/* Of a header that is not well formed, as one whose alg is none and which has no signature. */
static void look_into_unreadable(struct verification *v)
{
    struct str value = str_trim(v->question->value);
    struct buf bytes = BUF_INIT;
    if (base64url_decode(&bytes, str_slice(value, 0, str_find(value, '.', 0))) && bytes.n > 0)
        v->header = json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, NULL);
    buf_fini(&bytes);
}

static void check_header(struct verification *v)
{
    if (!is_readable(v))
        look_into_unreadable(v);
    else if (!v->report->identity.compact)
        v->header = read_object(v, VERIFY_HEADER, v->report->identity.header, &v->report->header);
}

static void check_payload(struct verification *v)
{
    if (is_readable(v) && !v->report->identity.compact)
        v->payload = read_object(v, VERIFY_PAYLOAD, v->report->identity.payload,
                                 &v->report->payload);
}

/* {NULL, 0} when there is no such text. Borrowed. */
static struct str member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? (struct str){json_string_value(value), json_string_length(value)}
                                 : (struct str){NULL, 0};
}

/* What the network wrote is shown cut and without control characters. */
static void check_alg(struct verification *v)
{
    if (!json_is_object(v->header))
        return;
    struct str alg = member(v->header, "alg"), parameter = v->report->identity.alg;
    if (!str_eq(alg, STR("ES256")))
        FAILED(v, VERIFY_ALG, "the token says %.*s",
               STR_ARG(alg.p ? shown(v, alg) : STR("nothing")));
    else if (!is_readable(v))
        return;
    else if (!str_eq(parameter, alg))
        FAILED(v, VERIFY_ALG, "the token says ES256, the parameter %.*s",
               STR_ARG(shown(v, parameter)));
    else
        passed(v, VERIFY_ALG);
}

/* Of token and parameter: a signer writes both, and they are one (RFC 8224 section 4, RFC 8225
 * section 8.2). Without a token (compact form, no JSON) the parameter alone says the type. */
static bool types_agree(const struct verification *v)
{
    const json_t *ppt = json_object_get(v->header, "ppt");
    return !v->header || ((!ppt || json_is_string(ppt)) &&
                          str_eq(member(v->header, "ppt"), v->report->identity.ppt));
}

/* One word for it is enough: what is called shaken anywhere is judged as that. */
static bool is_shaken(const struct verification *v)
{
    return is_readable(v) && (str_eq(v->report->identity.ppt, STR("shaken")) ||
                              str_eq(member(v->header, "ppt"), STR("shaken")));
}

/* A token of another type is somebody else's to verify, when it is one: not when token and
 * parameter disagree, nor when neither can be read. */
static void check_ppt(struct verification *v)
{
    bool unknown = !v->header && !v->report->identity.compact && v->report->identity.ppt.n == 0;
    if (!is_readable(v))
        return;
    if (is_shaken(v))
        passed(v, VERIFY_PPT);
    else if (types_agree(v) && !unknown)
        FAILED(v, VERIFY_PPT, "it is of type \"%.*s\"", STR_ARG(shown(v, v->report->identity.ppt)));
}

static struct str or_missing(struct verification *v, struct str text)
{
    return text.n > 0 ? shown(v, text) : STR("missing");
}

static void check_type(struct verification *v)
{
    if (!v->header || !is_readable(v))
        return;
    struct str typ = member(v->header, "typ");
    if (!str_eq(typ, STR("passport")))
        FAILED(v, VERIFY_TYPE, "typ is %.*s", STR_ARG(or_missing(v, typ)));
    else if (!types_agree(v))
        FAILED(v, VERIFY_TYPE, "ppt is %.*s in the token, %.*s in the parameter",
               STR_ARG(or_missing(v, member(v->header, "ppt"))),
               STR_ARG(or_missing(v, v->report->identity.ppt)));
    else
        passed(v, VERIFY_TYPE);
}

static void check_crit(struct verification *v)
{
    if (!v->header || !is_readable(v))
        return;
    if (json_object_get(v->header, "crit"))
        FAILED(v, VERIFY_CRIT, "the token has crit (RFC 7515 section 4.1.11)");
    else
        passed(v, VERIFY_CRIT);
}

static void check_url(struct verification *v)
{
    if (!is_readable(v))
        return;
    struct str info = v->report->identity.info;
    const char *why = x5u_fault(info);
    if (why)
        FAILED(v, VERIFY_URL, "%.*s %s", STR_ARG(shown(v, info)), why);
    else
        passed(v, VERIFY_URL);
}

static void check_x5u(struct verification *v)
{
    if (!v->header || !is_readable(v))
        return;
    struct str x5u = member(v->header, "x5u");
    if (!x5u.p)
        FAILED(v, VERIFY_X5U, "the token has no x5u");
    else if (!str_eq(x5u, v->report->identity.info))
        FAILED(v, VERIFY_X5U, "x5u is %.*s, info %.*s", STR_ARG(shown(v, x5u)),
               STR_ARG(shown(v, v->report->identity.info)));
    else
        passed(v, VERIFY_X5U);
}

/* ---- the claims ---- */

static bool is_uuid(struct str s)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (s.n != sizeof(form) - 1)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool hex = ascii_is_digit(s.p[i]) || (s.p[i] >= 'a' && s.p[i] <= 'f') ||
                   (s.p[i] >= 'A' && s.p[i] <= 'F');
        if (form[i] == '-' ? s.p[i] != '-' : !hex)
            return false;
    }
    return true;
}

static struct str text_of(const json_t *value)
{
    return json_is_string(value) ? (struct str){json_string_value(value), json_string_length(value)}
                                 : (struct str){NULL, 0};
}

static const char *read_attest(struct verification *v)
{
    struct str attest = member(v->payload, "attest");
    v->report->attest = arena_copy(v->arena, attest);
    return attest.n == 1 && strchr("ABC", attest.p[0]) ? NULL : "attest is none of A, B, C";
}

/* NumericDate, whole seconds (RFC 8225 section 5.1.1); which seconds is asked by check_fresh(). */
static const char *read_iat(struct verification *v)
{
    const json_t *iat = json_object_get(v->payload, "iat");
    v->report->has_iat = json_is_integer(iat);
    v->report->iat_s = json_integer_value(iat);
    return v->report->has_iat ? NULL : "iat is no whole number of seconds";
}

/* {"tn":"..."}: one identity, a tn or a uri (RFC 8225 section 5.2.1); SHAKEN vouches for a tn. */
static const char *read_orig(struct verification *v)
{
    const json_t *orig = json_object_get(v->payload, "orig");
    struct str tn = member(orig, "tn");
    v->report->orig = arena_copy(v->arena, tn);
    if (json_object_get(orig, "uri"))
        return json_object_get(orig, "tn") ? "orig has both tn and uri" : "orig has a uri, no tn";
    if (!tn.p)
        return "orig has no tn";
    return tn_auth_list_is_number(tn) ? NULL
                                      : "orig.tn is no canonical number: 1 to 15 digits, no plus";
}

static const char *list_fault(const json_t *list, bool numbers)
{
    if (!json_is_array(list) || json_array_size(list) == 0)
        return numbers ? "dest has no list of tn" : "dest.uri is no list";
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str one = text_of(json_array_get(list, i));
        if (numbers ? !tn_auth_list_is_number(one) : one.n == 0)
            return numbers ? "dest has a tn that is no canonical number: 1 to 15 digits, no plus"
                           : "dest has a uri that is no text";
    }
    return NULL;
}

/* {"tn":["..."]}, perhaps with uri beside it (RFC 8225 section 5.2.1). */
static const char *read_dest(struct verification *v)
{
    const json_t *dest = json_object_get(v->payload, "dest");
    const json_t *tn = json_object_get(dest, "tn"), *uri = json_object_get(dest, "uri");
    v->report->dest = arena_copy(v->arena, text_of(json_array_get(tn, 0)));
    const char *why = list_fault(tn, true);
    return why || !uri ? why : list_fault(uri, false);
}

static const char *read_origid(struct verification *v)
{
    struct str origid = member(v->payload, "origid");
    v->report->origid = arena_copy(v->arena, origid);
    return origid.n > 0 ? NULL : "origid is missing";
}

/* All are read, so that a report shows what there is; the first fault is told. */
static const char *read_claims(struct verification *v)
{
    static const char *(*const claims[])(struct verification * v) = {
        read_attest, read_iat, read_orig, read_dest, read_origid};
    const char *why = NULL;
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        const char *fault = claims[i](v);
        why = why ? why : fault;
    }
    return why;
}

static void check_claims(struct verification *v)
{
    if (!v->payload || !is_shaken(v))
        return;
    struct tn orig;
    const char *why = read_claims(v);
    enum tn_fault odd = tn_from_digits(&orig, v->report->orig) ? number_plan_check(&orig)
                                                               : TN_BAD_CHARACTER;
    if (why)
        FAILED(v, VERIFY_CLAIMS, "%s", why);
    else if (odd != TN_OK)
        WARNED(v, VERIFY_CLAIMS, "orig.tn %.*s is a number that nobody can have: %.*s",
               STR_ARG(shown(v, v->report->orig)), STR_ARG(tn_fault_text(odd)));
    else if (!is_uuid(v->report->origid))
        WARNED(v, VERIFY_CLAIMS, "origid is no UUID (RFC 8588 section 5)");
    else
        passed(v, VERIFY_CLAIMS);
}

/* Whatever the token says and the question allows: nothing overflows. */
static int64_t age_of(int64_t now_s, int64_t iat_s)
{
    int64_t age;
    return __builtin_sub_overflow(now_s, iat_s, &age) ? INT64_MAX : age;
}

static void check_fresh(struct verification *v)
{
    const struct verify_question *q = v->question;
    int64_t iat = v->report->iat_s, age = age_of(q->now_s, iat);
    if (!v->report->has_iat)
        return;
    if (iat <= 0)
        FAILED(v, VERIFY_FRESH, "iat is %lld: no signer was there", (long long)iat);
    else if (q->time_is_guessed)
        NOT_DONE(v, VERIFY_FRESH, "when it was seen is not known: --at TIME tells it");
    else if (age > q->max_age_s)
        FAILED(v, VERIFY_FRESH, "iat is %lld s old, more than %lld", (long long)age,
               (long long)q->max_age_s);
    else if (age < -q->max_age_s)
        FAILED(v, VERIFY_FRESH, "iat is %lld s ahead, more than %lld", (long long)-age,
               (long long)q->max_age_s);
    else if (q->has_message && q->date_s > 0 && q->date_s != iat)
        WARNED(v, VERIFY_FRESH, "Date is %lld s behind iat", (long long)(iat - q->date_s));
    else
        passed(v, VERIFY_FRESH);
}

/* CLAIM is empty when the token has none: it then equals nothing. */
static void compare(struct verification *v, enum verify_check check, struct str claim,
                    const struct tn *tn)
{
    if (!v->question->has_message || !is_shaken(v) || !v->payload)
        return;
    struct str says = claim.n > 0 ? shown(v, claim) : STR("no number");
    if (!tn)
        FAILED(v, check, "the token says %.*s, the message shows no telephone number",
               STR_ARG(says));
    else if (claim.n == 0 || !str_eq(claim, tn_str(tn)))
        FAILED(v, check, "the token says %.*s, the message %.*s", STR_ARG(says),
               STR_ARG(tn_str(tn)));
    else
        passed(v, check);
}

static void check_orig(struct verification *v)
{
    compare(v, VERIFY_ORIG, v->report->orig, v->question->orig);
}

/* Any of the numbers may be the one (RFC 8225 section 5.2.1). False: TN is none of them, or NULL.
 */
static bool is_called(const struct verification *v, const struct tn *tn)
{
    const json_t *dest = json_object_get(json_object_get(v->payload, "dest"), "tn");
    for (size_t i = 0; tn && i < json_array_size(dest); i++) {
        struct str text = text_of(json_array_get(dest, i));
        if (text.n > 0 && str_eq(text, tn_str(tn)))
            return true;
    }
    return false;
}

/* To is what verifiers compare (RFC 8224 section 6.2): what the Request-URI says only explains. */
static void check_dest(struct verification *v)
{
    const struct verify_question *q = v->question;
    struct verify_finding *f = &v->report->finding[VERIFY_DEST];
    if (is_called(v, q->dest))
        v->report->dest = arena_copy(v->arena, tn_str(q->dest));
    compare(v, VERIFY_DEST, v->report->dest, q->dest);
    if (f->result == VERIFY_FAILED && is_called(v, q->requested))
        FAILED(v, VERIFY_DEST,
               "%.*s: it is made for the Request-URI's number %.*s (dest = request_uri, or To was "
               "changed), and verifiers compare To",
               STR_ARG(f->text), STR_ARG(tn_str(q->requested)));
}

/* ---- the certificate ---- */

static void check_fetch(struct verification *v)
{
    const struct verify_question *q = v->question;
    if (q->chain_fault)
        FAILED(v, VERIFY_FETCH, "%s", q->chain_fault);
    else if (q->chain.n > 0 && !q->chain_is_given)
        passed(v, VERIFY_FETCH);
}

static void check_certificate(struct verification *v)
{
    struct text_fault fault;
    if (v->question->chain.n == 0)
        return;
    v->chain = certificates_read(v->question->chain, &fault);
    if (!v->chain) {
        FAILED(v, VERIFY_CERTIFICATE,
               "what the URL serves holds no certificate, or a broken one: %s", fault.why);
        return;
    }
    v->leaf = sk_X509_value(v->chain, 0);
    bool read = sti_certificate_read(&v->judged, v->chain, v->arena);
    const char *why = read ? sti_certificate_fault(&v->judged) : "no memory";
    v->report->spc = v->judged.spc;
    v->report->subject = shown(v, v->judged.subject);
    if (why)
        FAILED(v, VERIFY_CERTIFICATE, "%s", why);
    else
        passed(v, VERIFY_CERTIFICATE);
}

/* r and s are in [1, n - 1] (CVE-2022-21449). Both halves of s are good. */
static bool is_in_range(const unsigned char signature[ES256_SIGNATURE_BYTES])
{
    const int half = ES256_SIGNATURE_BYTES / 2;
    bool good = false;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    const BIGNUM *n = group ? EC_GROUP_get0_order(group) : NULL;
    BIGNUM *r = BN_bin2bn(signature, half, NULL), *s = BN_bin2bn(signature + half, half, NULL);
    if (n && r && s)
        good = !BN_is_zero(r) && !BN_is_zero(s) && BN_cmp(r, n) < 0 && BN_cmp(s, n) < 0;
    BN_free(r);
    BN_free(s);
    EC_GROUP_free(group);
    return good;
}

static void check_signature(struct verification *v)
{
    struct buf bytes = BUF_INIT;
    const struct identity *identity = &v->report->identity;
    if (!is_readable(v) || identity->compact)
        return;
    struct str octets = str_span(identity->header.p, identity->payload.p + identity->payload.n);
    if (!base64url_decode(&bytes, identity->signature))
        FAILED(v, VERIFY_SIGNATURE, "it is not base64url in the one right form");
    else if (bytes.n != ES256_SIGNATURE_BYTES)
        FAILED(v, VERIFY_SIGNATURE, "it has %zu octets and not 64%s", bytes.n,
               bytes.n > ES256_SIGNATURE_BYTES && (unsigned char)bytes.p[0] == 0x30
                   ? ": it is in DER, where JWS has r and s alone (RFC 7518 section 3.4)"
                   : "");
    else if (!is_in_range((const unsigned char *)bytes.p))
        FAILED(v, VERIFY_SIGNATURE, "r or s is out of range");
    else if (v->judged.key && !es256_verify(v->judged.key, octets, (const unsigned char *)bytes.p))
        FAILED(v, VERIFY_SIGNATURE, "it does not verify");
    else if (v->judged.key)
        passed(v, VERIFY_SIGNATURE);
    buf_fini(&bytes);
}

static void check_dates(struct verification *v)
{
    int64_t from = v->judged.not_before_s, to = v->judged.not_after_s, now = v->question->now_s;
    if (!v->leaf)
        return;
    if (v->judged.fault[STI_DATES])
        FAILED(v, VERIFY_DATES, "%s", v->judged.fault[STI_DATES]);
    else if (now < from)
        FAILED(v, VERIFY_DATES, "it is in force in %lld s", (long long)(from - now));
    else if (now > to)
        FAILED(v, VERIFY_DATES, "it expired %lld s ago", (long long)(now - to));
    else
        passed(v, VERIFY_DATES);
}

static void check_chain(struct verification *v)
{
    if (!v->leaf || !v->question->trust)
        return;
    const char *why = trust_check_chain(v->question->trust, v->leaf, v->chain, v->question->now_s);
    if (why)
        FAILED(v, VERIFY_CHAIN, "%s", why);
    else
        passed(v, VERIFY_CHAIN);
}

static void check_revoked(struct verification *v)
{
    bool revoked = false;
    if (!v->leaf || !v->question->trust || !trust_has_crls(v->question->trust))
        return;
    const char *why = trust_check_revoked(v->question->trust, v->leaf, v->chain, v->question->now_s,
                                          &revoked);
    if (revoked)
        FAILED(v, VERIFY_REVOKED, "it is revoked");
    else if (why)
        NOT_DONE(v, VERIFY_REVOKED, "not known: %s", why);
    else
        passed(v, VERIFY_REVOKED);
}

static void check_scope(struct verification *v)
{
    struct tn orig;
    struct str claim = {NULL, 0};
    if (v->report->finding[VERIFY_CERTIFICATE].result != VERIFY_PASSED || v->report->orig.n == 0)
        return;
    if (!tn_from_digits(&orig, v->report->orig))
        orig.n = 0;
    const char *why = sti_scope_refuse(&v->judged.scope, v->payload, &claim);
    if (!sti_scope_covers(&v->judged.scope, &orig))
        FAILED(v, VERIFY_SCOPE, "its numbers do not hold %.*s", STR_ARG(shown(v, v->report->orig)));
    else if (why)
        FAILED(v, VERIFY_SCOPE, "by its constraints the claim %.*s %s", STR_ARG(shown(v, claim)),
               why);
    else
        passed(v, VERIFY_SCOPE);
}

/* ---- all of them ---- */

enum need { ALWAYS, TO_FETCH, WITH_CRLS, WITH_WHOLE };

static const struct {
    const char *name, *text, *advice;
    int status;
    enum need need;
} checks[VERIFY_CHECKS] = {
#define CHECK(upper, lower, code, when, what, todo)                                                \
    [VERIFY_##upper] = {.name = lower, .text = what, .advice = todo, .status = code, .need = when},
#include <stird/core/verify.def>
#undef CHECK
};

/* In an order in which each finds what it needs; verify.def has the order in which they decide. */
static void (*const steps[])(struct verification *v) = {
    check_message, check_syntax, check_form,    check_header, check_alg,         check_ppt,
    check_type,    check_crit,   check_url,     check_x5u,    check_payload,     check_claims,
    check_fresh,   check_orig,   check_dest,    check_fetch,  check_certificate, check_signature,
    check_dates,   check_chain,  check_revoked, check_scope,
};

static bool is_needed(const struct verify_question *q, enum need need)
{
    switch (need) {
    case ALWAYS:
        return true;
    case TO_FETCH:
        return !q->chain_is_given;
    case WITH_CRLS:
        return q->trust && trust_has_crls(q->trust);
    case WITH_WHOLE:
        return q->has_message && !q->message_is_piece;
    }
    return true;
}

/* Where something that is not as it should be takes nothing away from "passed": elsewhere a warning
   is a check that did not come to its end. */
static const bool may_warn[VERIFY_CHECKS] = {[VERIFY_CLAIMS] = true, [VERIFY_FRESH] = true};

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
            r->sip_status = checks[i].status;
            return;
        }
        all = all && (!r->needed[i] || was_passed(r, i));
    }
    if (all)
        r->verdict = TOKEN_VALID;
}

bool verify(const struct verify_question *question, struct arena *arena,
            struct verify_report *report)
{
    *report = (struct verify_report){.verdict = TOKEN_OPEN};
    struct verification v = {.question = question, .arena = arena, .report = report};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        steps[i](&v);
    for (int i = 0; i < VERIFY_CHECKS; i++)
        report->needed[i] = is_needed(question, checks[i].need);
    verify_decide(report);
    json_decref(v.header);
    json_decref(v.payload);
    sti_certificate_fini(&v.judged);
    sk_X509_pop_free(v.chain, X509_free);
    bool good = true;
    for (int i = 0; i < VERIFY_CHECKS; i++)
        good = good && (report->finding[i].result == VERIFY_NOT_DONE || report->finding[i].text.p);
    return good;
}

struct str verify_check_name(enum verify_check check)
{
    return str_of(checks[check].name);
}

struct str verify_check_text(enum verify_check check)
{
    return str_of(checks[check].text);
}

struct str verify_check_advice(enum verify_check check)
{
    return str_of(checks[check].advice);
}

int verify_check_status(enum verify_check check)
{
    return checks[check].status;
}

struct str verify_status_phrase(int sip_status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {{400, "Bad Request"},
                   {403, "Stale Date"},
                   {428, "Use Identity Header"},
                   {436, "Bad Identity Info"},
                   {437, "Unsupported Credential"},
                   {438, "Invalid Identity Header"}};
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].status == sip_status)
            return str_of(phrases[i].phrase);
    return STR("");
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
