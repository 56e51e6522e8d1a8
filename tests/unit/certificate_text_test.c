/*
 * Files that hold certificates and keys in other ways than they should: each is read, or named in
 * words that say what to do. Those of certificates are in certificate_test.c as well.
 */
#include "lab.h"

#include <openssl/pem.h>
#include <stird/core/certificate_text.h>
#include <stird/core/credential.h>
#include <stird/lab/lab_ca.h>

#define BOM "\xef\xbb\xbf"

static char *lab, *chain, *key;
static EVP_PKEY *parsed;

static int make_unit(void **state)
{
    char path[1024];
    struct text_fault fault;
    (void)state;
    lab = lab_directory();
    lab_unit(lab, "none");
    snprintf(path, sizeof(path), "%s/none", lab);
    chain = lab_read(path, "chain.pem");
    key = lab_read(path, "key.pem");
    parsed = text_private_key(str_of(key), &fault);
    assert_non_null(parsed);
    return 0;
}

static int remove_unit(void **state)
{
    (void)state;
    EVP_PKEY_free(parsed);
    free(chain);
    free(key);
    lab_remove(lab);
    return 0;
}

/* WORDS: of what is said; NULL: it is read. */
static void expect(const char *what, const struct text_fault *fault, bool read, const char *words)
{
    if (read != (words == NULL) || (words && !strstr(fault->why, words)))
        fail_msg("%s: \"%s\" instead of \"%s\"", what, read ? "" : fault->why, words ? words : "");
}

static void expect_chain(struct str text, const char *words)
{
    struct text_fault fault = {0, ""};
    STACK_OF(X509) *all = certificates_read(text, &fault);
    expect("chain", &fault, all != NULL, words);
    sk_X509_pop_free(all, X509_free);
}

static void expect_key(struct str text, const char *words)
{
    struct text_fault fault = {0, ""};
    EVP_PKEY *read = text_private_key(text, &fault);
    expect("key", &fault, read != NULL, words);
    EVP_PKEY_free(read);
}

/* TEXT with each FROM as TO; to be freed. */
static char *with(const char *text, const char *from, const char *to)
{
    struct buf out = BUF_INIT;
    for (const char *at; (at = strstr(text, from)); text = at + strlen(from)) {
        buf_add(&out, text, (size_t)(at - text));
        buf_add_text(&out, to);
    }
    buf_add_text(&out, text);
    char *copy = strndup(out.p, out.n);
    buf_fini(&out);
    return copy;
}

static const struct {
    const char *from, *to, *words;
} changes[] = {
    {"\n", "\r\n", NULL},
    {"\n", "\r", NULL},
    {"\n", " \t\n", NULL},
    {"-----BEGIN", "some text\n-----BEGIN", NULL},
    {"-----BEGIN", " -----BEGIN", "shares the line"},
    {"\n", "\\n", "shares the line"},
    {"\n", "", "shares the line"},
    {"-----BEGIN", "\n" BOM "-----BEGIN", "byte order mark"},
    {"-----END", "-----end", "damaged or cut off"},
    {"M", "!", "cannot be decoded"},
};

/* R-C-008. */
static void spellings_of_pem(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        char *as_chain = with(chain, changes[i].from, changes[i].to);
        char *as_key = with(key, changes[i].from, changes[i].to);
        expect_chain(str_of(as_chain), changes[i].words);
        expect_key(str_of(as_key), changes[i].words);
        free(as_chain);
        free(as_key);
    }
}

/* BEFORE, TEXT and BEHIND in one file. */
static struct buf joined(const char *before, const char *text, const char *behind)
{
    struct buf out = BUF_INIT;
    buf_add_text(&out, before);
    buf_add_text(&out, text);
    buf_add_text(&out, behind);
    return out;
}

