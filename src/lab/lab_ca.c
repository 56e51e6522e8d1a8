#include <stird/lab/lab_ca.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <stird/core/certificate_request.h>
#include <stird/core/tn_auth_list_write.h>
#include <string.h>

EVP_PKEY *lab_key_new(void)
{
    return certificate_request_key();
}

/* Adds nothing when DER is empty. */
static bool add_der(X509 *x, const char *name, struct str der)
{
    if (der.n == 0)
        return true;
    X509_EXTENSION *extension = certificate_request_extension(name, der);
    bool good = extension && X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
    return good;
}

static bool add_list(X509 *x, const struct lab_certificate *c)
{
    struct buf der = BUF_INIT;
    bool good = tn_auth_list_write(c->spcs, c->numbers, &der) &&
                add_der(x, TN_AUTH_LIST_OID, buf_str(&der)) &&
                add_der(x, "1.3.6.1.5.5.7.1.27", c->constraints) &&
                add_der(x, "1.3.6.1.5.5.7.1.33", c->enhanced);
    buf_fini(&der);
    return good;
}

/* ---- certificates ---- */

static bool add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool good = extension && X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
    return good;
}

static bool fill(X509 *x, const struct lab_certificate *c)
{
    X509 *issuer = c->issuer ? c->issuer : x;
    return X509_set_version(x, X509_VERSION_3) &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), c->serial) &&
           certificate_request_subject(X509_get_subject_name(x), "US", "stird lab", c->name) &&
           X509_set_issuer_name(x, X509_get_subject_name(issuer)) &&
           ASN1_TIME_set(X509_getm_notBefore(x), (time_t)c->not_before_s) &&
           ASN1_TIME_set(X509_getm_notAfter(x), (time_t)c->not_after_s) &&
           X509_set_pubkey(x, c->key) &&
           add_extension(x, issuer, NID_basic_constraints,
                         c->authority ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
           add_extension(x, issuer, NID_key_usage,
                         c->authority ? "critical,keyCertSign,cRLSign"
                         : c->usage   ? c->usage
                                      : "critical,digitalSignature") &&
           add_extension(x, issuer, NID_subject_key_identifier, "hash") &&
           add_extension(x, issuer, NID_authority_key_identifier, "keyid") &&
           (!c->alt_names || add_extension(x, issuer, NID_subject_alt_name, c->alt_names)) &&
           add_list(x, c) && X509_sign(x, c->issuer_key ? c->issuer_key : c->key, EVP_sha256()) > 0;
}

X509 *lab_certificate_new(const struct lab_certificate *certificate)
{
    X509 *x = X509_new();
    if (x && fill(x, certificate))
        return x;
    X509_free(x);
    ERR_clear_error();
    return NULL;
}

static bool revoke(X509_CRL *crl, uint64_t serial, int64_t at_s)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    ASN1_TIME *at = ASN1_TIME_set(NULL, (time_t)at_s);
    bool good = entry && number && at && ASN1_INTEGER_set_uint64(number, serial) &&
                X509_REVOKED_set_serialNumber(entry, number) &&
                X509_REVOKED_set_revocationDate(entry, at) && X509_CRL_add0_revoked(crl, entry);
    if (!good)
        X509_REVOKED_free(entry);
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(at);
    return good;
}

X509_CRL *lab_crl_new(X509 *issuer, EVP_PKEY *issuer_key, int64_t from_s, int64_t to_s,
                      const uint64_t *serials, unsigned n)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)from_s), *to = ASN1_TIME_set(NULL, (time_t)to_s);
    bool good = crl && from && to && X509_CRL_set_version(crl, X509_CRL_VERSION_2) &&
                X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) &&
                X509_CRL_set1_lastUpdate(crl, from) && X509_CRL_set1_nextUpdate(crl, to);
    for (unsigned i = 0; good && i < n; i++)
        good = revoke(crl, serials[i], from_s);
    good = good && X509_CRL_sort(crl) && X509_CRL_sign(crl, issuer_key, EVP_sha256()) > 0;
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    if (!good) {
        X509_CRL_free(crl);
        crl = NULL;
    }
    ERR_clear_error();
    return crl;
}

/* ---- PEM ---- */

static bool add_bio(struct buf *out, BIO *bio, int written)
{
    char *text = NULL;
    long n = bio && written ? BIO_get_mem_data(bio, &text) : 0;
    if (n > 0)
        buf_add(out, text, (size_t)n);
    BIO_free(bio);
    return n > 0 && !buf_failed(out);
}

bool lab_add_certificate(struct buf *out, X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    return add_bio(out, bio, bio && PEM_write_bio_X509(bio, certificate));
}

bool lab_add_crl(struct buf *out, X509_CRL *crl)
{
    BIO *bio = BIO_new(BIO_s_mem());
    return add_bio(out, bio, bio && PEM_write_bio_X509_CRL(bio, crl));
}

bool lab_add_key(struct buf *out, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    return add_bio(out, bio,
                   bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
}
