#include "tls_session.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <stird/core/certificate_text.h>
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

/* Certificates, or a problem that says what is there instead. */
static STACK_OF(X509) *
    read_certificates(struct str name, struct str text, struct problems *problems)
{
    struct text_fault fault;
    STACK_OF(X509) *all = certificates_read_trusted(text, &fault);
    if (!all)
        text_fault_add(&fault, name, problems);
    return all;
}

static bool use_chain(struct tls *tls, STACK_OF(X509) * all)
{
    bool good = SSL_CTX_use_certificate(tls->context, sk_X509_value(all, 0)) == 1;
    for (int i = 1; good && i < sk_X509_num(all); i++)
        good = SSL_CTX_add1_chain_cert(tls->context, sk_X509_value(all, i)) == 1;
    return good;
}

static void take_chain(struct tls *tls, const struct tls_texts *texts, struct problems *problems)
{
    STACK_OF(X509) *all = read_certificates(texts->certificate_name, texts->certificate, problems);
    if (!all)
        return;
    if (!use_chain(tls, all))
        problems_add(problems, texts->certificate_name, 0, "cannot be used for TLS: %s",
                     openssl_reason());
    sk_X509_pop_free(all, X509_free);
}

static void take_key(struct tls *tls, const struct tls_texts *texts, struct problems *problems)
{
    struct text_fault fault;
    EVP_PKEY *key = text_private_key(texts->key, &fault);
    const X509 *leaf = SSL_CTX_get0_certificate(tls->context);
    if (!key)
        text_fault_add(&fault, texts->key_name, problems);
    else if (leaf && X509_check_private_key(leaf, key) != 1)
        problems_add(problems, texts->key_name, 0,
                     "is not the key of the certificate in %.*s: put the one here that belongs "
                     "to it",
                     STR_ARG(texts->certificate_name));
    else if (leaf && SSL_CTX_use_PrivateKey(tls->context, key) != 1)
        problems_add(problems, texts->key_name, 0, "cannot be used for TLS: %s", openssl_reason());
    EVP_PKEY_free(key);
}

static void take_anchors(struct tls *tls, const struct tls_texts *texts, struct problems *problems)
{
    X509_STORE *store = SSL_CTX_get_cert_store(tls->context);
    STACK_OF(X509) *all = read_certificates(texts->ca_name, texts->ca, problems);
    for (int i = 0; all && i < sk_X509_num(all); i++) {
        X509 *anchor = sk_X509_value(all, i);
        if (X509_STORE_add_cert(store, anchor) != 1 ||
            SSL_CTX_add_client_CA(tls->context, anchor) != 1)
            problems_add(problems, texts->ca_name, 0, "certificate %d cannot be an anchor: %s",
                         i + 1, openssl_reason());
    }
    /* A peer's own certificate or an intermediate one may be the anchor. */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    sk_X509_pop_free(all, X509_free);
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

struct tls *tls_new(const struct tls_texts *texts, struct problems *problems)
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
    take_chain(tls, texts, problems);
    take_key(tls, texts, problems);
    take_anchors(tls, texts, problems);
out:
    ERR_clear_error();
    if (problems->n == known && !problems->out_of_memory)
        return tls;
    tls_free(tls);
    return NULL;
}

/* ---- the peer ---- */

void tls_peer_fini(struct tls_peer *peer)
{
    arena_free(peer->arena);
    *peer = (struct tls_peer){0};
}

/* No NUL, no wildcard, and nothing that would look odd in a log. */
static bool is_plain_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!ascii_is_alpha(name.p[i]) && !ascii_is_digit(name.p[i]) &&
            str_find(STR(".-:_"), name.p[i], 0) == 4)
            return false;
    return name.n > 0 && name.n <= 253;
}

static struct str without_final_dot(struct str name)
{
    return str_slice(name, 0, name.n > 1 && name.p[name.n - 1] == '.' ? name.n - 1 : name.n);
}

