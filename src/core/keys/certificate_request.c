#include <stird/core/certificate_request.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stird/core/tn_auth_list_write.h>
#include <string.h>

EVP_PKEY *certificate_request_key(void)
{
    return EVP_EC_gen("P-256");
}

static bool add_name(X509_NAME *subject, const char *field, const char *value)
{
    return X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8, (const unsigned char *)value,
                                      -1, -1, 0);
}

bool certificate_request_subject(X509_NAME *subject, const char *country, const char *organization,
                                 const char *common_name)
{
    return add_name(subject, "C", country) && add_name(subject, "O", organization) &&
           add_name(subject, "CN", common_name);
}

static bool set_subject(X509_REQ *x, const struct certificate_request *r)
{
    char common_name[64];
    snprintf(common_name, sizeof(common_name), "SHAKEN %s", r->spcs[0]);
    return certificate_request_subject(X509_REQ_get_subject_name(x), r->country, r->organization,
                                       common_name);
}

X509_EXTENSION *certificate_request_extension(const char *name, struct str der)
{
    ASN1_OBJECT *oid = OBJ_txt2obj(name, 1);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    if (oid && octets && ASN1_OCTET_STRING_set(octets, (const unsigned char *)der.p, (int)der.n))
        extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, octets);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OBJECT_free(oid);
    return extension;
}

static X509_EXTENSION *tn_auth_list(const char *const *spcs)
{
    struct buf der = BUF_INIT;
    X509_EXTENSION *extension = NULL;
    if (tn_auth_list_write(spcs, NULL, &der))
        extension = certificate_request_extension(TN_AUTH_LIST_OID, buf_str(&der));
    buf_fini(&der);
    return extension;
}

static bool add_extensions(X509_REQ *x, const struct certificate_request *r)
{
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    X509_EXTENSION *usage = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage,
                                                "critical,digitalSignature");
    X509_EXTENSION *codes = tn_auth_list(r->spcs);
    bool good = list && usage && codes && sk_X509_EXTENSION_push(list, usage) &&
                sk_X509_EXTENSION_push(list, codes) && X509_REQ_add_extensions(x, list);
    X509_EXTENSION_free(usage);
    X509_EXTENSION_free(codes);
    sk_X509_EXTENSION_free(list);
    return good;
}

static bool add_bio(struct buf *out, BIO *bio, int written)
{
    char *text = NULL;
    long n = bio && written ? BIO_get_mem_data(bio, &text) : 0;
    if (n > 0)
        buf_add(out, text, (size_t)n);
    BIO_free(bio);
    return n > 0 && !buf_failed(out);
}

bool certificate_request_write(const struct certificate_request *r, EVP_PKEY *key, struct buf *pem)
{
    X509_REQ *x = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());
    bool good = x && X509_REQ_set_version(x, X509_REQ_VERSION_1) && set_subject(x, r) &&
                X509_REQ_set_pubkey(x, key) && add_extensions(x, r) &&
                X509_REQ_sign(x, key, EVP_sha256()) > 0;
    good = add_bio(pem, bio, good && bio && PEM_write_bio_X509_REQ(bio, x));
    X509_REQ_free(x);
    ERR_clear_error();
    return good;
}

bool certificate_request_write_key(EVP_PKEY *key, struct buf *pem)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    return add_bio(pem, bio,
                   bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
}
