#include <stird/certificate.h>
#include <stird/x5u.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "tn_auth_list.h"
#include "x509_parts.h"

void certificate_fini(struct certificate *c)
{
    EVP_PKEY_free(c->public_key);
    c->public_key = NULL;
}

enum reason certificate_usable(const struct certificate *c, int64_t now_s)
{
    if (now_s < c->not_before_s)
        return REASON_CERTIFICATE_NOT_YET_VALID;
    if (now_s > c->not_after_s)
        return REASON_CERTIFICATE_EXPIRED;
    return REASON_OK;
}

/* What is needed to read one unit; each step below adds its problems and goes on. */
struct reading {
    struct certificate *certificate;
    struct arena *arena;
    struct str chain_name, x5u_name;
    struct problems *problems;
    X509 *leaf;
    struct buf chain;
};

/* ---- the chain ---- */

static bool pem_is_certificate(const char *name)
{
    return strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0;
}

/* One block of PEM to a certificate; NULL with a problem when it is none. */
static X509 *block_to_certificate(struct reading *r, const char *name, const unsigned char *der,
                                  long bytes, unsigned position)
{
    X509 *x = NULL;
    const unsigned char *at = der;
    if (strstr(name, "PRIVATE KEY"))
        problems_add(r->problems, r->chain_name, 0,
                     "holds a private key: this file is for everyone to read; move the key to "
                     "key.pem, and use a new key if the file was ever published");
    else if (!pem_is_certificate(name))
        problems_add(r->problems, r->chain_name, 0,
                     "block %u is no certificate: leave only certificates in this file", position);
    else if (!(x = d2i_X509(NULL, &at, bytes)) || at != der + bytes)
        problems_add(r->problems, r->chain_name, 0,
                     "certificate %u cannot be decoded: get the file again from the issuer",
                     position);
    else
        return x;
    X509_free(x);
    return NULL;
}

static void check_order(struct reading *r, X509 *below, X509 *above, unsigned position)
{
    if (X509_NAME_cmp(X509_get_issuer_name(below), X509_get_subject_name(above)) != 0)
        problems_add(r->problems, r->chain_name, 0,
                     "certificate %u is not the issuer of the one before it: put the end-entity "
                     "certificate first, then each one's issuer",
                     position);
}

static void keep(struct reading *r, X509 *x)
{
    if (!x509_add_der(&r->chain, x))
        r->problems->out_of_memory = true;
}

/* Every block of the text; the first certificate becomes the leaf. */
static void read_blocks(struct reading *r, BIO *bio)
{
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long bytes = 0;
    X509 *below = NULL;
    for (unsigned position = 1; PEM_read_bio(bio, &name, &header, &der, &bytes); position++) {
        X509 *x = block_to_certificate(r, name, der, bytes, position);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)bytes);
        if (!x)
            continue;
        keep(r, x);
        if (below)
            check_order(r, below, x, position);
        if (below != r->leaf)
            X509_free(below);
        if (!r->leaf)
            r->leaf = x;
        below = x;
    }
    if (below != r->leaf)
        X509_free(below);
}

/* One certificate in DER, without those above it. */
static void read_der(struct reading *r, struct str der)
{
    const unsigned char *at = (const unsigned char *)der.p;
    r->leaf = der.n <= LONG_MAX ? d2i_X509(NULL, &at, (long)der.n) : NULL;
    if (r->leaf && at == (const unsigned char *)der.p + der.n) {
        keep(r, r->leaf);
        return;
    }
    X509_free(r->leaf);
    r->leaf = NULL;
    problems_add(r->problems, r->chain_name, 0,
                 "is neither PEM nor one certificate in DER: get the file again from the issuer");
}

static void read_chain(struct reading *r, struct str pem)
{
    if (pem.n > 0 && pem.p[0] == 0x30) { /* a SEQUENCE; PEM begins with a dash or words */
        read_der(r, pem);
        return;
    }
    size_t known = r->problems->n;
    BIO *bio = pem.n <= INT_MAX ? BIO_new_mem_buf(pem.n > 0 ? pem.p : "", (int)pem.n) : NULL;
    if (!bio) {
        r->problems->out_of_memory = true;
        return;
    }
    read_blocks(r, bio);
    /* The reader stops at the first broken block as it does at the end of the text. */
    unsigned long last = ERR_peek_last_error();
    if (!r->leaf && r->problems->n == known)
        problems_add(r->problems, r->chain_name, 0,
                     "holds no certificate in PEM form: put the chain here, the end-entity "
                     "certificate first");
    else if (last && ERR_GET_REASON(last) != PEM_R_NO_START_LINE)
        problems_add(r->problems, r->chain_name, 0,
                     "a block of the file is damaged: get the file again from the issuer");
    ERR_clear_error();
    BIO_free(bio);
}

/* ---- the end-entity certificate ---- */

