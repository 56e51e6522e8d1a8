#include "x509_parts.h"

#include "tn_auth_list.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
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

bool x509_add_print(struct buf *prints, X509 *x)
{
    unsigned char print[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    bool good = X509_digest(x, EVP_sha256(), print, &n) == 1 && n == X509_PRINT_BYTES;
    if (good)
        buf_add(prints, print, n);
    return good && !buf_failed(prints);
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
