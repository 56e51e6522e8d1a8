#include <stird/core/certificate_text.h>

#include "der.h"
#include "pem.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <stird/base/shortage.h>
#include <string.h>

void text_fault_add(const struct text_fault *fault, struct str name, struct problems *problems)
{
    if (fault->block > 0)
        problems_add(problems, name, 0, "block %u %s", fault->block, fault->why);
    else
        problems_add(problems, name, 0, "%s", fault->why);
}

/* What a PEM text may be asked for. */
enum wanted { CERTIFICATES, CERTIFICATES_OR_TRUSTED, CRLS, A_KEY, WANTED };

static const char *const nothing_there[WANTED] = {
    [CERTIFICATES] = "holds no certificate in PEM form: put the chain here, the end-entity "
                     "certificate first",
    [CERTIFICATES_OR_TRUSTED] = "holds no certificate, in PEM or DER",
    [CRLS] = "holds no certificate revocation list, in PEM or DER",
    [A_KEY] = "holds no private key in PEM form: put the certificate's key here "
              "(-----BEGIN PRIVATE KEY-----)",
};

#define BITS(a)   (1u << (a))
#define OF_CHAINS (BITS(CERTIFICATES) | BITS(CERTIFICATES_OR_TRUSTED))
#define OF_ALL    (OF_CHAINS | BITS(CRLS) | BITS(A_KEY))

/* Used for PEM and DER, and for two labels. */
#define PRIVATE_HERE                                                                               \
    "holds a private key: this file is for everyone to read; move the key to key.pem, and use a "  \
    "new key if the file was ever published"
#define PKCS7_HERE                                                                                 \
    "is PKCS#7: convert it (openssl pkcs7 -print_certs -in OLD -out NEW), the end-entity "         \
    "certificate first"

/* ---- blocks that are not what is wanted ---- */

/* By the label's end; the first line that fits says it. */
static const struct {
    const char *label;
    unsigned wanted;
    const char *why;
} strangers[] = {
    {"ENCRYPTED PRIVATE KEY", BITS(A_KEY),
     "holds no private key that can be read without a password: the key is encrypted, and nobody "
     "is there to type the passphrase at a start: store it unencrypted (openssl pkey -in OLD -out NEW) with mode 0600"},
    {"OPENSSH PRIVATE KEY", BITS(A_KEY),
     "holds a key of OpenSSH's own form: convert a copy (ssh-keygen -p -N '' -m PKCS8 -f COPY)"},
    {"PRIVATE KEY", BITS(CERTIFICATES), PRIVATE_HERE},
    {"TRUSTED CERTIFICATE", BITS(CERTIFICATES),
     "is a certificate with OpenSSL's trust settings, which verifiers do not read: convert it "
     "(openssl x509 -in OLD -out NEW)"},
    {"CERTIFICATE REQUEST", BITS(A_KEY),
     "holds a request where the private key should be: put the key here that it was made with"},
    {"CERTIFICATE REQUEST", OF_CHAINS,
     "is a request and no certificate: put the certificate here that the issuer made of it"},
    {"PKCS7", OF_CHAINS, PKCS7_HERE},
    {"CMS", OF_CHAINS, PKCS7_HERE},
    {"CERTIFICATE", BITS(A_KEY),
     "holds a certificate where the private key should be: certificates go to chain.pem"},
    {"PKCS7", BITS(A_KEY), "holds certificates (PKCS#7) where the private key should be"},
    {"PUBLIC KEY", BITS(A_KEY),
     "holds the public half of a key: put the private key here that belongs to it"},
    {"PARAMETERS", BITS(A_KEY),
     "holds the parameters of a curve and no key: put the key here as well, or alone"},
    {"", OF_CHAINS, "is no certificate: leave only certificates in this file"},
};

static const char *stranger(struct str label, enum wanted wanted)
{
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        struct str end = str_of(strangers[i].label);
        if (strangers[i].wanted & BITS(wanted) && label.n >= end.n &&
            str_eq(str_slice(label, label.n - end.n, label.n), end))
            return strangers[i].why;
    }
    return NULL;
}