static void add_name(struct tls_peer *peer, struct str name)
{
    name = without_final_dot(name);
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

/* Its host: what is behind the scheme up to port, parameters or headers. */
static struct str host_of(struct str uri)
{
    struct str rest = str_slice(uri, 4, uri.n);
    size_t end = rest.n > 0 && rest.p[0] == '[' ? str_find(rest, ']', 0) : 0;
    if (end > 0)
        return str_slice(rest, 1, end);
    for (size_t i = 0; i < 3; i++)
        rest = str_slice(rest, 0, str_find(rest, ";?:"[i], 0));
    return rest;
}

/* A URI with a user part names a person, not a domain (RFC 5922 section 7.1). */
static bool names_domain(const GENERAL_NAME *name)
{
    struct str uri = name->type == GEN_URI ? text_of(name->d.uniformResourceIdentifier)
                                           : (struct str){NULL, 0};
    return str_starts_nocase(uri, STR("sip:")) && str_find(uri, '@', 0) == uri.n &&
           host_of(uri).n > 0;
}

static bool any_domain(const GENERAL_NAMES *names)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        if (names_domain(sk_GENERAL_NAME_value(names, i)))
            return true;
    return false;
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

/* DNS names count if and only if no sip: URI names a domain (RFC 5922 section 7.1). */
static void add_alternatives(struct tls_peer *peer, const GENERAL_NAMES *names)
{
    bool domains = any_domain(names);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (names_domain(name))
            add_name(peer, host_of(text_of(name->d.uniformResourceIdentifier)));
        else if (name->type == GEN_DNS && !domains)
            add_name(peer, text_of(name->d.dNSName));
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

static void read_names(struct tls_peer *peer, X509 *certificate)
{
    *peer = (struct tls_peer){0};
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    if (names)
        add_alternatives(peer, names);
    else if (X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) < 0)
        add_common_name(peer, certificate);
    GENERAL_NAMES_free(names);
}

void tls_peer_read(struct tls_peer *peer, const SSL *session)
{
    X509 *certificate = SSL_get0_peer_certificate(session);
    *peer = (struct tls_peer){0};
    if (!certificate || SSL_get_verify_mode(session) == SSL_VERIFY_NONE ||
        SSL_get_verify_result(session) != X509_V_OK)
        return;
    read_names(peer, certificate);
    ERR_clear_error();
}

/* ---- whom we call ---- */

static bool names_domains(X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool any = names && any_domain(names);
    GENERAL_NAMES_free(names);
    return any;
}

/* Whether the reader of callers' names finds WANTED, a name or an address. */
static bool proves(X509 *certificate, struct str wanted)
{
    struct tls_peer peer;
    struct address address, other;
    bool found = false, is_address = address_parse(wanted, &address);
    read_names(&peer, certificate);
    for (unsigned i = 0; i < peer.n && !found; i++)
        found = is_address
                    ? address_parse(peer.names[i], &other) && address_same_host(&address, &other)
                    : str_eq_nocase(peer.names[i], wanted);
    tls_peer_fini(&peer);
    return found;
}

/* 1: our reader finds it; 0: it does not; -1: it does not, but OpenSSL may, by a wildcard. */
static int judge_domains(X509 *certificate, X509_VERIFY_PARAM *param)
{
    char *ip = X509_VERIFY_PARAM_get1_ip_asc(param);
    const char *host = X509_VERIFY_PARAM_get0_host(param, 0), *other = host;
    bool verdict = !host && proves(certificate, str_of(ip ? ip : ""));
    for (int i = 0; other && !verdict; other = X509_VERIFY_PARAM_get0_host(param, ++i))
        verdict = proves(certificate, str_of(other));
    OPENSSL_free(ip);
    return !verdict && host && !names_domains(certificate) ? -1 : verdict;
}

/*
 * OpenSSL looks at DNS names and addresses alone. Where it finds another name than the one that is
 * wanted, the domains of sip: URIs may still be it; where it finds the name, they rule.
 */
static int judge_names(int good, X509_STORE_CTX *context)
{
    int error = X509_STORE_CTX_get_error(context);
    bool mismatch = error == X509_V_ERR_HOSTNAME_MISMATCH ||
                    error == X509_V_ERR_IP_ADDRESS_MISMATCH;
    X509 *certificate = X509_STORE_CTX_get_current_cert(context);
    if ((!good && !mismatch) || !certificate || X509_STORE_CTX_get_error_depth(context) > 0)
        return good;
    int verdict = judge_domains(certificate, X509_STORE_CTX_get0_param(context));
    if (verdict < 0)
        return good;
    X509_STORE_CTX_set_error(context, verdict ? X509_V_OK : X509_V_ERR_HOSTNAME_MISMATCH);
    return verdict;
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

/* In SNI and in comparisons a name is in lower case without a final dot (RFC 6066 section 3). SNI
   says the first one. */
static bool expect_name(SSL *session, struct str name, bool first)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(session);
    struct str plain = without_final_dot(name);
    char *z = strndup(plain.p, plain.n);
    for (size_t i = 0; z && i < plain.n; i++)
        z[i] = ascii_lower(z[i]);
    bool good = z && (first ? X509_VERIFY_PARAM_set1_host(param, z, plain.n) == 1 &&
                                  SSL_set_tlsext_host_name(session, z) == 1
                            : X509_VERIFY_PARAM_add1_host(param, z, plain.n) == 1);
    free(z);
    return good;
}

/* One of NAMES, with commas between. An address counts only where it is the first one: OpenSSL
   wants it beside a name, not instead. */
static bool expect_names(SSL *session, struct str names)
{
    struct address address;
    struct str name = str_cut(&names, ',');
    if (address_parse(name, &address))
        return expect_address(session, &address);
    X509_VERIFY_PARAM_set_hostflags(SSL_get0_param(session), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool good = expect_name(session, name, true);
    while (good && names.n > 0) {
        name = str_cut(&names, ',');
        good = address_parse(name, &address) || expect_name(session, name, false);
    }
    return good;
}

SSL *tls_connecting(const struct tls *tls, struct str name, const struct address *remote)
{
    SSL *session = SSL_new(tls->context);
    if (!session)
        return NULL;
    SSL_set_verify(session, SSL_VERIFY_PEER, judge_names);
    if (name.n > 0 ? expect_names(session, name) : expect_address(session, remote))
        return session;
    SSL_free(session);
    return NULL;
}

const char *tls_failure(const SSL *session, unsigned long error)
{
    long verdict = SSL_get_verify_result(session);
    if (verdict != X509_V_OK)
        return X509_verify_cert_error_string(verdict);
    const char *text = error ? ERR_reason_error_string(error) : NULL;
    return text ? text : "the connection ended during the handshake";
}
