#include <stird/core/trust_list.h>

#include "authority.h"
#include "token_claims.h"
#include "x509_parts.h"

#include <jansson.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stird/base/shortage.h>
#include <stird/core/certificate_text.h>
#include <stird/core/list_refusal.h>
#include <stird/core/x5u.h>
#include <string.h>

#define NO_MEMORY "cannot be read: there is no memory"

/* ---- the text: an answer in JSON, or the JWS itself ---- */

static json_t *read_json(struct str text)
{
    return json_loadb(text.n > 0 ? text.p : "", text.n, JSON_REJECT_DUPLICATES, NULL);
}

/* With what the administrator says of it. */
static const char *refusal(struct str answer, struct arena *arena)
{
    struct buf why = BUF_INIT;
    buf_add_text(&why, "is an answer whose status is not success");
    list_refusal_add(&why, answer, STR(""));
    buf_add_char(&why, '\0');
    struct str copy = buf_failed(&why) ? STR(NO_MEMORY) : arena_copy(arena, buf_str(&why));
    buf_fini(&why);
    return copy.p ? copy.p : NO_MEMORY;
}

/* An administrator says "status": "success" beside it; any other word is a refusal. */
static const char *find_jws(struct str text, struct str *jws, struct arena *arena)
{
    text = str_trim(text);
    *jws = text;
    if (text.n == 0)
        return "is empty";
    if (text.p[0] != '{')
        return NULL;
    json_t *answer = read_json(text);
    const json_t *status = json_object_get(answer, "status");
    const char *why = NULL;
    *jws = json_member(answer, "caList");
    if (!answer)
        why = "is no JSON without duplicate members";
    else if (status && !str_eq(json_text(status), STR("success")))
        why = refusal(text, arena);
    else if (jws->n == 0)
        why = "is an answer without caList";
    else if (!(*jws = arena_copy(arena, *jws)).p)
        why = NO_MEMORY;
    json_decref(answer);
    return why;
}

/* Three parts of base64url; the second stays as it is until its signature is known to be good. */
static const char *split_jws(struct trust_list *l, struct str jws, struct str *header)
{
    struct str rest = jws, signature;
    *header = str_cut(&rest, '.');
    l->payload = str_cut(&rest, '.');
    signature = rest;
    if (!signature.p || str_find(signature, '.', 0) < signature.n)
        return "is no JWS of three parts (RFC 7515 section 7.1)";
    l->signed_octets = str_span(jws.p, l->payload.p + l->payload.n);
    struct buf octets = BUF_INIT;
    bool good = base64url_decode(&octets, signature) && octets.n == sizeof(l->signature);
    if (good)
        memcpy(l->signature, octets.p, sizeof(l->signature));
    bool no_memory = buf_failed(&octets);
    buf_fini(&octets);
    return good ? NULL : no_memory ? NO_MEMORY : "has a signature that is none of ES256";
}

/* The JSON object that CODED is; NULL and *WHY. */
static json_t *read_part(struct str coded, const char *not_json, const char **why)
{
    struct buf octets = BUF_INIT;
    json_t *object = NULL;
    if (base64url_decode(&octets, coded))
        object = read_json(buf_str(&octets));
    *why = buf_failed(&octets) ? NO_MEMORY : json_is_object(object) ? NULL : not_json;
    buf_fini(&octets);
    if (*why)
        json_decref(object);
    return *why ? NULL : object;
}

static const char *judge_header(struct trust_list *l, const json_t *header, struct str url,
                                struct arena *arena)
{
    struct str x5u = json_member(header, "x5u");
    if (!str_eq(json_member(header, "alg"), STR("ES256")))
        return "is not signed by ES256";
    if (json_object_get(header, "crit"))
        return "demands what is not understood (crit, RFC 7515 section 4.1.11)";
    if (url.n > 0 && !x5u_share_host(x5u, url))
        return "names no certificate at its own host (x5u)";
    l->x5u = arena_copy(arena, x5u);
    return l->x5u.p ? NULL : NO_MEMORY;
}

const char *trust_list_read(struct trust_list *l, struct str text, struct str url,
                            struct arena *arena)
{
    struct str jws, coded;
    json_t *header = NULL;
    *l = (struct trust_list){.left_out = 0};
    if (text.n > TRUST_LIST_BYTES_MAX)
        return "is longer than 512 KiB";
    const char *why = find_jws(text, &jws, arena);
    if (!why)
        why = split_jws(l, jws, &coded);
    if (!why)
        header = read_part(coded, "has a header that is no JSON object", &why);
    if (!why)
        why = judge_header(l, header, url, arena);
    json_decref(header);
    return why;
}

/* ---- who signed it ---- */

static const char *judge_signer(const struct trust_list *l, STACK_OF(X509) * chain,
                                const struct trust_list_question *q)
{
    X509 *signer = sk_X509_value(chain, 0);
    EVP_PKEY *key = X509_get0_pubkey(signer);
    if (!key || !jws_es256.takes(key, STR(""), NULL) || !x509_curve_is_named(signer))
        return "has a signer whose key is not on the curve P-256";
    if (!(X509_get_key_usage(signer) & KU_DIGITAL_SIGNATURE))
        return "has a signer whose certificate is not for signatures (keyUsage)";
    if (!q->was_taken && !x509_is_in_force(signer, q->now_s))
        return "has a signer whose certificate is not in force";
    /* A list that was taken holds until its own end, whatever of that chain has ended since. */
    if (q->was_taken ? !trust_led(q->anchors, signer, chain)
                     : trust_check_chain(q->anchors, signer, chain, q->now_s) != NULL)
        return "has a signer whose certificate leads to none of its anchors";
    if (!jws_algorithm_verify_once(&jws_es256, key, l->signed_octets, l->signature))
        return "is not signed by the key of its signer's certificate";
    return NULL;
}