static void read_key(struct reading *r)
{
    EVP_PKEY *key = X509_get_pubkey(r->leaf);
    if (key && key_is_p256(key)) {
        r->certificate->public_key = key;
        return;
    }
    EVP_PKEY_free(key);
    problems_add(r->problems, r->chain_name, 0,
                 "the certificate's key is not on the curve P-256, as ES256 demands (RFC 8226 "
                 "section 5): ask the issuer for a certificate for such a key");
}

static void read_tn_auth_list(struct reading *r)
{
    struct buf spcs = BUF_INIT;
    struct str list = x509_tn_auth_list(r->leaf);
    if (!list.p) {
        problems_add(r->problems, r->chain_name, 0,
                     "the certificate has no TNAuthList (" TN_AUTH_LIST_OID "): it is not for "
                     "STIR; check that the end-entity certificate comes first, or ask the issuer");
        return;
    }
    const char *why = tn_auth_list_read(list, &spcs);
    if (why)
        problems_add(r->problems, r->chain_name, 0,
                     "the certificate's TNAuthList is malformed, %s: ask the issuer", why);
    r->certificate->spc = arena_copy(r->arena, buf_str(&spcs));
    if (buf_failed(&spcs) || !r->certificate->spc.p)
        r->problems->out_of_memory = true;
    buf_fini(&spcs);
}

static void expired(struct reading *r)
{
    char day[16] = "";
    struct tm utc;
    time_t end = (time_t)r->certificate->not_after_s;
    if (gmtime_r(&end, &utc))
        strftime(day, sizeof(day), "%Y-%m-%d", &utc);
    problems_add(r->problems, r->chain_name, 0,
                 "the certificate expired on %s: put a new one here (key.pem, chain.pem and x5u "
                 "together)",
                 day);
}

static void read_dates(struct reading *r, int64_t now_s)
{
    struct certificate *c = r->certificate;
    if (!x509_seconds(X509_get0_notBefore(r->leaf), &c->not_before_s) ||
        !x509_seconds(X509_get0_notAfter(r->leaf), &c->not_after_s))
        problems_add(r->problems, r->chain_name, 0,
                     "the certificate's dates cannot be read: ask the issuer");
    else if (now_s > c->not_after_s)
        expired(r);
}

static struct str name_text(struct reading *r)
{
    struct str text = {NULL, 0};
    char *bytes = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(r->leaf), 0, XN_FLAG_RFC2253) >= 0) {
        long n = BIO_get_mem_data(bio, &bytes);
        text = arena_copy(r->arena, (struct str){bytes, n > 0 ? (size_t)n : 0});
    }
    BIO_free(bio);
    return text;
}

static struct str serial_text(struct reading *r)
{
    struct str text = {NULL, 0};
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(r->leaf), NULL);
    char *digits = number ? BN_bn2hex(number) : NULL;
    if (digits)
        text = arena_copy(r->arena, str_of(digits));
    OPENSSL_free(digits);
    BN_free(number);
    return text;
}

static void read_names(struct reading *r)
{
    r->certificate->chain = arena_copy(r->arena, buf_str(&r->chain));
    r->certificate->subject = name_text(r);
    r->certificate->serial = serial_text(r);
    if (!r->certificate->subject.p || !r->certificate->serial.p || !r->certificate->chain.p)
        r->problems->out_of_memory = true;
}

/* ---- x5u ---- */

static void read_x5u(struct reading *r, struct str text)
{
    struct str url = str_trim(text);
    const char *why = x5u_fault(url);
    if (why)
        problems_add(r->problems, r->x5u_name, 0, "%s", why);
    r->certificate->x5u = arena_copy(r->arena, url);
    if (!r->certificate->x5u.p)
        r->problems->out_of_memory = true;
}

bool certificate_read(struct certificate *c, struct arena *arena, struct str id,
                      struct str directory, struct str chain_name, struct str chain_pem,
                      struct str x5u_name, struct str x5u_text, int64_t now_s,
                      struct problems *problems)
{
    struct certificate read = {
        .id = arena_copy(arena, id),
        .directory = arena_copy(arena, directory),
    };
    struct reading r = {&read, arena, chain_name, x5u_name, problems, NULL, BUF_INIT};
    size_t known = problems->n;
    ERR_clear_error();
    if (!read.id.p || !read.directory.p)
        problems->out_of_memory = true;
    read_chain(&r, chain_pem);
    if (r.leaf) {
        read_key(&r);
        read_tn_auth_list(&r);
        read_dates(&r, now_s);
        read_names(&r);
    }
    read_x5u(&r, x5u_text);
    X509_free(r.leaf);
    buf_fini(&r.chain);
    ERR_clear_error();
    if (problems->n != known || problems->out_of_memory) {
        certificate_fini(&read);
        return false;
    }
    *c = read;
    return true;
}
