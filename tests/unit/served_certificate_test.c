/* What a certificate's URL may serve, and what must not be taken for it. */
#include "lab.h"

#include <stird/core/certificate_chain.h>
#include <stird/core/served_certificate.h>
#include <stird/lab/lab_ca.h>

#define NOW INT64_C(1800000000)
#define DAY 86400

static EVP_PKEY *root_key, *key, *other_key;
static X509 *root;
static struct trust *trust;
static struct certificate ours;
static struct buf our_chain;
static struct arena *arena;

struct shape {
    EVP_PKEY *key;
    const char *spc; /* NULL: no TNAuthList */
    int64_t from_days, to_days;
    bool authority, self_signed;
};

static X509 *make(struct shape s)
{
    const char *const spcs[] = {s.spc, NULL};
    const struct lab_certificate c = {.name = "SHAKEN",
                                      .serial = 3,
                                      .key = s.key,
                                      .issuer = s.self_signed ? NULL : root,
                                      .issuer_key = s.self_signed ? NULL : root_key,
                                      .not_before_s = NOW + s.from_days * DAY,
                                      .not_after_s = NOW + s.to_days * DAY,
                                      .authority = s.authority,
                                      .spcs = s.spc ? spcs : NULL};
    X509 *x = lab_certificate_new(&c);
    assert_non_null(x);
    return x;
}

static struct buf pem_of(struct shape s)
{
    struct buf text = BUF_INIT;
    X509 *x = make(s);
    assert_true(lab_add_certificate(&text, x));
    X509_free(x);
    return text;
}

static int set_up(void **state)
{
    (void)state;
    struct problems problems = PROBLEMS_INIT;
    struct buf anchors = BUF_INIT;
    arena = arena_new(4096);
    root_key = lab_key_new();
    key = lab_key_new();
    other_key = lab_key_new();
    root = make((struct shape){root_key, NULL, -100, 100, true, true});
    trust = trust_new();
    assert_true(lab_add_certificate(&anchors, root));
    assert_true(trust_add_anchors(trust, STR("root"), buf_str(&anchors), &problems));
    buf_fini(&anchors);
    our_chain = pem_of((struct shape){key, "709J", -30, 60, false, false});
    assert_true(certificate_read(&ours, arena, STR("u"), STR("u"), STR("chain"),
                                 buf_str(&our_chain), STR("x5u"),
                                 STR("https://cert.example.org/u.pem"), NOW, &problems));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    certificate_fini(&ours);
    buf_fini(&our_chain);
    trust_free(trust);
    X509_free(root);
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other_key);
    arena_free(arena);
    return 0;
}

static void expect(const struct buf *body, const char *type, const struct trust *judge,
                   enum certificate_state want, const char *words)
{
    struct str saying;
    const struct served served = {buf_str(body), str_of(type)};
    enum certificate_state got = served_certificate_judge(&ours, &served, judge, NOW, arena,
                                                          &saying);
    struct str sentence = arena_copy(arena, saying);
    if (got != want || (words[0] ? !strstr(sentence.p, words) : sentence.n > 0))
        fail_msg("%d, \"%.*s\" instead of %d, \"%s\"", got, STR_ARG(sentence), want, words);
}

#define CHAIN_TYPE "application/pem-certificate-chain"

/* R-P-133 R-C-002. */
static void the_same_certificate_is_served(void **state)
{
    (void)state;
    expect(&our_chain, CHAIN_TYPE, trust, CERTIFICATE_SERVED, "");
    expect(&our_chain, "application/pkix-cert", trust, CERTIFICATE_SERVED, "");
    expect(&our_chain, "text/html", trust, CERTIFICATE_SERVED, "Content-Type should be");
    expect(&our_chain, "", NULL, CERTIFICATE_SERVED, "Content-Type should be");
    expect(&our_chain, CHAIN_TYPE, NULL, CERTIFICATE_SERVED,
           "nobody but itself has issued"); /* no anchors: its issuer bears its name */
}

/* Verifiers like a fuller chain; a shorter or another one may leave them without a way up. */
static void the_chain_above_is_compared(void **state)
{
    (void)state;
    struct problems problems = PROBLEMS_INIT;
    struct certificate alone = ours;
    struct buf fuller = BUF_INIT;
    buf_add(&fuller, our_chain.p, our_chain.n);
    assert_true(lab_add_certificate(&fuller, root));
    expect(&fuller, CHAIN_TYPE, trust, CERTIFICATE_SERVED, "");
    assert_true(certificate_read(&ours, arena, STR("u"), STR("u"), STR("chain"), buf_str(&fuller),
                                 STR("x5u"), STR("https://cert.example.org/u.pem"), NOW,
                                 &problems));
    expect(&fuller, CHAIN_TYPE, trust, CERTIFICATE_SERVED, "");
    expect(&our_chain, CHAIN_TYPE, trust, CERTIFICATE_SERVED, "another chain above");
    certificate_fini(&ours);
    ours = alone;
    buf_fini(&fuller);
}

