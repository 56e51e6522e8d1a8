#include "tls_session.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* Forward secrecy and authenticated encryption only; those of TLS 1.3 are all of that kind. */
#define CIPHERS_TLS12 "ECDHE+AESGCM:ECDHE+CHACHA20"

struct tls {
    SSL_CTX *context; /* for both directions */
};

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    free(tls);
}

/* ---- what the texts hold ---- */

static const char *openssl_reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    return text ? text : "out of memory";
}

static int no_password(char *room, int size, int writing, void *user)
{
    (void)room, (void)size, (void)writing, (void)user;
    return -1;
}

static BIO *open_text(struct str text)
{
    return BIO_new_mem_buf(text.n > 0 ? text.p : "", (int)text.n);
}

static void judge_dates(const X509 *leaf, struct str name, int64_t now_s, struct problems *problems)
{
    time_t now = (time_t)now_s;
    if (X509_cmp_time(X509_get0_notAfter(leaf), &now) <= 0)
        problems_add(problems, name, 0, "the certificate has expired: put a new one here");
    if (X509_cmp_time(X509_get0_notBefore(leaf), &now) > 0)
        problems_add(problems, name, 0,
                     "the certificate is not in force yet: peers would refuse it");
}

static void take_chain(struct tls *tls, const struct tls_texts *texts, int64_t now_s,
                       struct problems *problems)
{
    BIO *in = open_text(texts->certificate);
    X509 *leaf = in ? PEM_read_bio_X509_AUX(in, NULL, no_password, NULL) : NULL;
    X509 *next = NULL;
    if (!leaf) {
        problems_add(problems, texts->certificate_name, 0,
                     "holds no certificate in PEM form: put the chain here, our own first");
        goto out;
    }
    judge_dates(leaf, texts->certificate_name, now_s, problems);
    if (SSL_CTX_use_certificate(tls->context, leaf) != 1) {
        problems_add(problems, texts->certificate_name, 0, "cannot be used for TLS: %s",
                     openssl_reason());
        goto out;
    }
    while ((next = PEM_read_bio_X509(in, NULL, no_password, NULL))) {
        if (SSL_CTX_add0_chain_cert(tls->context, next) != 1) {
            problems_add(problems, texts->certificate_name, 0, "the chain cannot be used: %s",
                         openssl_reason());
            X509_free(next);
            break;
        }
    }
out:
    X509_free(leaf);
    BIO_free(in);
}

static void take_key(struct tls *tls, const struct tls_texts *texts, struct problems *problems)
{
    BIO *in = open_text(texts->key);
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_password, NULL) : NULL;
    const X509 *leaf = SSL_CTX_get0_certificate(tls->context);
    if (!key)
        problems_add(problems, texts->key_name, 0,
                     "holds no private key in PEM form that can be read without a password");
    else if (leaf && X509_check_private_key(leaf, key) != 1)
        problems_add(problems, texts->key_name, 0,
                     "is not the key of the certificate in %.*s: put the one here that belongs "
                     "to it",
                     STR_ARG(texts->certificate_name));
    else if (leaf && SSL_CTX_use_PrivateKey(tls->context, key) != 1)
        problems_add(problems, texts->key_name, 0, "cannot be used for TLS: %s", openssl_reason());
    EVP_PKEY_free(key);
    BIO_free(in);
}

static void take_anchors(struct tls *tls, const struct tls_texts *texts, struct problems *problems)
{
    BIO *in = open_text(texts->ca);
    X509_STORE *store = SSL_CTX_get_cert_store(tls->context);
    X509 *anchor;
    unsigned n = 0;
    while (in && (anchor = PEM_read_bio_X509_AUX(in, NULL, no_password, NULL))) {
        n += X509_STORE_add_cert(store, anchor) == 1 &&
             SSL_CTX_add_client_CA(tls->context, anchor) == 1;
        X509_free(anchor);
    }
    if (n == 0)
        problems_add(problems, texts->ca_name, 0,
                     "holds no certificate in PEM form: put those here whose holders we trust");
    /* A peer's own certificate or an intermediate one may be the anchor. */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    BIO_free(in);
}

/* Connections live long, so there is no resumption: each handshake is checked in full. */
static bool set_policy(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, CIPHERS_TLS12) == 1;
}

struct tls *tls_new(const struct tls_texts *texts, int64_t now_s, struct problems *problems)
{
    size_t known = problems->n;
    struct tls *tls = calloc(1, sizeof(*tls));
    ERR_clear_error();
    if (tls)
        tls->context = SSL_CTX_new(TLS_method());
    if (!tls || !tls->context || !set_policy(tls->context)) {
        problems_add(problems, texts->certificate_name, 0, "TLS cannot be set up: %s",
                     openssl_reason());
        goto out;
    }
    take_chain(tls, texts, now_s, problems);
    take_key(tls, texts, problems);
    take_anchors(tls, texts, problems);
out:
    ERR_clear_error();
    if (problems->n == known && !problems->out_of_memory)
        return tls;
    tls_free(tls);
    return NULL;
}

