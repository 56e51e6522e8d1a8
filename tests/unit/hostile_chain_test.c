/*
 * What anybody can serve as a chain: keys whose signatures take long to check. Counted where our
 * code asks OpenSSL for a signature of a certificate; nothing is timed.
 */
#include "verify_lab.h"

#include <dlfcn.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

static unsigned checked, with_anchor, longest_bits;
static EVP_PKEY *anchors_key;

/* Stands before the library's own, which it calls. */
int X509_verify(X509 *x, EVP_PKEY *with)
{
    int (*next)(X509 * x, EVP_PKEY * with);
    void *symbol = dlsym(RTLD_NEXT, "X509_verify");
    memcpy(&next, &symbol, sizeof(next));
    checked++;
    with_anchor += EVP_PKEY_eq(with, anchors_key) == 1;
    if (EVP_PKEY_get_base_id(with) == EVP_PKEY_RSA &&
        (unsigned)EVP_PKEY_get_bits(with) > longest_bits)
        longest_bits = (unsigned)EVP_PKEY_get_bits(with);
    return next(x, with);
}

/* A public key whose private one nobody has: its modulus is any number. */
static EVP_PKEY *rsa_of(unsigned bits, const char *exponent)
{
    EVP_PKEY *made = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_new(), *e = NULL;
    assert_true(BN_set_bit(n, (int)bits - 1) && BN_set_bit(n, 0) && BN_hex2bn(&e, exponent) > 0);
    assert_true(OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_N, n) &&
                OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_E, e));
    OSSL_PARAM *all = OSSL_PARAM_BLD_to_param(parts);
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, all), 1);
    OSSL_PARAM_free(all);
    OSSL_PARAM_BLD_free(parts);
    BN_free(n);
    BN_free(e);
    EVP_PKEY_CTX_free(context);
    return made;
}

static X509 *named(const char *name, uint64_t serial, EVP_PKEY *of, bool authority, X509 *by)
{
    X509 *x = lab_certificate_new(&(struct lab_certificate){.name = name,
                                                            .serial = serial,
                                                            .key = of,
                                                            .issuer = by,
                                                            .issuer_key = key,
                                                            .not_before_s = NOW - DAY,
                                                            .not_after_s = NOW + DAY,
                                                            .authority = authority,
                                                            .spcs = authority ? NULL : spcs});
    assert_non_null(x);
    return x;
}

/* An end-entity certificate and five with KEY that all may have issued it and, unless they say that
   BY has, each other. */
static struct buf hostile_chain(EVP_PKEY *with, X509 *by)
{
    struct buf text = BUF_INIT;
    X509 *between[5], *first = named("between", 1, with, true, NULL);
    X509 *leaf = named("SHAKEN 709J", 2, key, false, first);
    assert_true(lab_add_certificate(&text, leaf));
    for (unsigned i = 0; i < 5; i++) {
        between[i] = named("between", 10 + i, with, true, by ? by : first);
        assert_true(lab_add_certificate(&text, between[i]));
        X509_free(between[i]);
    }
    X509_free(leaf);
    X509_free(first);
    return text;
}

/* R-V-032: no key of theirs is asked for a way to an anchor, and but a few where there is none. */
static void no_key_of_theirs_checks_for_long(void **state)
{
    const struct {
        const char *name;
        EVP_PKEY *with;
        bool is_used; /* short enough that it may be asked */
    } cases[] = {
        {"P-256", lab_key_new(), true},
        {"P-384", EVP_EC_gen("P-384"), true},
        {"brainpool", EVP_EC_gen("brainpoolP512r1"), false},
        {"binary", EVP_EC_gen("sect571r1"), false},
        {"RSA of 2048", rsa_of(2048, "010001"), true},
        {"RSA of 16384", rsa_of(16384, "010001"), false},
        {"RSA of 60000", rsa_of(60000, "010001"), false},
        {"RSA with a long exponent", rsa_of(3072, "ffffffffffffffffffffffffffffff"), false},
    };
    (void)state;
    anchors_key = root_key;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int named_root = 0; named_root < 2; named_root++) {
            struct sti_certificate c;
            struct arena *arena = arena_new(4096);
            if (!cases[i].with) { /* a library without such curves reads no such key */
                arena_free(arena);
                continue;
            }
            struct buf text = hostile_chain(cases[i].with, named_root ? root : NULL);
            checked = with_anchor = longest_bits = 0;
            assert_true(sti_certificate_prepare(&c, buf_str(&text), trust, NOW, arena));
            assert_true(c.unreadable || c.by_anchors.chain);
            if (with_anchor > 10 ||
                checked - with_anchor > (cases[i].is_used ? STI_CHAIN_MAX : 0) ||
                longest_bits > 4096)
                fail_msg("%s: %u checked, %u of them with the anchor's key", cases[i].name, checked,
                         with_anchor);
            assert_true(!named_root || i > 0 || with_anchor >= 5); /* it is counted */
            sti_certificate_fini(&c);
            buf_fini(&text);
            arena_free(arena);
        }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        EVP_PKEY_free(cases[i].with);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_key_of_theirs_checks_for_long)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
