#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "core/verify/revocation_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LOOKED_AT_MOST 64

static X509 *certificate_of(const X509_NAME *issuer, const ASN1_INTEGER *serial)
{
    X509 *x = X509_new();
    bool good = x && X509_set_issuer_name(x, issuer) == 1 &&
                X509_set_serialNumber(x, (ASN1_INTEGER *)serial) == 1;
    assert(good);
    return x;
}

/* OpenSSL's own look into the list: what is there twice, lifted and not, may come out either way.
 */
static bool compare(const struct revocation_list *l, X509_CRL *crl, const X509_NAME *issuer,
                    const ASN1_INTEGER *serial)
{
    enum { NOT_THERE, THERE, LIFTED };
    X509 *x = certificate_of(issuer, serial);
    X509_REVOKED *entry = NULL;
    int theirs = X509_CRL_get0_by_cert(crl, &entry, x);
    bool ours = revocation_list_revokes(l, x);
    assert(ours || theirs != THERE);
    assert(!ours || theirs != NOT_THERE);
    revocation_list_is_about(l, x);
    revocation_list_is_named_by(l, x);
    X509_free(x);
    return ours;
}

/* Whether one of those that it names for the entry is revoked. */
static bool compare_named(const struct revocation_list *l, X509_CRL *crl, const X509_REVOKED *entry)
{
    bool any = false;
    GENERAL_NAMES *all = X509_REVOKED_get_ext_d2i(entry, NID_certificate_issuer, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);
        if (one->type == GEN_DIRNAME)
            any |= compare(l, crl, one->d.directoryName, X509_REVOKED_get0_serialNumber(entry));
    }
    GENERAL_NAMES_free(all);
    return any;
}

static void look_at(const struct revocation_list *l, X509_CRL *crl)
{
    STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(crl);
    bool any = false;
    int n = all ? sk_X509_REVOKED_num(all) : 0, step = n > LOOKED_AT_MOST ? n / LOOKED_AT_MOST : 1;
    assert(revocation_list_is_indirect(l) || (int)revocation_list_count(l) <= n);
    for (int i = 0; i < n; i += step) {
        const X509_REVOKED *entry = sk_X509_REVOKED_value(all, i);
        any |= compare(l, crl, X509_CRL_get_issuer(crl), X509_REVOKED_get0_serialNumber(entry));
        any |= compare_named(l, crl, entry);
    }
    assert(!any || revocation_list_count(l) > 0);
}

/* A list in DER: nobody may go by it, or it revokes what OpenSSL finds in it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const unsigned char *at = data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)size);
    if (crl) {
        struct revocation_list *l = revocation_list_new(crl, STR("")),
                               *elsewhere = revocation_list_new(crl, STR("https://a.example/"));
        assert(l && elsewhere);
        assert(!revocation_list_fault(l) || revocation_list_fault(elsewhere));
        if (!revocation_list_fault(l))
            look_at(l, crl);
        revocation_list_free(l);
        revocation_list_free(elsewhere);
    }
    X509_CRL_free(crl);
    ERR_clear_error();
    return 0;
}
