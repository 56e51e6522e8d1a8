#include <stird/core/shown_certificate.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stird/base/address.h>
#include <stird/base/buf.h>
#include <stird/core/certificate_text.h>
#include <string.h>

/* The incomplete type is OpenSSL's, under a name of ours. */
static struct shown_certificate *of(X509 *leaf)
{
    return (struct shown_certificate *)(void *)leaf;
}

static X509 *leaf_of(const struct shown_certificate *shown)
{
    return (X509 *)(void *)(uintptr_t)shown;
}

struct shown_certificate *shown_certificate_read(struct str text)
{
    struct text_fault fault;
    STACK_OF(X509) *all = certificates_read_trusted(text, &fault);
    X509 *leaf = all ? sk_X509_shift(all) : NULL;
    sk_X509_pop_free(all, X509_free);
    return of(leaf);
}

void shown_certificate_free(struct shown_certificate *shown)
{
    X509_free(leaf_of(shown));
}

/* ---- what pages are served with ---- */

#define RSA_BITS_LEAST 2048
#define KEYS           "EC (P-256, P-384 or P-521), Ed25519, or RSA of at least 2048 bits"

static const char *curve_fault(const EVP_PKEY *key)
{
    static const char *const curves[] = {"prime256v1", "secp384r1", "secp521r1"};
    char group[32] = "another";
    int explicit = 0;
    EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicit);
    if (explicit)
        return "has a key that spells its curve out instead of naming it, which no server of pages "
               "takes: make a key with a named curve (-pkeyopt ec_param_enc:named_curve), and get a "
               "certificate for it";
    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL);
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
        if (strcmp(group, curves[i]) == 0)
            return NULL;
    return "has a key on another curve than pages are served with: take " KEYS;
}

static const char *rsa_fault(const EVP_PKEY *key)
{
    return EVP_PKEY_get_bits(key) >= RSA_BITS_LEAST
               ? NULL
               : "has an RSA key that is too short to serve pages with: take " KEYS;
}

static const char *ed25519_fault(const EVP_PKEY *key)
{
    (void)key;
    return NULL;
}

static const struct {
    int type;
    const char *(*fault)(const EVP_PKEY *key);
} served[] = {
    {EVP_PKEY_EC, curve_fault}, {EVP_PKEY_RSA, rsa_fault}, {EVP_PKEY_ED25519, ed25519_fault}};

static const char *key_fault(const EVP_PKEY *key)
{
    for (size_t i = 0; key && i < sizeof(served) / sizeof(served[0]); i++)
        if (EVP_PKEY_get_base_id(key) == served[i].type)
            return served[i].fault(key);
    return "has a key of a kind that pages are not served with: take " KEYS;
}

const char *shown_certificate_pages_fault(struct str text)
{
    struct shown_certificate *shown = shown_certificate_read(text);
    const char *why = certificates_only_here(text);
    if (shown && !why)
        why = key_fault(X509_get0_pubkey(leaf_of(shown)));
    shown_certificate_free(shown);
    ERR_clear_error();
    return why;
}

bool shown_certificate_is_for(const struct shown_certificate *shown, struct str host)
{
    struct buf text = BUF_INIT;
    struct address address;
    while (host.n > 1 && host.p[host.n - 1] == '.')
        host.n--;
    buf_add(&text, host.p, host.n);
    buf_add_char(&text, '\0');
    bool good = buf_failed(&text) ||
                (address_parse(host, &address)
                     ? X509_check_ip_asc(leaf_of(shown), text.p, 0)
                     : X509_check_host(leaf_of(shown), text.p, host.n, 0, NULL)) == 1;
    buf_fini(&text);
    return good;
}

bool shown_certificate_has_key_of(const struct shown_certificate *shown,
                                  const struct certificate *c)
{
    const EVP_PKEY *key = X509_get0_pubkey(leaf_of(shown));
    return key && c->public_key && EVP_PKEY_eq(c->public_key, key) == 1;
}
