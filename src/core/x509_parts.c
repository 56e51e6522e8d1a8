#include "x509_parts.h"

#include "tn_auth_list.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <limits.h>
#include <string.h>

bool key_is_p256(const EVP_PKEY *key)
{
    char group[32] = "";
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                          NULL) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

struct str x509_tn_auth_list(X509 *x)
{
    ASN1_OBJECT *object = OBJ_txt2obj(TN_AUTH_LIST_OID, 1);
    int at = object ? X509_get_ext_by_OBJ(x, object, -1) : -1;
    ASN1_OBJECT_free(object);
    if (at < 0)
        return (struct str){NULL, 0};
    const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(X509_get_ext(x, at));
    return (struct str){(const char *)ASN1_STRING_get0_data(data),
                        (size_t)ASN1_STRING_length(data)};
}

bool x509_add_der(struct buf *out, X509 *x)
{
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    if (n > 0)
        buf_add(out, der, (size_t)n);
    OPENSSL_free(der);
    return n > 0 && !buf_failed(out);
}

STACK_OF(X509) * x509_read_ders(struct str ders)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    const unsigned char *at = (const unsigned char *)ders.p, *end = at + ders.n;
    bool good = all && ders.n > 0 && ders.n <= LONG_MAX;
    while (good && at < end) {
        X509 *x = d2i_X509(NULL, &at, (long)(end - at));
        good = x && sk_X509_push(all, x) > 0;
        if (!good)
            X509_free(x);
    }
    if (good)
        return all;
    sk_X509_pop_free(all, X509_free);
    return NULL;
}

bool x509_seconds(const ASN1_TIME *time, int64_t *seconds)
{
    int days = 0, rest = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    bool good = epoch && ASN1_TIME_diff(&days, &rest, epoch, time) == 1;
    ASN1_TIME_free(epoch);
    if (good)
        *seconds = (int64_t)days * 86400 + rest;
    return good;
}