static void what_stands_beside(void **state)
{
    static const char parameters[] =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    (void)state;
    const struct {
        struct buf text;
        const char *as_chain, *as_key;
    } cases[] = {
        {joined(BOM, chain, ""), NULL, "certificates go to chain.pem"},
        {joined(BOM, key, ""), "holds a private key", NULL},
        {joined(chain, BOM, chain), "byte order mark", "certificates go to chain.pem"},
        {joined(parameters, key, ""), "is no certificate", NULL},
        {joined(parameters, "", ""), "is no certificate", "the parameters of a curve and no key"},
        {joined(key, chain, ""), "holds a private key", NULL},
        {joined(chain, key, ""), "holds a private key", NULL},
        {joined("-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n",
                "", ""),
         "is a request", "holds a request"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf text = cases[i].text;
        expect_chain(buf_str(&text), cases[i].as_chain);
        expect_key(buf_str(&text), cases[i].as_key);
        buf_fini(&text);
    }
}

/* The lines between the first BEGIN and END. */
static char *bare(const char *text)
{
    const char *from = strchr(text, '\n') + 1;
    return strndup(from, (size_t)(strstr(from, "-----END") - from));
}

static void other_forms(void **state)
{
    (void)state;
    char *bare_chain = bare(chain), *bare_key = bare(key);
    expect_chain(str_of(bare_chain), "is base64 without its first and last line");
    expect_key(str_of(bare_key), "is base64 without its first and last line");
    expect_chain(STR("\x1f\x8b\x08\x00"), "is compressed");
    expect_key(STR("\x1f\x8b\x08\x00"), "is compressed");
    expect_chain(STR("\xff\xfe-\0"), "UTF-16");
    expect_key(STR("pkcs11:token=t;object=o\n"), "goes to key.uri");
    expect_key(
        STR("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"),
        "convert a copy (ssh-keygen -p -N '' -m PKCS8 -f COPY)");
    expect_key(STR("\x1f\x8b\x08\x00"), "unpack it (gunzip)");
    expect_key(STR("{\"kty\":\"EC\"}"), "is a key as JSON (JWK): convert it to PEM (PKCS#8)");
    expect_key(STR("PuTTY-User-Key-File-2: x\n"), "is a key of PuTTY's own form: export it as PEM");
    expect_key(STR(" {\"crv\":\"P-256\",\"kty\":\"EC\"}"), "JWK");
    expect_key(STR("PuTTY-User-Key-File-3: ecdsa-sha2-nistp256\n"), "PuTTY");
    expect_chain(STR("<html>"), "holds no certificate in PEM form");
    expect_key(STR("<html>"), "holds no private key in PEM form");
    expect_key(STR(""), "holds no private key in PEM form");
    free(bare_chain);
    free(bare_key);
}

/* R-C-008: A certificate, and what is behind it. */
static void certificates_in_der(void **state)
{
    struct text_fault fault;
    (void)state;
    STACK_OF(X509) *all = certificates_read(str_of(chain), &fault);
    unsigned char *der = NULL;
    int n = i2d_X509(sk_X509_value(all, 0), &der);
    struct buf text = BUF_INIT;
    buf_add(&text, der, (size_t)n);
    expect_chain(buf_str(&text), NULL);
    buf_add_char(&text, '\n');
    expect_chain(buf_str(&text), "more than one thing in DER");
    text.n--;
    buf_add(&text, der, (size_t)n);
    expect_chain(buf_str(&text), "more than one thing in DER");
    expect_chain(str_slice(buf_str(&text), 0, (size_t)n - 1), "neither PEM nor one certificate");
    buf_fini(&text);
    OPENSSL_free(der);
    sk_X509_pop_free(all, X509_free);
}

/* An end-entity certificate with so many extensions, each with as many octets. */
static X509 *large(unsigned extensions, int octets)
{
    EVP_PKEY *own = lab_key_new();
    static const char *const spcs[] = {"709J", NULL};
    X509 *x = lab_certificate_new(&(struct lab_certificate){
        .name = "large", .serial = 1, .key = own, .not_after_s = 4000000000, .spcs = spcs});
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    char *filling = calloc(1, (size_t)octets);
    assert_true(ASN1_OCTET_STRING_set(value, (unsigned char *)filling, octets));
    for (unsigned i = (unsigned)X509_get_ext_count(x); i < extensions; i++) {
        char name[32];
        snprintf(name, sizeof(name), "1.2.3.4.%u", i);
        ASN1_OBJECT *oid = OBJ_txt2obj(name, 1);
        X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
        assert_true(X509_add_ext(x, e, -1));
        X509_EXTENSION_free(e);
        ASN1_OBJECT_free(oid);
    }
    assert_true(X509_sign(x, own, EVP_sha256()) > 0);
    ASN1_OCTET_STRING_free(value);
    free(filling);
    EVP_PKEY_free(own);
    return x;
}

/* In PEM, twice, and in DER; WORDS as expect_chain(). Frees X. */
static void expect_large(X509 *x, const char *words)
{
    struct buf text = BUF_INIT;
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    expect_chain((struct str){(char *)der, (size_t)n}, words);
    for (int i = 0; i < 2; i++) {
        assert_true(lab_add_certificate(&text, x));
        expect_chain(buf_str(&text), words);
    }
    OPENSSL_free(der);
    buf_fini(&text);
    X509_free(x);
}

/* What verifiers read has an end; what an operator trusts has none. */
static void more_than_verifiers_read(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    struct text_fault fault;
    static const char end[] = "-----END CERTIFICATE-----\n";
    char *behind = strstr(chain, end) + sizeof(end) - 1;
    struct str first = {chain, (size_t)(behind - chain)};
    for (unsigned i = 1; i <= CERTIFICATES_MAX + 1; i++) {
        buf_add_str(&text, first);
        expect_chain(buf_str(&text), i <= CERTIFICATES_MAX ? NULL : "one certificate too many");
    }
    STACK_OF(X509) *anchors = certificates_read_trusted(buf_str(&text), &fault);
    assert_int_equal(sk_X509_num(anchors), CERTIFICATES_MAX + 1);
    sk_X509_pop_free(anchors, X509_free);
    buf_reset(&text);
    buf_add_str(&text, first);
    while (text.n < CERTIFICATES_BYTES_MAX)
        buf_add_char(&text, '\n');
    expect_chain(buf_str(&text), NULL);
    buf_add_char(&text, '\n');
    expect_chain(buf_str(&text), "longer than 32 KiB");
    anchors = certificates_read_trusted(buf_str(&text), &fault);
    assert_int_equal(sk_X509_num(anchors), 1);
    sk_X509_pop_free(anchors, X509_free);
    buf_fini(&text);
    expect_large(large(CERTIFICATE_EXTENSIONS_MAX, 4), NULL);
    expect_large(large(CERTIFICATE_EXTENSIONS_MAX + 1, 4), "more than 32 extensions");
    expect_large(large(9, 1700), NULL);
    expect_large(large(9, 2500), "more than 8 KiB");
}

static struct str of_bio(BIO *bio)
{
    char *bytes = NULL;
    long n = BIO_get_mem_data(bio, &bytes);
    return (struct str){bytes, (size_t)n};
}

static void keys_in_der_and_encrypted(void **state)
{
    (void)state;
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(i2d_PrivateKey_bio(bio, parsed), 1);
    expect_key(of_bio(bio), "is a key in DER");
    expect_chain(of_bio(bio), "holds a private key");
    assert_int_equal(BIO_reset(bio), 1);
    assert_int_equal(i2d_PKCS8PrivateKey_bio(bio, parsed, EVP_aes_128_cbc(), "x", 1, NULL, NULL),
                     1);
    expect_key(of_bio(bio), "is an encrypted key in DER");
    assert_int_equal(BIO_reset(bio), 1);
    assert_int_equal(
        PEM_write_bio_PKCS8PrivateKey(bio, parsed, EVP_aes_128_cbc(), "x", 1, NULL, NULL), 1);
    expect_key(of_bio(bio), "without a password");
    assert_int_equal(BIO_reset(bio), 1);
    assert_int_equal(PEM_write_bio_PrivateKey_traditional(
                         bio, parsed, EVP_aes_128_cbc(), (const unsigned char *)"x", 1, NULL, NULL),
                     1);
    expect_key(of_bio(bio), "without a password");
    BIO_free(bio);
}

/* The first counts; when it is the wrong one, it is said that there are others. */
static void several_keys(void **state)
{
    struct certificate c;
    struct problems problems = PROBLEMS_INIT;
    struct arena *arena = arena_new(4096);
    char path[1024];
    (void)state;
    lab_unit(lab, "p384");
    snprintf(path, sizeof(path), "%s/p384", lab);
    char *other = lab_read(path, "key.pem");
    struct buf right = joined(key, other, ""), wrong = joined(other, key, "");
    lab_certificate(&c, arena, lab, "none");
    assert_int_equal(text_private_keys(buf_str(&right)), 2);
    struct credential *one = credential_new(&c, STR("key.pem"), buf_str(&right), &problems);
    assert_non_null(one);
    credential_free(one);
    assert_null(credential_new(&c, STR("key.pem"), buf_str(&wrong), &problems));
    assert_int_equal(problems.n, 2);
    assert_non_null(strstr(problems.list[0].text, "on the curve secp384r1"));
    assert_non_null(strstr(problems.list[1].text, "holds 2 private keys"));
    problems_fini(&problems);
    certificate_fini(&c);
    buf_fini(&right);
    buf_fini(&wrong);
    free(other);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_pem),
        cmocka_unit_test(what_stands_beside),
        cmocka_unit_test(other_forms),
        cmocka_unit_test(certificates_in_der),
        cmocka_unit_test(more_than_verifiers_read),
        cmocka_unit_test(keys_in_der_and_encrypted),
        cmocka_unit_test(several_keys),
    };
    return cmocka_run_group_tests(tests, make_unit, remove_unit);
}