static const char *const damaged = "cannot be decoded: get the file again from the issuer";

static const char *place_fault(enum pem_find found)
{
    switch (found) {
    case PEM_GLUED:
        return "shares the line of its BEGIN or END with something else, spaces too, which "
               "verifiers do not read: put a line end behind each -----END ...----- and before "
               "each -----BEGIN, and nothing else";
    case PEM_MARKED:
        return "has a byte order mark before its BEGIN, which nobody sees, and verifiers skip at "
               "the beginning of a file alone: take it out (sed 's/\\xef\\xbb\\xbf//' OLD >NEW)";
    default:
        return "is damaged or cut off: get the file again from the issuer";
    }
}

/* ---- text that is no PEM ---- */

static bool is_pkcs7(struct str der)
{
    struct str inside, oid;
    static const char signed_data[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
    return der_take(&der, DER_SEQUENCE, &inside) && der_take(&inside, 0x06, &oid) &&
           str_eq(oid, str_of(signed_data));
}

static bool is_pkcs12(struct str der)
{
    struct str inside, version;
    return der_take(&der, DER_SEQUENCE, &inside) && der_take(&inside, DER_INTEGER, &version) &&
           str_eq(version, STR("\x03")) && inside.n > 0 && der_octet(inside, 0) == DER_SEQUENCE;
}

static bool is_der_key(struct str der)
{
    struct str inside, version;
    return der_take(&der, DER_SEQUENCE, &inside) && der_take(&inside, DER_INTEGER, &version) &&
           version.n == 1 && der_octet(version, 0) <= 1;
}

/* EncryptedPrivateKeyInfo: an algorithm, then the key. */
static bool is_encrypted_der_key(struct str der)
{
    struct str inside, algorithm, key;
    return der_take(&der, DER_SEQUENCE, &inside) && der_take(&inside, DER_SEQUENCE, &algorithm) &&
           der_take(&inside, DER_OCTET_STRING, &key) && inside.n == 0;
}

/* Nobody reads a file with several in DER. */
static bool is_two_in_der(struct str der)
{
    struct str inside;
    return der_take(&der, DER_SEQUENCE, &inside) && der.n > 0;
}

static bool is_gzip(struct str text)
{
    return str_starts(text, STR("\x1f\x8b"));
}

/* A SEQUENCE in base64 begins with "M". */
static bool is_bare_base64(struct str text)
{
    text = str_trim(text);
    for (size_t i = 0; i < text.n; i++)
        if (!ascii_is_alpha(text.p[i]) && !ascii_is_digit(text.p[i]) &&
            !memchr("+/=\r\n \t", text.p[i], 7))
            return false;
    return text.n >= 32 && text.p[0] == 'M';
}

static bool is_token_uri(struct str text)
{
    return str_starts_nocase(str_trim(text), STR("pkcs11:"));
}

static bool is_jwk(struct str text)
{
    text = str_trim(text);
    return text.n > 0 && text.p[0] == '{' && memmem(text.p, text.n, "\"kty\"", 5);
}

static bool is_putty(struct str text)
{
    return str_starts(text, STR("PuTTY-User-Key-File"));
}

static bool is_utf16(struct str text)
{
    return text.n >= 2 &&
           (memcmp(text.p, "\xff\xfe", 2) == 0 || memcmp(text.p, "\xfe\xff", 2) == 0);
}

static const struct {
    bool (*is)(struct str text);
    unsigned wanted;
    const char *why;
} forms[] = {
    {is_utf16, OF_ALL, "is UTF-16: save it as plain text"},
    {is_pkcs7, OF_CHAINS,
     "is PKCS#7 in DER: convert it (openssl pkcs7 -inform DER -print_certs -in OLD -out NEW), the "
     "end-entity certificate first"},
    {is_pkcs12, OF_CHAINS,
     "is PKCS#12: take the certificates out of it (openssl pkcs12 -in OLD -nokeys -out NEW), the "
     "end-entity certificate first"},
    {is_pkcs12, BITS(A_KEY),
     "is PKCS#12: take the key out of it (openssl pkcs12 -in OLD -nocerts -noenc -out NEW), with "
     "mode 0600"},
    {is_der_key, BITS(CERTIFICATES), PRIVATE_HERE},
    {is_two_in_der, OF_CHAINS,
     "holds more than one thing in DER, or something behind its certificate: convert each (openssl "
     "x509 -inform DER -in OLD -out NEW) and put one behind the other, the end-entity certificate "
     "first"},
    {is_gzip, OF_ALL, "is compressed: unpack it (gunzip)"},
    {is_bare_base64, OF_CHAINS,
     "is base64 without its first and last line: put -----BEGIN CERTIFICATE----- before it and "
     "-----END CERTIFICATE----- behind it, in lines of their own"},
    {is_bare_base64, BITS(A_KEY),
     "is base64 without its first and last line: put -----BEGIN PRIVATE KEY----- (PKCS#8) or "
     "-----BEGIN EC PRIVATE KEY----- (SEC1) before it, and the END of the same name behind it"},
    {is_token_uri, BITS(A_KEY),
     "holds the URI of a key in a token: it goes to key.uri, and no key.pem beside it"},
    {is_jwk, BITS(A_KEY), "is a key as JSON (JWK): convert it to PEM (PKCS#8)"},
    {is_putty, BITS(A_KEY), "is a key of PuTTY's own form: export it as PEM"},
    {is_encrypted_der_key, BITS(A_KEY),
     "is an encrypted key in DER: store it unencrypted (openssl pkcs8 -inform DER -in OLD -out "
     "NEW) with mode 0600"},
    {is_der_key, BITS(A_KEY),
     "is a key in DER: convert it (openssl pkey -inform DER -in OLD -out NEW), with mode 0600"},
};

static const char *form_fault(struct str text, enum wanted wanted)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (forms[i].wanted & BITS(wanted) && forms[i].is(text))
            return forms[i].why;
    return nothing_there[wanted];
}