static const char *check_signature(const struct trust_list *l, const struct trust_list_question *q)
{
    struct text_fault fault;
    STACK_OF(X509) *chain = certificates_read(q->signer_chain, &fault);
    const char *why = chain ? judge_signer(l, chain, q)
                            : "has a signer whose certificate cannot be read";
    sk_X509_pop_free(chain, X509_free);
    return why;
}

/* ---- what it says ---- */

/* Some write a number as text. */
static bool read_number(const json_t *value, int64_t *number)
{
    uint64_t n = 0;
    if (json_is_string(value)) {
        if (!str_to_u64(json_text(value), INT64_MAX, &n))
            return false;
        *number = (int64_t)n;
        return true;
    }
    *number = json_integer_value(value);
    return json_is_integer(value) && *number >= 0;
}

static const char *read_claims(struct trust_list *l, const json_t *payload,
                               const struct trust_list_question *q)
{
    if (!read_number(json_object_get(payload, "sequence"), &l->sequence))
        return "has no sequence";
    if (!read_number(json_object_get(payload, "exp"), &l->expires_s))
        return "does not say until when it holds (exp)";
    if (l->expires_s > TRUST_TIME_MAX_S)
        l->expires_s = TRUST_TIME_MAX_S;
    if (l->sequence < q->last_sequence)
        return "is older than the one in force, by its sequence";
    if (l->expires_s + q->late_s <= q->now_s)
        return "has expired (exp)";
    return NULL;
}

/* Each entry is one certificate. */
static const char *read_entry(const json_t *entry, int64_t now_s, X509 **authority)
{
    struct text_fault fault;
    STACK_OF(X509) *all = certificates_read(json_text(entry), &fault);
    const char *why = sk_X509_num(all) == 1 ? authority_fault(sk_X509_value(all, 0), now_s)
                                            : "something that is not one certificate";
    *authority = why ? NULL : sk_X509_shift(all);
    sk_X509_pop_free(all, X509_free);
    return why;
}

static bool holds(STACK_OF(X509) * all, const X509 *x)
{
    for (int i = 0; i < sk_X509_num(all); i++)
        if (X509_cmp(sk_X509_value(all, i), x) == 0)
            return true;
    return false;
}

/* Adds X to the list, which owns it then, or frees it. */
static bool add_authority(struct trust_list *l, X509 *x)
{
    bool known = holds(l->authorities, x);
    bool good = known || sk_X509_push(l->authorities, x) > 0;
    if (known || !good)
        X509_free(x);
    return good;
}

static const char *read_authorities(struct trust_list *l, const json_t *entries, int64_t now_s)
{
    size_t n = json_array_size(entries);
    if (n > TRUST_LIST_AUTHORITIES_MAX)
        return "holds more than 1000 authorities";
    l->authorities = sk_X509_new_null();
    if (!l->authorities)
        return NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        X509 *x;
        const char *why = read_entry(json_array_get(entries, i), now_s, &x);
        if (!why && !add_authority(l, x))
            return NO_MEMORY;
        if (why && l->left_out++ == 0)
            l->left_out_why = why;
    }
    return sk_X509_num(l->authorities) > 0 ? NULL : "holds no authority that can be used";
}

/* Counts the authorities that are missing, not how many there are; expired ones may be missing. */
static const char *guard_shrinking(const struct trust_list *l, const struct trust_list_question *q)
{
    uint64_t had = 0, gone = 0;
    for (int i = 0; i < sk_X509_num(q->last_authorities); i++) {
        X509 *x = sk_X509_value(q->last_authorities, i);
        if (authority_fault(x, q->now_s))
            continue;
        had++;
        gone += !holds(l->authorities, x);
    }
    return gone * 100 > had * q->max_shrink_percent
               ? "lacks more of the authorities in force than may go at once"
               : NULL;
}

static const char *judge_list(struct trust_list *l, const struct trust_list_question *q)
{
    const char *why = check_signature(l, q);
    json_t *payload = why ? NULL : read_part(l->payload, "has a payload that is no JSON", &why);
    if (!why)
        why = read_claims(l, payload, q);
    if (!why)
        why = read_authorities(l, json_object_get(payload, "trustList"), q->now_s);
    if (!why)
        why = guard_shrinking(l, q);
    json_decref(payload);
    ERR_clear_error();
    return why;
}

/* An authority that could not be read for want of memory is not a broken one. */
const char *trust_list_accept(struct trust_list *l, const struct trust_list_question *q)
{
    unsigned long before = shortages();
    const char *why = judge_list(l, q);
    return shortages() == before ? why : NO_MEMORY;
}

void trust_list_fini(struct trust_list *l)
{
    sk_X509_pop_free(l->authorities, X509_free);
    l->authorities = NULL;
}
