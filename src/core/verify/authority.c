#include "authority.h"

#include "x509_parts.h"

#include <openssl/x509v3.h>

#define SECURITY_BITS 112 /* what chains that lead to it have to have, too (anchors.c) */

static const char *key_fault(X509 *x)
{
    EVP_PKEY *key = X509_get0_pubkey(x);
    if (!key)
        return "an authority's certificate whose key cannot be read";
    if (x509_curve_is_spelled(x))
        return "an authority's certificate whose key spells its curve out instead of naming it";
    if (EVP_PKEY_get_security_bits(key) < SECURITY_BITS)
        return "an authority's certificate whose key is too weak";
    return NULL;
}

static const char *fault(X509 *x, int64_t now_s)
{
    int64_t until_s;
    const char *why = key_fault(x);
    if (why)
        return why;
    return !x509_seconds(X509_get0_notAfter(x), &until_s) || until_s <= now_s
               ? "an authority's certificate that has expired"
               : NULL;
}

const char *authority_fault(X509 *x, int64_t now_s)
{
    return X509_check_ca(x) == 1 ? fault(x, now_s) : "a certificate that is no authority's";
}

const char *authority_list_fault(X509 *x, int64_t now_s)
{
    const uint32_t usage = X509_get_key_usage(x); /* UINT32_MAX: it says nothing of that */
    return usage != UINT32_MAX && usage & KU_CRL_SIGN ? fault(x, now_s) : authority_fault(x, now_s);
}