/* A SEQUENCE; PEM begins with dashes or words. */
static bool is_der(struct str text)
{
    return text.n > 0 && der_octet(text, 0) == DER_SEQUENCE && !pem_is(text);
}

/* ---- what a block holds ---- */

#define NO_MEMORY "cannot be read: out of memory"

static unsigned char *room_for(const struct pem_block *block)
{
    unsigned char *der = malloc(block->base64.n + 3);
    if (!der)
        shortage_add();
    return der;
}

/* What could not be decoded for want of memory is not damaged. SINCE: shortages() before. */
static void excuse(struct text_fault *fault, unsigned long since)
{
    if (shortages() != since)
        *fault = (struct text_fault){0, NO_MEMORY};
}

/* ---- certificates ---- */

static X509 *decode(const unsigned char *der, long n, bool trusted)
{
    const unsigned char *at = der;
    X509 *x = trusted ? d2i_X509_AUX(NULL, &at, n) : d2i_X509(NULL, &at, n);
    if (x && at == der + n)
        return x;
    X509_free(x);
    return NULL;
}

/* For anchors and TLS other blocks may stand beside them, such as a key in the same file, but no
   container of other formats. */
static bool may_lie_beside(struct str label, enum wanted wanted)
{
    return wanted != CERTIFICATES && !str_eq(label, STR("PKCS7")) && !str_eq(label, STR("CMS"));
}

/* Limits for what strangers serve and verifiers read; anchors and TLS are the operator's own files.
 */
static const char *excess(STACK_OF(X509) * all, X509 *x, long n, enum wanted wanted)
{
    if (wanted != CERTIFICATES)
        return NULL;
    if (sk_X509_num(all) >= CERTIFICATES_MAX)
        return "is one certificate too many: verifiers read 6; leave the end-entity certificate and "
               "its issuers";
    if (n > CERTIFICATE_BYTES_MAX)
        return "is a certificate of more than 8 KiB, which verifiers do not read: ask the issuer for "
               "another one";
    return x && X509_get_ext_count(x) > CERTIFICATE_EXTENSIONS_MAX
               ? "is a certificate with more than 32 extensions, which verifiers do not read: ask the "
                 "issuer for another one"
               : NULL;
}

