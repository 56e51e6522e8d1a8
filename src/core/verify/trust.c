#include <stird/core/trust.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <stird/core/certificate_text.h>

#include "x509_parts.h"

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

bool trust_add_anchor(struct trust *t, X509 *x)
{
    bool good = X509_STORE_add_cert(t->store, x) == 1;
    ERR_clear_error();
    return good;
}

bool trust_add_anchors(struct trust *t, struct str name, struct str text, struct problems *problems)
{
    struct text_fault fault = {0, "holds a certificate that cannot be used as an anchor"};
    STACK_OF(X509) *all = certificates_read_trusted(text, &fault);
    bool good = all != NULL;
    for (int i = 0; good && i < sk_X509_num(all); i++)
        good = trust_add_anchor(t, sk_X509_value(all, i));
    if (!good)
        text_fault_add(&fault, name, problems);
    sk_X509_pop_free(all, X509_free);
    ERR_clear_error();
    return good;
}

bool trust_add_crls(struct trust *t, struct str name, struct str text, struct problems *problems)
{
    struct text_fault fault = {0, "holds a revocation list that cannot be used"};
    STACK_OF(X509_CRL) *all = crls_read(text, &fault);
    bool good = all != NULL;
    for (int i = 0; good && i < sk_X509_CRL_num(all); i++) {
        good = X509_STORE_add_crl(t->store, sk_X509_CRL_value(all, i)) == 1;
        t->n_crls += good;
    }
    if (!good)
        text_fault_add(&fault, name, problems);
    sk_X509_CRL_pop_free(all, X509_CRL_free);
    ERR_clear_error();
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

/* OpenSSL does not know the extensions of STIR: where one is critical, we do (sti_certificate.h).
 */
static int know_our_extensions(int good, X509_STORE_CTX *context)
{
    X509 *x = X509_STORE_CTX_get_current_cert(context);
    if (good || !x ||
        X509_STORE_CTX_get_error(context) != X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION ||
        x509_unknown_critical(x))
        return good;
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
}

/* X509_V_OK or why not. BUILT, if not NULL, becomes the chain, to be freed with its certificates.
 */
static int check(const struct trust *t, X509 *leaf, STACK_OF(X509) * more, int64_t now_s,
                 unsigned long flags, STACK_OF(X509) * *built)
{
    int error = X509_V_ERR_OUT_OF_MEM;
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (context && X509_STORE_CTX_init(context, t->store, leaf, more) == 1) {
        X509_STORE_CTX_set_flags(context, flags);
        X509_STORE_CTX_set_verify_cb(context, know_our_extensions);
        X509_STORE_CTX_set_time(context, 0, (time_t)within_dates(leaf, now_s));
        error = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
        if (error == X509_V_OK && X509_STORE_CTX_get_error(context) != X509_V_OK)
            error = X509_STORE_CTX_get_error(context);
        if (built)
            *built = X509_STORE_CTX_get1_chain(context);
    }
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return error;
}

/* An anchor need not be self-signed: who lists it trusts it. */
#define ANY_ANCHOR X509_V_FLAG_PARTIAL_CHAIN
/* The lists of STI are indirect: one issuer's list tells of others' certificates. */
#define BY_LISTS (X509_V_FLAG_CRL_CHECK | X509_V_FLAG_EXTENDED_CRL_SUPPORT)

const char *trust_check_chain(const struct trust *t, X509 *leaf, STACK_OF(X509) * more,
                              int64_t now_s)
{
    int error = check(t, leaf, more, now_s, ANY_ANCHOR, NULL);
    return error == X509_V_OK ? NULL : X509_verify_cert_error_string(error);
}

/*
 * What lists say of an authority's certificate. An anchor needs no list, but may be revoked
 * nevertheless, by one of the root above.
 */
static int check_authority(const struct trust *t, X509 *authority, STACK_OF(X509) * more,
                           int64_t now_s, bool anchor)
{
    int error = check(t, authority, more, now_s, ANY_ANCHOR | BY_LISTS, NULL);
    if (error != X509_V_OK &&
        check(t, authority, more, now_s, BY_LISTS, NULL) == X509_V_ERR_CERT_REVOKED)
        return X509_V_ERR_CERT_REVOKED;
    return anchor && error != X509_V_ERR_CERT_REVOKED ? X509_V_OK : error;
}

/* Above the end-entity: revoked when one of them is, else not known when it is of one of them. */
static int check_authorities(const struct trust *t, STACK_OF(X509) * chain, STACK_OF(X509) * more,
                             int64_t now_s)
{
    int unknown = X509_V_OK;
    for (int i = 1, n = sk_X509_num(chain); i < n; i++) {
        int error = check_authority(t, sk_X509_value(chain, i), more, now_s, i == n - 1);
        if (error == X509_V_ERR_CERT_REVOKED)
            return error;
        if (error != X509_V_OK)
            unknown = error;
    }
    return unknown;
}

const char *trust_check_revoked(const struct trust *t, X509 *leaf, STACK_OF(X509) * more,
                                int64_t now_s, bool *revoked)
{
    STACK_OF(X509) *chain = NULL;
    int error = check(t, leaf, more, now_s, ANY_ANCHOR | BY_LISTS, NULL);
    if (error != X509_V_ERR_CERT_REVOKED && /* without lists, so that the chain is whole */
        check(t, leaf, more, now_s, ANY_ANCHOR, &chain) == X509_V_OK) {
        int above = check_authorities(t, chain, more, now_s);
        if (above == X509_V_ERR_CERT_REVOKED || error == X509_V_OK)
            error = above;
    }
    sk_X509_pop_free(chain, X509_free);
    *revoked = error == X509_V_ERR_CERT_REVOKED;
    return error == X509_V_OK || *revoked ? NULL : X509_verify_cert_error_string(error);
}
