/*
 * The checks of verify.def that a token alone answers, each a function that adds its finding. A
 * check whose ground is missing says nothing (NOT_DONE); none relies on another having passed, but
 * on what it left behind.
 */
#include <stird/core/token.h>

#include "findings.h"
#include "rcd_claim.h"
#include "token_claims.h"

#include <jansson.h>
#include <stird/base/shortage.h>
#include <stird/core/x5u.h>
#include <string.h>

struct reading {
    struct token *t;
    const struct identity_value *value;
    struct findings f;
    bool no_memory;
};

/* ---- the header's form ---- */

static void check_syntax(struct reading *r)
{
    r->t->kind = r->value->kind;
    r->t->identity = r->value->identity;
    r->t->readable = r->t->kind != IDENTITY_EMPTY && !r->t->identity.fault;
    if (r->t->kind == IDENTITY_EMPTY)
        FAILED(&r->f, VERIFY_SYNTAX, "the header is empty");
    else if (r->t->identity.fault)
        FAILED(&r->f, VERIFY_SYNTAX, "%s", r->t->identity.fault);
    else
        found_good(&r->f, VERIFY_SYNTAX);
}

static void check_form(struct reading *r)
{
    if (!r->t->readable)
        return;
    if (r->t->identity.compact)
        FAILED(&r->f, VERIFY_FORM, "it is in compact form");
    else
        found_good(&r->f, VERIFY_FORM);
}

/* ---- JSON ---- */

static json_t *read_object(struct reading *r, enum verify_check check, struct str coded,
                           struct str *text)
{
    struct buf bytes = BUF_INIT;
    json_error_t error;
    json_t *object = NULL;
    if (!base64url_decode(&bytes, coded)) {
        FAILED(&r->f, check, "it is not base64url in the one right form (RFC 7515 section 2)");
    } else {
        *text = arena_copy(r->f.arena, buf_str(&bytes));
        r->no_memory |= !text->p;
        object = json_loadb(bytes.n > 0 ? bytes.p : "", bytes.n, JSON_REJECT_DUPLICATES, &error);
        if (json_is_object(object)) {
            found_good(&r->f, check);
        } else {
            r->no_memory |= !object && json_error_code(&error) == json_error_out_of_memory;
            FAILED(&r->f, check, "%s", object ? "it is no JSON object" : error.text);
            json_decref(object);
            object = NULL;
        }
    }
    r->no_memory |= buf_failed(&bytes);
    buf_fini(&bytes);
    return object;
}

/* Reads the JSON header of a token that is not well formed, for example one with alg "none" and no
   signature. */
static void look_into_unreadable(struct reading *r)
{
    struct str value = str_trim(r->value->text);
    struct buf bytes = BUF_INIT;
    if (base64url_decode(&bytes, str_slice(value, 0, str_find(value, '.', 0))) && bytes.n > 0)
        r->t->header_json = json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, NULL);
    buf_fini(&bytes);
}

static void check_header(struct reading *r)
{
    if (!r->t->readable)
        look_into_unreadable(r);
    else if (!r->t->identity.compact)
        r->t->header_json = read_object(r, VERIFY_HEADER, r->t->identity.header, &r->t->header);
}

static void check_payload(struct reading *r)
{
    if (r->t->readable && !r->t->identity.compact)
        r->t->payload_json = read_object(r, VERIFY_PAYLOAD, r->t->identity.payload, &r->t->payload);
}

/* The parameter's type, else the token's: one that says shaken in either place is judged as shaken,
   so that no other name makes it count for less; nor does another case of it, in which it is no
   type. NULL: neither is in the table. */
static const struct passport_type *type_of(const struct token *t)
{
    const struct passport_type *said = passport_type_find(t->identity.ppt),
                               *inside = passport_type_find(json_member(t->header_json, "ppt"));
    if (inside && inside->decides)
        return inside;
    if (said || inside)
        return said ? said : inside;
    return t->kind == IDENTITY_SHAKEN ? passport_type_deciding() : NULL;
}