static const char *take_certificate(STACK_OF(X509) * all, const struct pem_block *block,
                                    enum wanted wanted)
{
    bool trusted = wanted == CERTIFICATES_OR_TRUSTED &&
                   str_eq(block->label, STR("TRUSTED CERTIFICATE"));
    if (!trusted && !str_eq(block->label, STR("CERTIFICATE")) &&
        !str_eq(block->label, STR("X509 CERTIFICATE")))
        return may_lie_beside(block->label, wanted) ? NULL : stranger(block->label, wanted);
    unsigned char *der = room_for(block);
    long n = der ? pem_decode(block->base64, der) : -1;
    const char *why = excess(all, NULL, n, wanted);
    X509 *x = n > 0 && !why ? decode(der, n, trusted) : NULL;
    why = why ? why : excess(all, x, n, wanted);
    if (!why && (!x || sk_X509_push(all, x) <= 0))
        why = damaged;
    if (why)
        X509_free(x);
    free(der);
    return why;
}

/* The first bad block ends it. */
static struct text_fault read_blocks(STACK_OF(X509) * all, struct str text, enum wanted wanted)
{
    struct pem_block block;
    struct text_fault fault = {0, NULL};
    enum pem_find found;
    for (unsigned i = 1; !fault.why && (found = pem_next(&text, &block)) != PEM_NONE; i++)
        fault = (struct text_fault){i, found == PEM_BLOCK ? take_certificate(all, &block, wanted)
                                                          : place_fault(found)};
    return fault;
}

static struct text_fault read_der(STACK_OF(X509) * all, struct str der, enum wanted wanted)
{
    X509 *x = der.n <= LONG_MAX ? decode((const unsigned char *)der.p, (long)der.n, false) : NULL;
    const char *why = x ? excess(all, x, (long)der.n, wanted) : NULL;
    if (x && !why && sk_X509_push(all, x) > 0)
        return (struct text_fault){0, NULL};
    X509_free(x);
    why = why ? why : form_fault(der, wanted);
    return (struct text_fault){0, why != nothing_there[wanted]
                                      ? why
                                      : "is neither PEM nor one certificate in DER: get the file "
                                        "again from the issuer"};
}

static STACK_OF(X509) *
    read_certificates(struct str text, enum wanted wanted, struct text_fault *fault)
{
    const unsigned long before = shortages();
    STACK_OF(X509) *all = sk_X509_new_null();
    *fault = (struct text_fault){0, NO_MEMORY};
    if (all && wanted == CERTIFICATES && text.n > CERTIFICATES_BYTES_MAX)
        *fault = (struct text_fault){
            0, "is longer than 32 KiB, which verifiers do not read: leave the "
               "end-entity certificate and its issuers"};
    else if (all)
        *fault = is_der(text) ? read_der(all, text, wanted) : read_blocks(all, text, wanted);
    if (all && !fault->why && sk_X509_num(all) == 0)
        *fault = (struct text_fault){0, form_fault(text, wanted)};
    excuse(fault, before);
    ERR_clear_error();
    if (!fault->why)
        return all;
    sk_X509_pop_free(all, X509_free);
    return NULL;
}

STACK_OF(X509) * certificates_read(struct str text, struct text_fault *fault)
{
    return read_certificates(text, CERTIFICATES, fault);
}

STACK_OF(X509) * certificates_read_trusted(struct str text, struct text_fault *fault)
{
    return read_certificates(text, CERTIFICATES_OR_TRUSTED, fault);
}

const char *certificates_only_here(struct str text)
{
    struct pem_block block;
    if (!pem_is(text))
        return "is not in PEM form: convert it (openssl x509 -inform DER -in OLD -out NEW)";
    while (pem_next(&text, &block) == PEM_BLOCK)
        if (str_eq(block.label, STR("TRUSTED CERTIFICATE")))
            return "has OpenSSL's own trust settings in it, which servers of pages do not read: "
                   "convert it (openssl x509 -in OLD -out NEW)";
    return NULL;
}

