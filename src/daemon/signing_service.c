#include "signing_service.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <stird/base/clock.h>

#define FAILURES_MAX 3

struct entry {
    struct credential *credential;
    uint64_t made;     /* signatures, those of the self-test not among them */
    unsigned failures; /* in a row */
};

struct signing_service {
    bool failed;
    uint64_t made;
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

uint64_t signing_service_signed(const struct signing_service *s)
{
    return s->made;
}

static bool test_one(struct credential *c, int64_t now_s)
{
    struct buf token = BUF_INIT;
    struct passport_claims claims = {.attest = 'C', .iat_s = now_s};
    claims.orig = claims.dest = (struct tn){.n = 11, .digits = "12025550100"};
    memcpy(claims.origid, "00000000-0000-4000-8000-000000000000", ORIGID_TEXT_LENGTH);
    bool good = credential_sign(c, &passport_type_shaken, &claims, &token) == REASON_OK &&
                credential_verify(c, buf_str(&token));
    buf_fini(&token);
    return good;
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

/* The token into S->token. */
static enum reason sign(struct signing_service *s, struct entry *e,
                        const struct passport_type *type, const struct passport_claims *claims)
{
    enum reason r = credential_sign(e->credential, type, claims, &s->token);
    /* A token that was away has forgotten its sessions: a new process makes new ones. */
    e->failures = r == REASON_SIGNER_FAILED ? e->failures + 1 : 0;
    if (e->failures >= FAILURES_MAX)
        s->failed = true;
    if (r != REASON_OK)
        return r;
    if (s->token.n > SIGN_TOKEN_MAX)
        return REASON_SIGNER_FAILED;
    if (e->made % SIGNING_VERIFY_EVERY == 0 &&
        !credential_verify(e->credential, buf_str(&s->token))) {
        s->failed = true;
        return REASON_SIGNER_SELF_TEST_FAILED;
    }
    e->made++;
    s->made++;
    return REASON_OK;
}

static enum reason answer(struct signing_service *s, const struct sign_request *request,
                          int64_t now_s)
{
    struct passport_claims claims;
    const struct passport_type *type = NULL;
    if (s->failed)
        return REASON_SIGNER_SELF_TEST_FAILED;
    enum reason r = sign_request_read(request, now_s, &type, &claims);
    if (r != REASON_OK)
        return r;
    if (request->certificate >= s->n || !s->entries[request->certificate].credential)
        return REASON_NO_CERTIFICATE;
    struct entry *e = &s->entries[request->certificate];
    const struct certificate *c = credential_certificate(e->credential);
    r = certificate_usable(c, now_s);
    /* A worker has asked this before; a broken one may not have. */
    if (r == REASON_OK)
        r = sti_scope_judge(&c->scope, type, &claims);
    return r == REASON_OK ? sign(s, e, type, &claims) : r;
}

static void fill(struct sign_response *response, const struct sign_request *request, enum reason r,
                 struct str token, int64_t sign_us)
{
    memset(response, 0, offsetof(struct sign_response, token));
    response->version = SIGN_WIRE_VERSION;
    response->reason = (int32_t)r;
    response->ticket = request->ticket;
    response->sign_us = (uint32_t)sign_us;
    response->token_length = (uint32_t)token.n;
    if (token.n > 0)
        memcpy(response->token, token.p, token.n);
    /* What rounds the size up leaves the process too. */
    memset(response->token + token.n, 0,
           sign_response_size(response) - offsetof(struct sign_response, token) - token.n);
}

void signing_service_refuse(const struct sign_request *request, enum reason why,
                            struct sign_response *response)
{
    fill(response, request, why, STR(""), 0);
}

void signing_service_answer(struct signing_service *s, const struct sign_request *request,
                            int64_t now_s, struct sign_response *response)
{
    const int64_t begin_us = clock_monotonic_us();
    buf_reset(&s->token);
    enum reason r = answer(s, request, now_s);
    fill(response, request, r, r == REASON_OK ? buf_str(&s->token) : STR(""),
         clock_monotonic_us() - begin_us);
}