/* ---- sessions ---- */

SSL *tls_accepting(const struct tls *tls, bool verify_client)
{
    SSL *session = SSL_new(tls->context);
    if (session && verify_client)
        SSL_set_verify(session, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return session;
}

static bool expect_address(SSL *session, const struct address *remote)
{
    size_t n = remote->family == ADDRESS_IPV6 ? 16 : 4;
    return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(session), remote->bytes, n) == 1;
}

static bool expect_name(SSL *session, struct str name)
{
    struct address address;
    X509_VERIFY_PARAM *param = SSL_get0_param(session);
    if (address_parse(name, &address))
        return expect_address(session, &address);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    char *z = strndup(name.p, name.n);
    bool good = z && X509_VERIFY_PARAM_set1_host(param, name.p, name.n) == 1 &&
                SSL_set_tlsext_host_name(session, z) == 1;
    free(z);
    return good;
}

SSL *tls_connecting(const struct tls *tls, struct str name, const struct address *remote)
{
    SSL *session = SSL_new(tls->context);
    if (!session)
        return NULL;
    SSL_set_verify(session, SSL_VERIFY_PEER, NULL);
    if (name.n > 0 ? expect_name(session, name) : expect_address(session, remote))
        return session;
    SSL_free(session);
    return NULL;
}

/* ---- the peer ---- */

void tls_peer_fini(struct tls_peer *peer)
{
    arena_free(peer->arena);
    *peer = (struct tls_peer){0};
}

/* No NUL, no wildcard, nothing that would look odd in a log. */
static bool is_plain_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!ascii_is_alpha(name.p[i]) && !ascii_is_digit(name.p[i]) &&
            str_find(STR(".-:_"), name.p[i], 0) == 4)
            return false;
    return name.n > 0 && name.n <= 253;
}

static void add_name(struct tls_peer *peer, struct str name)
{
    if (peer->n == TLS_PEER_NAMES_MAX || !is_plain_name(name))
        return;
    if (!peer->arena)
        peer->arena = arena_new(512);
    struct str copy = peer->arena ? arena_copy(peer->arena, name) : (struct str){NULL, 0};
    if (copy.p)
        peer->names[peer->n++] = copy;
}

static struct str text_of(const ASN1_STRING *s)
{
    int n = ASN1_STRING_length(s);
    return (struct str){(const char *)ASN1_STRING_get0_data(s), n > 0 ? (size_t)n : 0};
}

/* A URI with a user part names a person, not a domain. */
static void add_uri(struct tls_peer *peer, struct str uri)
{
    if (str_starts_nocase(uri, STR("sip:")) && str_find(uri, '@', 0) == uri.n)
        add_name(peer, str_slice(uri, 4, uri.n));
}

static void add_address(struct tls_peer *peer, const ASN1_OCTET_STRING *octets)
{
    struct str bytes = text_of(octets);
    struct address a = {.family = bytes.n == 16 ? ADDRESS_IPV6 : ADDRESS_IPV4};
    struct buf text = BUF_INIT;
    if (bytes.n != 4 && bytes.n != 16)
        return;
    for (size_t i = 0; i < bytes.n; i++)
        a.bytes[i] = (uint8_t)bytes.p[i];
    address_add_host(&text, &a);
    struct str host = buf_str(&text);
    add_name(peer, bytes.n == 16 && host.n > 2 ? str_slice(host, 1, host.n - 1) : host);
    buf_fini(&text);
}

static void add_alternatives(struct tls_peer *peer, const GENERAL_NAMES *names)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS)
            add_name(peer, text_of(name->d.dNSName));
        else if (name->type == GEN_URI)
            add_uri(peer, text_of(name->d.uniformResourceIdentifier));
        else if (name->type == GEN_IPADD)
            add_address(peer, name->d.iPAddress);
    }
}

static void add_common_name(struct tls_peer *peer, const X509 *certificate)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0)
        add_name(peer, text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
}

void tls_peer_read(struct tls_peer *peer, const SSL *session)
{
    X509 *certificate = SSL_get0_peer_certificate(session);
    *peer = (struct tls_peer){0};
    if (!certificate || SSL_get_verify_mode(session) == SSL_VERIFY_NONE ||
        SSL_get_verify_result(session) != X509_V_OK)
        return;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    if (names)
        add_alternatives(peer, names);
    else if (X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) < 0)
        add_common_name(peer, certificate);
    GENERAL_NAMES_free(names);
    ERR_clear_error();
}

const char *tls_failure(const SSL *session, unsigned long error)
{
    long verdict = SSL_get_verify_result(session);
    if (verdict != X509_V_OK)
        return X509_verify_cert_error_string(verdict);
    const char *text = error ? ERR_reason_error_string(error) : NULL;
    return text ? text : "the connection ended during the handshake";
}
