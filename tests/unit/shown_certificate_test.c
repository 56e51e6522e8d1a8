/* Which certificates and keys pages are served with. */
#include "lab.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <stird/core/shown_certificate.h>

static EVP_PKEY *curve(const char *group, const char *encoding)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (void *)(uintptr_t)group, strlen(group)),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, (void *)(uintptr_t)encoding,
                               strlen(encoding)),
        OSSL_PARAM_END};
    assert_int_equal(EVP_PKEY_keygen_init(make), 1);
    assert_int_equal(EVP_PKEY_CTX_set_params(make, params), 1);
    assert_int_equal(EVP_PKEY_generate(make, &key), 1);
    EVP_PKEY_CTX_free(make);
    return key;
}

/* Its own issuer; of OpenSSL's own kind where TRUSTED. To be freed. */
static char *certificate_with(EVP_PKEY *key, bool digest, bool trusted)
{
    static const unsigned char name[] = "x";
    X509 *x = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, name, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    assert_int_equal(X509_set_pubkey(x, key), 1);
    assert_true(X509_sign(x, key, digest ? EVP_sha256() : NULL) > 0);
    assert_int_equal(trusted ? PEM_write_bio_X509_AUX(bio, x) : PEM_write_bio_X509(bio, x), 1);
    const long n = BIO_get_mem_data(bio, &text);
    char *copy = strndup(text, (size_t)n);
    BIO_free(bio);
    X509_free(x);
    EVP_PKEY_free(key);
    return copy;
}

/* WORDS: of what is said; NULL: pages are served with it. Takes TEXT. */
static void expect(const char *what, char *text, const char *words)
{
    const char *why = shown_certificate_pages_fault(str_of(text));
    if (!why != !words || (words && !strstr(why, words)))
        fail_msg("%s: \"%s\" instead of \"%s\"", what, why ? why : "", words ? words : "");
    free(text);
}

static void kinds_of_keys(void **state)
{
    (void)state;
    static const struct {
        const char *group, *encoding, *words;
    } curves[] = {
        {"prime256v1", "named_curve", NULL},
        {"secp384r1", "named_curve", NULL},
        {"secp521r1", "named_curve", NULL},
        {"secp224r1", "named_curve", "another curve"},
        {"secp256k1", "named_curve", "another curve"},
        {"brainpoolP256r1", "named_curve", "another curve"},
        {"prime256v1", "explicit", "spells its curve out"},
    };
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
        expect(curves[i].group,
               certificate_with(curve(curves[i].group, curves[i].encoding), true, false),
               curves[i].words);
    expect("RSA 2048", certificate_with(EVP_RSA_gen(2048), true, false), NULL);
    expect("RSA 1024", certificate_with(EVP_RSA_gen(1024), true, false), "too short");
    expect("Ed25519", certificate_with(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), false, false),
           NULL);
    expect("Ed448", certificate_with(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), false, false),
           "of a kind that pages are not served with");
}

static void forms_of_files(void **state)
{
    (void)state;
    expect("trusted", certificate_with(curve("prime256v1", "named_curve"), true, true),
           "OpenSSL's own trust settings");
    expect("nothing", strdup("no certificate"), "not in PEM form");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_keys),
        cmocka_unit_test(forms_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
