/*
 * certificate_text - reads certificates and private keys from the files in which people keep them.
 * The one reader for signing units, trust anchors, what a URL serves, and TLS. A format that it
 * does not read it names, and says how to convert it. Pure.
 */
#ifndef STIRD_CERTIFICATE_TEXT_H
#define STIRD_CERTIFICATE_TEXT_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stird/base/problems.h>
#include <stird/base/str.h>

struct text_fault {
    unsigned block;  /* of the PEM text, from 1; 0: the text as a whole */
    const char *why; /* a static sentence that goes behind the file's name */
};
/* Adds it as a problem of the file NAME. */
void text_fault_add(const struct text_fault *fault, struct str name, struct problems *problems);

/* The most that a URL may serve, and so the most that a unit's chain may have: verifiers read no
   more. */
#define CERTIFICATES_MAX           6
#define CERTIFICATES_BYTES_MAX     ((size_t)32 << 10) /* of the text */
#define CERTIFICATE_BYTES_MAX      (8L << 10)         /* of one, in DER */
#define CERTIFICATE_EXTENSIONS_MAX 32
/*
 * The certificates of TEXT: PEM (RFC 7468, one or more, other text around) or one in DER. The first
 * is the end-entity's. NULL and *FAULT when there is none, when there are too many, or when
 * anything else stands between them. To be freed with sk_X509_pop_free().
 */
STACK_OF(X509) * certificates_read(struct str text, struct text_fault *fault);
/* The same for anchors and TLS: blocks of OpenSSL's own kind (TRUSTED CERTIFICATE) count too, and
   there may be as many as there are. */
STACK_OF(X509) * certificates_read_trusted(struct str text, struct text_fault *fault);

/* Why only OpenSSL reads the certificates of TEXT, and other libraries do not: it is no PEM, or has
   blocks of OpenSSL's own kind. NULL: others read them, too. */
const char *certificates_only_here(struct str text);

/* Revocation lists, PEM (one or more) or one in DER; NULL and *FAULT. */
STACK_OF(X509_CRL) * text_crls(struct str text, struct text_fault *fault);

/*
 * The first private key of TEXT: PEM (SEC1, PKCS#8, PKCS#1), unencrypted, of any kind. What is
 * decoded on the way lies in OpenSSL's secure heap and is cleansed. NULL and *FAULT.
 */
EVP_PKEY *text_private_key(struct str text, struct text_fault *fault);
/* How many private keys TEXT has that can be read without a password. */
unsigned text_private_keys(struct str text);

#endif