/* The token's type decides; for types that are not verified here any algorithm is good. */
static void check_alg(struct reading *r)
{
    if (!json_is_object(r->t->header_json))
        return;
    const struct passport_type *type = type_of(r->t);
    struct str alg = json_member(r->t->header_json, "alg"), parameter = r->t->identity.alg;
    if (!type)
        return;
    if (!str_eq(alg, type->algorithm->name))
        FAILED(&r->f, VERIFY_ALG, "the token says %.*s",
               STR_ARG(alg.p ? finding_text(&r->f, alg) : STR("nothing")));
    else if (!r->t->readable)
        return;
    else if (!str_eq(parameter, alg))
        FAILED(&r->f, VERIFY_ALG, "the token says %.*s, the parameter %.*s", STR_ARG(alg),
               STR_ARG(finding_text(&r->f, parameter)));
    else
        found_good(&r->f, VERIFY_ALG);
}

/* Whether token and parameter agree: a signer writes both, and they have to be equal (RFC 8224
   section 4, RFC 8225 section 8.2). Without a token (compact form, no JSON) the parameter alone
   gives the type. */
static bool types_agree(const struct reading *r)
{
    const json_t *ppt = json_object_get(r->t->header_json, "ppt");
    return !r->t->header_json ||
           ((!ppt || json_is_string(ppt)) &&
            str_eq(json_member(r->t->header_json, "ppt"), r->t->identity.ppt));
}

/* A token of another type is left to other verifiers; but not when token and parameter disagree on
   it, or when neither can be read. */
static void check_ppt(struct reading *r)
{
    bool unknown = !r->t->header_json && !r->t->identity.compact && r->t->identity.ppt.n == 0;
    if (!r->t->readable)
        return;
    r->t->type = type_of(r->t);
    r->t->algorithm = r->t->type ? r->t->type->algorithm
                                 : passport_algorithm_find(json_member(r->t->header_json, "alg"));
    if (r->t->type)
        found_good(&r->f, VERIFY_PPT);
    else if (types_agree(r) && !unknown)
        FAILED(&r->f, VERIFY_PPT, "it is of type \"%.*s\"",
               STR_ARG(finding_text(&r->f, r->t->identity.ppt)));
}

static struct str or_missing(struct reading *r, struct str text)
{
    return text.n > 0 ? finding_text(&r->f, text) : STR("missing");
}

static void check_type(struct reading *r)
{
    if (!r->t->header_json || !r->t->readable)
        return;
    struct str typ = json_member(r->t->header_json, "typ");
    if (!str_eq(typ, STR("passport")))
        FAILED(&r->f, VERIFY_TYPE, "typ is %.*s", STR_ARG(or_missing(r, typ)));
    else if (!types_agree(r))
        FAILED(&r->f, VERIFY_TYPE, "ppt is %.*s in the token, %.*s in the parameter",
               STR_ARG(or_missing(r, json_member(r->t->header_json, "ppt"))),
               STR_ARG(or_missing(r, r->t->identity.ppt)));
    else if (r->t->type && !str_eq(r->t->identity.ppt, r->t->type->ppt))
        FAILED(&r->f, VERIFY_TYPE, "ppt is %.*s, which is not written so: %.*s",
               STR_ARG(or_missing(r, r->t->identity.ppt)), STR_ARG(r->t->type->ppt));
    else
        found_good(&r->f, VERIFY_TYPE);
}

static void check_crit(struct reading *r)
{
    if (!r->t->header_json || !r->t->readable)
        return;
    if (json_object_get(r->t->header_json, "crit"))
        FAILED(&r->f, VERIFY_CRIT, "the token has crit (RFC 7515 section 4.1.11)");
    else
        found_good(&r->f, VERIFY_CRIT);
}

static void check_url(struct reading *r)
{
    if (!r->t->readable)
        return;
    struct str info = r->t->identity.info;
    const char *why = x5u_fault(info);
    if (why)
        FAILED(&r->f, VERIFY_URL, "%.*s %s", STR_ARG(finding_text(&r->f, info)), why);
    else
        found_good(&r->f, VERIFY_URL);
}

