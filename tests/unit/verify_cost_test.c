/*
 * What a verification does not do when token and certificate are at hand: it reads no certificate,
 * makes no curve, builds no chain, and has OpenSSL look up no algorithm. Counted where our code
 * calls OpenSSL; nothing is timed.
 */
#include "whole_question.h"

#include <dlfcn.h>
#include <openssl/ec.h>
#include <openssl/x509_vfy.h>
#include <stird/core/verification.h>
#include <stird/lab/lab_ca.h>

static unsigned calls, signatures;

/* These stand before the library's own, which they call. */
#define COUNTED(type, name, parameters, arguments)                                                 \
    COUNTED_AS(calls, type, name, parameters, arguments)
#define COUNTED_AS(count, type, name, parameters, arguments)                                       \
    type name parameters                                                                           \
    {                                                                                              \
        type(*next) parameters;                                                                    \
        void *symbol = dlsym(RTLD_NEXT, #name);                                                    \
        memcpy(&next, &symbol, sizeof(next));                                                      \
        (count)++;                                                                                 \
        return next arguments;                                                                     \
    }

COUNTED(X509 *, d2i_X509, (X509 * *x, const unsigned char **at, long n), (x, at, n))
COUNTED(X509_CRL *, d2i_X509_CRL, (X509_CRL * *x, const unsigned char **at, long n), (x, at, n))
COUNTED(X509 *, PEM_read_bio_X509, (BIO * bio, X509 **x, pem_password_cb *f, void *u),
        (bio, x, f, u))
COUNTED(EVP_PKEY *, X509_get_pubkey, (X509 * x), (x))
COUNTED(EVP_PKEY *, d2i_PUBKEY, (EVP_PKEY * *k, const unsigned char **at, long n), (k, at, n))
COUNTED(int, X509_verify_cert, (X509_STORE_CTX * context), (context))
COUNTED(EC_GROUP *, EC_GROUP_new_by_curve_name, (int nid), (nid))
COUNTED(EC_GROUP *, EC_GROUP_new_from_params,
        (const OSSL_PARAM p[], OSSL_LIB_CTX *l, const char *q), (p, l, q))

/* By whichever of these ES256 is verified. */
COUNTED_AS(signatures, int, EVP_DigestVerify,
           (EVP_MD_CTX * context, const unsigned char *signature, size_t n,
            const unsigned char *text, size_t text_n),
           (context, signature, n, text, text_n))
COUNTED_AS(signatures, int, EVP_PKEY_verify,
           (EVP_PKEY_CTX * context, const unsigned char *signature, size_t n,
            const unsigned char *digest, size_t digest_n),
           (context, signature, n, digest, digest_n))
COUNTED(EVP_MD *, EVP_MD_fetch, (OSSL_LIB_CTX * l, const char *name, const char *q), (l, name, q))
COUNTED(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_pkey, (OSSL_LIB_CTX * l, EVP_PKEY *k, const char *q),
        (l, k, q))
COUNTED(int, EVP_PKEY_verify_init, (EVP_PKEY_CTX * context), (context))
COUNTED(int, EVP_DigestVerifyInit,
        (EVP_MD_CTX * context, EVP_PKEY_CTX **made, const EVP_MD *type, ENGINE *e, EVP_PKEY *k),
        (context, made, type, e, k))

#define NOW INT64_C(1443208345)
#define DAY 86400

static struct trust *trust_of(X509 *root)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    struct trust *t = trust_new();
    assert_true(lab_add_certificate(&text, root));
    assert_true(trust_add_anchors(t, STR("root"), buf_str(&text), &problems));
    buf_fini(&text);
    return t;
}

