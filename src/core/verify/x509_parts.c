#include "x509_parts.h"

#include "claim_constraints.h"
#include "packed.h"
#include "tn_auth_list.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <limits.h>
#include <string.h>

/* What X says of its key's curve: its form, and *CURVE. */
static int find_curve(X509 *x, const void **curve)
{
    X509_ALGOR *algorithm = NULL;
    int kind = V_ASN1_UNDEF;
    if (X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY(x)) == 1)
        X509_ALGOR_get0(NULL, &kind, curve, algorithm);
    return kind;
}

bool x509_curve_is_named(X509 *x)
{
    const void *curve = NULL;
    return find_curve(x, &curve) == V_ASN1_OBJECT && OBJ_obj2nid(curve) == NID_X9_62_prime256v1;
}

bool x509_curve_is_spelled(X509 *x)
{
    const void *curve = NULL;
    const EVP_PKEY *key = X509_get0_pubkey(x);
    return key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           find_curve(x, &curve) != V_ASN1_OBJECT;
}

static bool is_oid(X509_EXTENSION *e, const char *oid)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    bool same = object && OBJ_cmp(object, X509_EXTENSION_get_object(e)) == 0;
    ASN1_OBJECT_free(object);
    return same;
}

struct str x509_extension(X509 *x, const char *oid)
{
    for (int i = 0; i < X509_get_ext_count(x); i++) {
        if (!is_oid(X509_get_ext(x, i), oid))
            continue;
        const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(X509_get_ext(x, i));
        struct str der = {(const char *)ASN1_STRING_get0_data(data),
                          (size_t)ASN1_STRING_length(data)};
        return der.p ? der : (struct str){"", 0};
    }
    return (struct str){NULL, 0};
}

bool x509_has_extension_twice(X509 *x)
{
    for (int i = 0; i < X509_get_ext_count(x); i++)
        if (X509_get_ext_by_OBJ(x, X509_EXTENSION_get_object(X509_get_ext(x, i)), i) >= 0)
            return true;
    return false;
}

static bool is_of_stir(X509_EXTENSION *e)
{
    static const char *const known[] = {TN_AUTH_LIST_OID, CLAIM_CONSTRAINTS_OID,
                                        ENHANCED_CLAIM_CONSTRAINTS_OID};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (is_oid(e, known[i]))
            return true;
    return false;
}

bool x509_unknown_critical(X509 *x)
{
    for (int i = 0; i < X509_get_ext_count(x); i++) {
        X509_EXTENSION *e = X509_get_ext(x, i);
        if (X509_EXTENSION_get_critical(e) && !X509_supported_extension(e) && !is_of_stir(e))
            return true;
    }
    return false;
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

bool x509_is_in_force(X509 *x, int64_t now_s)
{
    int64_t from_s, to_s;
    return x509_seconds(X509_get0_notBefore(x), &from_s) &&
           x509_seconds(X509_get0_notAfter(x), &to_s) && from_s <= now_s && now_s <= to_s;
}

bool x509_issued(X509 *issuer, X509 *x)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    return key && X509_check_issued(issuer, x) == X509_V_OK && X509_verify(x, key) == 1;
}

void x509_part_at(int64_t at_s, int64_t now_s, int64_t *from_s, int64_t *until_s)
{
    if (at_s <= now_s && at_s > *from_s)
        *from_s = at_s;
    else if (at_s > now_s && at_s - 1 < *until_s)
        *until_s = at_s - 1;
}

void x509_dates_part(X509 *x, int64_t now_s, int64_t *from_s, int64_t *until_s)
{
    int64_t begin_s, end_s;
    if (x509_seconds(X509_get0_notBefore(x), &begin_s))
        x509_part_at(begin_s, now_s, from_s, until_s);
    if (x509_seconds(X509_get0_notAfter(x), &end_s))
        x509_part_at(end_s + 1, now_s, from_s, until_s);
}

bool x509_signature_is_weak(int nid)
{
    int digest = NID_undef, key = NID_undef;
    OBJ_find_sigid_algs(nid, &digest, &key);
    return digest == NID_md5 || digest == NID_sha1 || digest == NID_undef;
}

bool x509_pack(struct buf *out, STACK_OF(X509) * all)
{
    struct buf ders = BUF_INIT;
    bool good = true;
    for (int i = 0; i < sk_X509_num(all) && good; i++)
        good = x509_add_der(&ders, sk_X509_value(all, i));
    packed_add_text(out, buf_str(&ders));
    good = good && !buf_failed(&ders);
    buf_fini(&ders);
    return good;
}

STACK_OF(X509) * x509_unpack(struct packed *in)
{
    struct str ders = packed_text(in);
    if (in->broken)
        return NULL;
    return ders.n > 0 ? x509_read_ders(ders) : sk_X509_new_null();
}