static void check_x5u(struct reading *r)
{
    const struct passport_type *type = r->t->type;
    if (!r->t->header_json || !type)
        return;
    const struct str member = type->reference->member, info = r->t->identity.info;
    struct str key = json_member(r->t->header_json, member.p);
    if (!key.p)
        FAILED(&r->f, VERIFY_X5U, "the token has no %.*s", STR_ARG(member));
    else if (!str_eq(key, info))
        FAILED(&r->f, VERIFY_X5U, "%.*s is %.*s, info %.*s", STR_ARG(member),
               STR_ARG(finding_text(&r->f, key)), STR_ARG(finding_text(&r->f, info)));
    else
        found_good(&r->f, VERIFY_X5U);
}

static void check_claims(struct reading *r)
{
    if (r->t->payload_json && r->t->type)
        token_claims_read(r->t, &r->f);
}

/* Of whatever type: shaken may bring them along (RFC 9795). */
static void check_rcd(struct reading *r)
{
    if (!r->t->payload_json || !r->t->type || !rcd_claim_is_there(r->t->payload_json))
        return;
    const char *why = rcd_claim_fault(r->t->payload_json);
    if (why)
        FAILED(&r->f, VERIFY_RCD, "%s", why);
    else
        found_good(&r->f, VERIFY_RCD);
}

/* ---- the signature's form ---- */

static void judge_form(struct reading *r, struct str octets)
{
    const struct jws_algorithm *algorithm = r->t->algorithm;
    const char *why = algorithm->signature_fault ? algorithm->signature_fault(octets) : NULL;
    if (octets.n != algorithm->signature_bytes)
        FAILED(&r->f, VERIFY_SIGNATURE, "it has %zu octets and not %zu%s%s", octets.n,
               algorithm->signature_bytes, why ? ": " : "", why ? why : "");
    else if (why)
        FAILED(&r->f, VERIFY_SIGNATURE, "%s", why);
    else
        memcpy(r->t->signature, octets.p, octets.n), r->t->has_signature = true;
}

/* Its form only: whether it is right takes a certificate. */
static void check_signature(struct reading *r)
{
    struct buf bytes = BUF_INIT;
    struct token *t = r->t;
    if (!t->readable || t->identity.compact)
        return;
    t->signed_octets = str_span(t->identity.header.p,
                                t->identity.payload.p + t->identity.payload.n);
    if (!base64url_decode(&bytes, t->identity.signature))
        FAILED(&r->f, VERIFY_SIGNATURE, "it is not base64url in the one right form");
    else if (t->algorithm)
        judge_form(r, buf_str(&bytes));
    r->no_memory |= buf_failed(&bytes);
    buf_fini(&bytes);
}

/* ---- all of it ---- */

/* In an order in which each finds what it needs; verify.def has the order in which they decide. */
static void (*const steps[])(struct reading *r) = {
    check_syntax, check_form, check_header,  check_ppt,    check_alg, check_type,      check_crit,
    check_url,    check_x5u,  check_payload, check_claims, check_rcd, check_signature,
};

bool token_read_value(struct token *t, const struct identity_value *value, struct arena *arena)
{
    const unsigned long before = shortages();
    struct reading r = {.t = t, .value = value, .f = {arena, t->finding}};
    *t = (struct token){.kind = IDENTITY_EMPTY};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        steps[i](&r);
    return shortages() == before && !r.no_memory && findings_are_whole(&r.f);
}

bool token_read(struct token *t, struct str value, struct arena *arena)
{
    const unsigned long before = shortages();
    struct identity_value v;
    identity_value_read(&v, value);
    return token_read_value(t, &v, arena) && shortages() == before;
}

void token_fini(struct token *t)
{
    json_decref(t->header_json);
    json_decref(t->payload_json);
    t->header_json = t->payload_json = NULL;
}

struct str token_url(const struct token *t)
{
    return t->finding[VERIFY_URL].result == VERIFY_PASSED ? t->identity.info : STR("");
}