/* R-V-046: of a call with eight tokens each takes a signature, and nothing else of OpenSSL's. */
static void judge_eight(struct str value, const struct sti_certificate *certificate)
{
    const struct tn orig = lab_tn("12155550121"), dest = lab_tn("12155550131");
    struct str values[IDENTITY_SET_USUAL];
    struct verification_served served[IDENTITY_SET_USUAL];
    struct arena *arena = arena_new(4096);
    struct identity_set set;
    struct verification v;
    for (unsigned i = 0; i < IDENTITY_SET_USUAL; i++) {
        values[i] = value;
        served[i] = (struct verification_served){CERTIFICATE_PREPARED, certificate, NULL, FETCH_OK};
    }
    assert_true(identity_set_read(&set, values, IDENTITY_SET_USUAL, IDENTITY_SET_USUAL, arena));
    const struct verification_question q = {.set = &set,
                                            .served = served,
                                            .rules = VERIFICATION_RULES_USUAL,
                                            .now_s = NOW,
                                            .orig = &orig,
                                            .to = &dest,
                                            .requested = &dest};
    calls = signatures = 0;
    verification_judge(&q, arena, &v);
    assert_int_equal(calls, 0);
    assert_int_equal(signatures, IDENTITY_SET_USUAL);
    assert_int_equal(v.class, VERIFICATION_PASSED);
    for (unsigned i = 0; i < v.n; i++)
        assert_int_equal(v.headers[i].report.verdict, TOKEN_VALID);
    identity_set_fini(&set);
    arena_free(arena);
}

/* R-V-029 */
static void a_prepared_certificate_is_not_read_again(void **state)
{
    (void)state;
    static const char *const spcs[] = {"709J", NULL};
    json_t *vectors = lab_vectors("verification_tokens.json");
    struct str value = lab_member(json_array_get(json_object_get(vectors, "vectors"), 0),
                                  "identity_value");
    EVP_PKEY *root_key = lab_key_new(),
             *key = lab_public_key(
                 lab_member(json_object_get(json_object_get(vectors, "keys"), "k1"), "public_pem"));
    struct lab_certificate c = {.name = "root",
                                .serial = 1,
                                .key = root_key,
                                .not_before_s = NOW - DAY,
                                .not_after_s = NOW + DAY,
                                .authority = true};
    X509 *root = lab_certificate_new(&c);
    c = (struct lab_certificate){.name = "SHAKEN 709J",
                                 .serial = 2,
                                 .key = key,
                                 .issuer = root,
                                 .issuer_key = root_key,
                                 .not_before_s = NOW - DAY,
                                 .not_after_s = NOW + DAY,
                                 .spcs = spcs};
    X509 *leaf = lab_certificate_new(&c);
    struct buf text = BUF_INIT;
    assert_true(lab_add_certificate(&text, leaf));
    struct trust *trust = trust_of(root);
    struct arena *kept = arena_new(1024);
    struct sti_certificate certificate;
    calls = 0;
    assert_true(sti_certificate_prepare(&certificate, buf_str(&text), trust, NOW, kept));
    assert_true(calls > 0); /* it is counted */
    assert_true(sizeof(certificate) + arena_bytes(kept) <= 4096);
    X509_free(leaf);
    X509_free(root);
    trust_free(trust); /* nothing of it is asked any more */
    buf_fini(&text);
    const struct tn orig = lab_tn("12155550121"), dest = lab_tn("12155550131");
    calls = 0;
    for (int i = 0; i < 3; i++) {
        struct arena *arena = arena_new(4096);
        struct token token;
        struct verify_report r;
        assert_true(token_read(&token, value, arena));
        const struct verify_question q = {.token = &token,
                                          .certificate = &certificate,
                                          .now_s = NOW + i,
                                          .max_age_s = VERIFY_MAX_AGE_S,
                                          .has_message = true,
                                          .orig = &orig,
                                          .dest = &dest};
        assert_true(verify(&q, arena, &r));
        assert_int_equal(r.verdict, TOKEN_VALID);
        token_fini(&token);
        arena_free(arena);
    }
    assert_int_equal(calls, 0);
    judge_eight(value, &certificate);
    sti_certificate_fini(&certificate);
    arena_free(kept);
    EVP_PKEY_free(key);
    EVP_PKEY_free(root_key);
    json_decref(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_prepared_certificate_is_not_read_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
