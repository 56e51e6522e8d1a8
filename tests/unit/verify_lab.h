/* Tokens to verify: certificates of a lab, keys of the published vectors, and questions. */
#ifndef STIRD_TESTS_VERIFY_LAB_H
#define STIRD_TESTS_VERIFY_LAB_H

#include "whole_question.h"

#include <stird/core/identity.h>
#include <stird/core/sign_request.h>
#include <stird/core/verify.h>
#include <stird/lab/lab_ca.h>

#include <stird/core/key_backend.h>

#define NOW INT64_C(1443208345)
#define DAY 86400

static json_t *vectors;
static EVP_PKEY *root_key, *issuer_key, *key;
static X509 *root, *issuer;
static struct trust *trust;

static inline X509 *make(const char *name, uint64_t serial, EVP_PKEY *of, bool authority,
                         bool below_root, const char *const *spcs, const char *const *numbers)
{
    const struct lab_certificate c = {
        .name = name,
        .serial = serial,
        .key = of,
        .issuer = below_root ? root : issuer,
        .issuer_key = below_root ? root_key : issuer_key,
        .not_before_s = NOW - 30 * DAY,
        .not_after_s = NOW + 30 * DAY,
        .authority = authority,
        .spcs = spcs,
        .numbers = numbers,
    };
    X509 *x = lab_certificate_new(&c);
    assert_non_null(x);
    return x;
}

static inline EVP_PKEY *private_key(struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *k = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(k);
    return k;
}

static inline int set_up(void **state)
{
    (void)state;
    struct buf anchors = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    vectors = lab_vectors("verification_tokens.json");
    key = private_key(
        lab_member(json_object_get(json_object_get(vectors, "keys"), "k1"), "private_pem"));
    root_key = lab_key_new();
    issuer_key = lab_key_new();
    root = make("lab root", 1, root_key, true, true, NULL, NULL);
    issuer = make("lab issuer", 2, issuer_key, true, true, NULL, NULL);
    trust = trust_new();
    assert_true(lab_add_certificate(&anchors, root));
    assert_true(trust_add_anchors(trust, STR("root"), buf_str(&anchors), &problems));
    buf_fini(&anchors);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    trust_free(trust);
    X509_free(root);
    X509_free(issuer);
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(issuer_key);
    EVP_PKEY_free(key);
    json_decref(vectors);
    return 0;
}

static const char *const spcs[] = {"709J", NULL};

/* What a URL serves: the end-entity's certificate and that of its issuer. Frees LEAF. */
static inline struct buf serve(X509 *leaf, bool with_issuer)
{
    struct buf text = BUF_INIT;
    assert_true(lab_add_certificate(&text, leaf));
    if (with_issuer)
        assert_true(lab_add_certificate(&text, issuer));
    X509_free(leaf);
    return text;
}

static inline struct buf good_chain(void)
{
    return serve(make("SHAKEN 709J", 3, key, false, false, spcs, NULL), true);
}

static inline struct verify_report ask(struct arena *arena, struct whole_question q)
{
    /* An exact copy, so that a read behind the end is seen by the sanitizer. */
    char *copy = malloc(q.value.n + 1);
    memcpy(copy, q.value.p ? q.value.p : "", q.value.n);
    q.value.p = copy;
    struct verify_report report = whole_verify(&q, arena);
    free(copy);
    return report;
}

static inline void expect(const struct verify_report *r, enum token_verdict verdict, int status,
                          enum verify_check decided, const char *name)
{
    if (r->verdict == verdict && r->sip_status == status && (status == 0 || r->decided == decided))
        return;
    struct str text = r->finding[r->decided].text;
    fail_msg("%s: %.*s %d by %.*s (%.*s)", name, STR_ARG(token_verdict_name(r->verdict)),
             r->sip_status, STR_ARG(verify_check_name(r->decided)), STR_ARG(text));
}

static inline void sign(struct buf *out, EVP_PKEY *with, int64_t iat)
{
    struct arena *arena = arena_new(4096);
    struct problems problems = PROBLEMS_INIT;
    struct buf chain = good_chain(), pem = BUF_INIT;
    struct certificate c;
    const struct passport_claims claims = lab_claims('A', iat);
    assert_true(certificate_read(&c, arena, STR("u"), STR("u"), STR("chain"), buf_str(&chain),
                                 STR("x5u"), STR("https://cert.example.org/passport.cer"), NOW,
                                 &problems));
    assert_true(lab_add_key(&pem, with));
    EVP_PKEY_free(c.public_key);
    c.public_key = with;
    EVP_PKEY_up_ref(with);
    struct credential *credential = credential_new(&c, STR("key"), buf_str(&pem), &problems);
    assert_non_null(credential);
    struct buf token = BUF_INIT;
    assert_int_equal(credential_sign(credential, &passport_type_shaken, &claims, &token),
                     REASON_OK);
    identity_add(out, buf_str(&token), c.x5u, STR("ES256"), STR("shaken"));
    credential_free(credential);
    certificate_fini(&c);
    buf_fini(&token);
    buf_fini(&pem);
    buf_fini(&chain);
    arena_free(arena);
}

#endif