static struct trust *trust_with_list(const uint64_t *revoked, size_t n, int64_t to_days)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf anchors = BUF_INIT, list = BUF_INIT;
    struct trust *t = trust_new();
    X509_CRL *crl = lab_crl_new(root, root_key, NOW - 9 * DAY, NOW + to_days * DAY, revoked, n);
    assert_true(lab_add_certificate(&anchors, root) && lab_add_crl(&list, crl));
    assert_true(trust_add_anchors(t, STR("root"), buf_str(&anchors), &problems));
    assert_true(trust_add_crls(t, STR("crl"), buf_str(&list), &problems));
    X509_CRL_free(crl);
    buf_fini(&anchors);
    buf_fini(&list);
    return t;
}

static void a_revoked_certificate_is_wrong(void **state)
{
    (void)state;
    const struct {
        uint64_t serial;
        int64_t to_days;
        enum certificate_state want;
        const char *words;
    } cases[] = {
        {3, 9, CERTIFICATE_WRONG, "is revoked"},
        {4, 9, CERTIFICATE_SERVED, ""},
        {4, -1, CERTIFICATE_SERVED, "is not known"}, /* yesterday's list */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trust *t = trust_with_list(&cases[i].serial, 1, cases[i].to_days);
        expect(&our_chain, CHAIN_TYPE, t, cases[i].want, cases[i].words);
        assert_int_equal(certificate_is_revoked(&ours, t, NOW), cases[i].want == CERTIFICATE_WRONG);
        trust_free(t);
    }
    assert_false(certificate_is_revoked(&ours, trust, NOW)); /* no list */
    assert_false(certificate_is_revoked(&ours, NULL, NOW));
}

/* A renewal of the same key is another certificate, and good. */
static void a_renewal_of_our_key_is_served(void **state)
{
    (void)state;
    struct buf body = pem_of((struct shape){key, "709J", -1, 89, false, false});
    expect(&body, CHAIN_TYPE, trust, CERTIFICATE_SERVED, "another certificate of this key");
    buf_fini(&body);
}

static void what_verifiers_would_refuse_is_wrong(void **state)
{
    (void)state;
    const struct {
        struct shape shape;
        const struct trust *judge;
        const char *words;
    } cases[] = {
        {{other_key, "709J", -30, 60, false, false}, trust, "another key"},
        {{key, "818H", -30, 60, false, false}, trust, "another service provider code"},
        {{key, NULL, -30, 60, false, false}, trust, "it has no TNAuthList"},
        {{key, "709J", -60, -1, false, false}, trust, "has expired"},
        {{key, "709J", 1, 60, false, false}, trust, "not in force yet"},
        {{key, "709J", -30, 60, true, false}, trust, "key usage"},
        {{key, "709J", -30, 60, false, true}, trust, "leads to no trust anchor"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf body = pem_of(cases[i].shape);
        expect(&body, CHAIN_TYPE, cases[i].judge, CERTIFICATE_WRONG, cases[i].words);
        buf_fini(&body);
    }
    struct buf alone = pem_of((struct shape){key, "709J", -30, 60, false, true});
    expect(&alone, CHAIN_TYPE, NULL, CERTIFICATE_SERVED, "another certificate"); /* unjudged */
    buf_fini(&alone);
}

static void what_is_no_certificate_is_wrong(void **state)
{
    (void)state;
    struct buf body = BUF_INIT;
    buf_add_text(&body, "<html>moved</html>");
    expect(&body, "text/html", trust, CERTIFICATE_WRONG, "no certificate");
    buf_fini(&body);
    body = pem_of((struct shape){key, "709J", -30, 60, false, false});
    assert_true(lab_add_key(&body, key));
    expect(&body, CHAIN_TYPE, trust, CERTIFICATE_WRONG, "private key");
    buf_fini(&body);
}

static void lives(void **state)
{
    (void)state;
    static const struct {
        int64_t days; /* of a life from -30 to 60 */
        enum certificate_life life;
    } cases[] = {{0, LIFE_LONG},     {29, LIFE_LONG},    {31, LIFE_A_THIRD}, {50, LIFE_A_THIRD},
                 {52, LIFE_A_TENTH}, {60, LIFE_A_TENTH}, {61, LIFE_OVER}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(certificate_life(&ours, NOW + cases[i].days * DAY), cases[i].life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_certificate_is_served),
        cmocka_unit_test(the_chain_above_is_compared),
        cmocka_unit_test(a_revoked_certificate_is_wrong),
        cmocka_unit_test(a_renewal_of_our_key_is_served),
        cmocka_unit_test(what_verifiers_would_refuse_is_wrong),
        cmocka_unit_test(what_is_no_certificate_is_wrong),
        cmocka_unit_test(lives),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
