/*
 * certificate_request - what a provider hands to an authority for STIR (ATIS-1000080): a request
 * (PKCS#10, RFC 2986) for a certificate on a new key, which names the service provider code. Pure.
 */
#ifndef STIRD_CERTIFICATE_REQUEST_H
#define STIRD_CERTIFICATE_REQUEST_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

struct certificate_request {
    const char *country;      /* two letters */
    const char *organization; /* the provider's name */
    const char *const *spcs;  /* at least one, ended by NULL; the first goes into the common name */
};

/* A new P-256 key; NULL when that fails. */
EVP_PKEY *certificate_request_key(void);
/*
 * PEM: the subject is C, O, CN = "SHAKEN" and the code; the TNAuthList is an extension that is
 * asked for. Signed by KEY with SHA-256. False when that fails.
 */
bool certificate_request_write(const struct certificate_request *request, EVP_PKEY *key,
                               struct buf *pem);
/* The key in PEM (PKCS#8); the caller cleanses. */
bool certificate_request_write_key(EVP_PKEY *key, struct buf *pem);

/* Writes C, O and CN into SUBJECT, which was empty. lab_ca.h makes certificates of it too. */
bool certificate_request_subject(X509_NAME *subject, const char *country, const char *organization,
                                 const char *common_name);
/* An extension that is not critical; OID as numbers. The caller frees it; NULL: no memory. */
X509_EXTENSION *certificate_request_extension(const char *oid, struct str der);

#endif
