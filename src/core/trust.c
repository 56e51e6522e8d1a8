#include <stird/trust.h>

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>

struct trust {
    X509_STORE *store;
    unsigned n_crls;
};

struct trust *trust_new(void)
{
    struct trust *t = calloc(1, sizeof(*t));
    if (t)
        t->store = X509_STORE_new();
    if (t && t->store)
        return t;
    trust_free(t);
    return NULL;
}

void trust_free(struct trust *t)
{
    if (!t)
        return;
    X509_STORE_free(t->store);
    free(t);
}

bool trust_has_crls(const struct trust *t)
{
    return t->n_crls > 0;
}

static BIO *text_bio(struct str text)
{
    return text.n <= INT_MAX ? BIO_new_mem_buf(text.n > 0 ? text.p : "", (int)text.n) : NULL;
}

static bool is_pem(struct str text)
{
    return str_starts(str_trim(text), STR("-----BEGIN "));
}

/* ---- certificates ---- */

/* Whether the reader stopped at the end of the text, and not at a broken block. */
static bool ended_well(void)
{
    unsigned long last = ERR_peek_last_error();
    ERR_clear_error();
    return last == 0 || ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
}

static bool read_pem(STACK_OF(X509) * all, struct str text)
{
    BIO *bio = text_bio(text);
    X509 *x;
    bool good = bio != NULL;
    ERR_clear_error();
    while (good && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        good = sk_X509_push(all, x) > 0;
        if (!good)
            X509_free(x);
    }
    good = ended_well() && good;
    BIO_free(bio);
    return good;
}

static bool read_der(STACK_OF(X509) * all, struct str text)
{
    const unsigned char *at = (const unsigned char *)text.p, *end = at + text.n;
    X509 *x = text.n > 0 && text.n <= LONG_MAX ? d2i_X509(NULL, &at, (long)text.n) : NULL;
    bool good = x && at == end && sk_X509_push(all, x) > 0;
    if (!good)
        X509_free(x);
    ERR_clear_error();
    return good;
}

STACK_OF(X509) * certificates_read(struct str text)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    bool good = all && (is_pem(text) ? read_pem(all, text) : read_der(all, text));
    if (good && sk_X509_num(all) > 0)
        return all;
    sk_X509_pop_free(all, X509_free);
    return NULL;
}

bool trust_add_anchors(struct trust *t, struct str name, struct str pem, struct problems *problems)
{
    STACK_OF(X509) *all = certificates_read(pem);
    bool good = all != NULL;
    for (int i = 0; good && i < sk_X509_num(all); i++)
        good = X509_STORE_add_cert(t->store, sk_X509_value(all, i)) == 1;
    if (!good)
        problems_add(problems, name, 0,
                     "holds no certificates in PEM form, or one that is damaged: put the trust "
                     "anchors here");
    sk_X509_pop_free(all, X509_free);
    ERR_clear_error();
    return good;
}

/* ---- revocation lists ---- */

static bool add_crl(struct trust *t, X509_CRL *crl)
{
    bool good = crl && X509_STORE_add_crl(t->store, crl) == 1;
    t->n_crls += good;
    X509_CRL_free(crl);
    return good;
}

bool trust_add_crls(struct trust *t, struct str name, struct str text, struct problems *problems)
{
    unsigned before = t->n_crls;
    bool good = true;
    BIO *bio = text_bio(text);
    X509_CRL *crl;
    ERR_clear_error();
    if (bio && is_pem(text))
        while (good && (crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)))
            good = add_crl(t, crl);
    else if (bio)
        good = add_crl(t, d2i_X509_CRL_bio(bio, NULL));
    good = ended_well() && good && t->n_crls > before;
    if (!good)
        problems_add(problems, name, 0, "holds no certificate revocation list, in PEM or DER");
    BIO_free(bio);
    return good;
}

/* ---- asking ---- */

/* The end-entity's own dates are judged elsewhere: here it is looked at while it is in force. */
static int64_t within_dates(X509 *leaf, int64_t now_s)
{
    time_t t = (time_t)now_s;
    struct tm tm;
    if (X509_cmp_time(X509_get0_notBefore(leaf), &t) > 0 &&
        ASN1_TIME_to_tm(X509_get0_notBefore(leaf), &tm))
        return timegm(&tm);
    if (X509_cmp_time(X509_get0_notAfter(leaf), &t) < 0 &&
        ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &tm))
        return timegm(&tm) - 1;
    return now_s;
}

/* X509_V_OK or why not. An anchor need not be self-signed: who lists it trusts it. */
static int check(const struct trust *t, X509 *leaf, STACK_OF(X509) * more, int64_t now_s,
                 unsigned long flags)
{
    int error = X509_V_ERR_OUT_OF_MEM;
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (context && X509_STORE_CTX_init(context, t->store, leaf, more) == 1) {
        X509_STORE_CTX_set_flags(context, flags | X509_V_FLAG_PARTIAL_CHAIN);
        X509_STORE_CTX_set_time(context, 0, (time_t)within_dates(leaf, now_s));
        error = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
        if (error == X509_V_OK && X509_STORE_CTX_get_error(context) != X509_V_OK)
            error = X509_STORE_CTX_get_error(context);
    }
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return error;
}

const char *trust_check_chain(const struct trust *t, X509 *leaf, STACK_OF(X509) * more,
                              int64_t now_s)
{
    int error = check(t, leaf, more, now_s, 0);
    return error == X509_V_OK ? NULL : X509_verify_cert_error_string(error);
}

const char *trust_check_revoked(const struct trust *t, X509 *leaf, STACK_OF(X509) * more,
                                int64_t now_s, bool *revoked)
{
    /* The lists of STI are indirect: one issuer's list tells of others' certificates. */
    int error = check(t, leaf, more, now_s,
                      X509_V_FLAG_CRL_CHECK | X509_V_FLAG_EXTENDED_CRL_SUPPORT);
    *revoked = error == X509_V_ERR_CERT_REVOKED;
    return error == X509_V_OK || *revoked ? NULL : X509_verify_cert_error_string(error);
}