/* ---- revocation lists ---- */

static bool add_crl(STACK_OF(X509_CRL) * all, const unsigned char *der, long n)
{
    const unsigned char *at = der;
    X509_CRL *crl = n > 0 ? d2i_X509_CRL(NULL, &at, n) : NULL;
    bool good = crl && at == der + n && sk_X509_CRL_push(all, crl) > 0;
    if (!good)
        X509_CRL_free(crl);
    return good;
}

static const char *take_crl(STACK_OF(X509_CRL) * all, const struct pem_block *block)
{
    if (!str_eq(block->label, STR("X509 CRL")))
        return NULL;
    unsigned char *der = room_for(block);
    bool good = der && add_crl(all, der, pem_decode(block->base64, der));
    free(der);
    return good ? NULL : damaged;
}

STACK_OF(X509_CRL) * text_crls(struct str text, struct text_fault *fault)
{
    const unsigned long before = shortages();
    STACK_OF(X509_CRL) *all = sk_X509_CRL_new_null();
    struct pem_block block;
    enum pem_find found;
    struct str rest = text;
    *fault = (struct text_fault){0, all ? NULL : NO_MEMORY};
    if (all && is_der(text) && text.n <= LONG_MAX)
        add_crl(all, (const unsigned char *)text.p, (long)text.n);
    else
        for (unsigned i = 1; !fault->why && (found = pem_next(&rest, &block)) != PEM_NONE; i++)
            *fault = (struct text_fault){i, found == PEM_BLOCK ? take_crl(all, &block)
                                                               : place_fault(found)};
    if (!fault->why && sk_X509_CRL_num(all) == 0)
        *fault = (struct text_fault){0, form_fault(text, CRLS)};
    excuse(fault, before);
    ERR_clear_error();
    if (!fault->why)
        return all;
    sk_X509_CRL_pop_free(all, X509_CRL_free);
    return NULL;
}

/* ---- keys ---- */

static const char *const key_damaged =
    "the private key cannot be decoded: the file is damaged, copy it again";

static bool is_key(struct str label)
{
    return str_eq(label, STR(PEM_STRING_PKCS8INF)) || str_eq(label, STR(PEM_STRING_ECPRIVATEKEY)) ||
           str_eq(label, STR(PEM_STRING_RSA)) || str_eq(label, STR(PEM_STRING_DSA));
}

static EVP_PKEY *decode_key(struct str base64)
{
    size_t room = base64.n + 3;
    unsigned char *der = OPENSSL_secure_malloc(room);
    long n = der ? pem_decode(base64, der) : -1;
    const unsigned char *at = der;
    EVP_PKEY *key = n > 0 ? d2i_AutoPrivateKey(NULL, &at, n) : NULL;
    OPENSSL_secure_clear_free(der, room);
    return key;
}

/* Parameters of a curve stand before the key in what `openssl ecparam -genkey` writes. */
static const char *take_key(const struct pem_block *block, EVP_PKEY **key)
{
    if (!is_key(block->label))
        return stranger(block->label, A_KEY);
    if (block->headers)
        return strangers[0].why;
    *key = decode_key(block->base64);
    return *key ? NULL : key_damaged;
}

EVP_PKEY *text_private_key(struct str text, struct text_fault *fault)
{
    struct pem_block block;
    struct str rest = text;
    EVP_PKEY *key = NULL;
    const char *first = NULL;
    enum pem_find found;
    while (!key && (found = pem_next(&rest, &block)) != PEM_NONE) {
        const char *why = found == PEM_BLOCK ? take_key(&block, &key) : place_fault(found);
        if (!first)
            first = why;
    }
    *fault = (struct text_fault){0, key ? NULL : first ? first : form_fault(text, A_KEY)};
    ERR_clear_error();
    return key;
}

unsigned text_private_keys(struct str text)
{
    struct pem_block block;
    unsigned n = 0;
    enum pem_find found;
    while ((found = pem_next(&text, &block)) != PEM_NONE)
        n += found == PEM_BLOCK && is_key(block.label);
    return n;
}
