#include "signing_service.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <stird/base/clock.h>
#include <stird/base/shortage.h>

#define FAILURES_MAX 3

struct entry {
    struct credential *credential;
    uint64_t made;     /* signatures, those of the self-test not among them */
    unsigned failures; /* in a row */
};

struct signing_service {
    bool failed;
    struct buf token; /* of the answer in the making; its memory is kept */
    unsigned n;
    struct entry entries[];
};

void signing_service_free(struct signing_service *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < s->n; i++)
        credential_free(s->entries[i].credential);
    buf_fini(&s->token);
    free(s);
}

struct signing_service *signing_service_new(unsigned n)
{
    struct signing_service *s = calloc(1, sizeof(*s) + n * sizeof(s->entries[0]));
    if (s)
        s->n = n;
    return s;
}

void signing_service_take(struct signing_service *s, unsigned index, struct credential *credential)
{
    assert(index < s->n && !s->entries[index].credential);
    s->entries[index].credential = credential;
}

bool signing_service_failed(const struct signing_service *s)
{
    return s->failed;
}

/* Makes a token of TYPE for a made-up call. */
static bool test_type(struct credential *c, const struct passport_type *type, int64_t now_s)
{
    struct outcome call = {.verdict = VERDICT_SIGN, .claims = {.attest = 'C', .iat_s = now_s}};
    struct passport_claims claims;
    struct buf token = BUF_INIT;
    call.claims.orig = call.claims.dest = (struct tn){.n = 11, .digits = "12025550100"};
    memcpy(call.claims.origid, "00000000-0000-4000-8000-000000000000", ORIGID_TEXT_LENGTH);
    type->fill(&claims, &call);
    bool good = credential_sign(c, type, &claims, &token) == REASON_OK &&
                credential_verify(c, buf_str(&token));
    buf_fini(&token);
    return good;
}

/* Tried with the first type for which its key can sign: one signature shows that the key is in
   order. */
static bool test_one(struct credential *c, int64_t now_s)
{
    const struct jws_algorithm *algorithm = passport_algorithm_of(
        credential_certificate(c)->public_key);
    const struct passport_type *const *type = passport_types;
    while (*type && (*type)->algorithm != algorithm)
        type++;
    return *type && test_type(c, *type, now_s);
}

bool signing_service_self_test(struct signing_service *s, int64_t now_s)
{
    for (unsigned i = 0; i < s->n; i++) {
        struct credential *c = s->entries[i].credential;
        if (c && certificate_usable(credential_certificate(c), now_s) == REASON_OK &&
            !test_one(c, now_s))
            s->failed = true;
    }
    return !s->failed;
}

/* Verifies the token in S->token, which is due for it. A token that could not be judged for want of
   memory is not wrong; it does not leave, and the next is verified in its place. */
static enum reason verify(struct signing_service *s, const struct entry *e)
{
    const unsigned long before = shortages();
    if (credential_verify(e->credential, buf_str(&s->token)))
        return REASON_OK;
    if (shortages() != before)
        return REASON_SIGNER_FAILED;
    s->failed = true;
    return REASON_SIGNER_SELF_TEST_FAILED;
}

/* Counts how often in a row no signature could be made, though there was memory (SINCE: shortages()
   before). A token device that was away has forgotten its sessions: a new process makes new ones.
 */
static void count_failures(struct signing_service *s, struct entry *e, enum reason r,
                           unsigned long since)
{
    if (r != REASON_SIGNER_FAILED)
        e->failures = 0;
    else if (shortages() == since)
        e->failures++;
    if (e->failures >= FAILURES_MAX)
        s->failed = true;
}

/* Makes the token in S->token. */
static enum reason sign(struct signing_service *s, struct entry *e,
                        const struct passport_type *type, const struct passport_claims *claims)
{
    const unsigned long before = shortages();
    enum reason r = credential_sign(e->credential, type, claims, &s->token);
    count_failures(s, e, r, before);
    if (r == REASON_OK && s->token.n > SIGN_TOKEN_MAX)
        r = REASON_SIGNER_FAILED;
    if (r == REASON_OK && e->made % SIGNING_VERIFY_EVERY == 0)
        r = verify(s, e);
    if (r != REASON_OK)
        return r;
    e->made++;
    return REASON_OK;
}

/* The token of one order into S->token. */
static enum reason make(struct signing_service *s, const struct sign_order *order, int64_t now_s)
{
    if (s->failed)
        return REASON_SIGNER_SELF_TEST_FAILED;
    if (order->certificate >= s->n || !s->entries[order->certificate].credential)
        return REASON_NO_CERTIFICATE;
    struct entry *e = &s->entries[order->certificate];
    const struct certificate *c = credential_certificate(e->credential);
    enum reason r = certificate_usable(c, now_s);
    /* A worker judges this before it asks, unless it is broken. */
    if (r == REASON_OK)
        r = sti_scope_judge(&c->scope, order->type, &order->claims);
    if (r == REASON_OK)
        r = sign(s, e, order->type, &order->claims);
    return r == REASON_OUT_OF_MEMORY ? REASON_SIGNER_FAILED : r; /* what a signer may say */
}

void signing_service_answer(struct signing_service *s, const struct sign_request *request,
                            unsigned admitted, int64_t now_s, struct buf *out)
{
    const int64_t begin_us = clock_monotonic_us();
    struct sign_asked asked;
    enum reason r = s->failed       ? REASON_SIGNER_SELF_TEST_FAILED
                    : admitted == 0 ? REASON_SIGNER_OVERLOADED
                                    : sign_request_read(request, now_s, &asked);
    if (r != REASON_OK) {
        sign_response_refuse(out, request->ticket, r);
        return;
    }
    size_t begin = sign_response_begin(out, request->ticket);
    for (unsigned i = 0; i < asked.n; i++) {
        buf_reset(&s->token);
        r = i >= admitted ? REASON_SIGNER_OVERLOADED : asked.reason[i];
        if (r == REASON_OK)
            r = make(s, &asked.order[i], now_s);
        sign_response_add(out, begin, r, r == REASON_OK ? buf_str(&s->token) : STR(""));
    }
    sign_response_end(out, begin, clock_monotonic_us() - begin_us);
}
