/*
 * tls_session - TLS of one connection: who its peer must be, and who it was verified to be. Private
 * to net.
 */
#ifndef STIRD_NET_TLS_SESSION_H
#define STIRD_NET_TLS_SESSION_H

#include <openssl/ssl.h>
#include <stird/base/address.h>
#include <stird/base/arena.h>
#include <stird/net/tls.h>

#include "small_talk.h"

#define TLS_PEER_NAMES_MAX 16

/* The names in a verified certificate, in an arena of their own. */
struct tls_peer {
    struct arena *arena;
    struct str names[TLS_PEER_NAMES_MAX];
    unsigned n;
};

/* NULL: no memory. */
SSL *tls_accepting(const struct tls *tls, bool verify_client);
/*
 * The peer's certificate must be for NAME, or for the address of REMOTE where NAME is empty: by the
 * names that tls_peer_read() finds, and by wildcards of one label in DNS names.
 */
SSL *tls_connecting(const struct tls *tls, struct str name, const struct address *remote);

/*
 * Who the peer is by RFC 5922 section 7.1: domains of sip: URIs, else DNS names, and addresses in
 * the subjectAltName, else the common name; without a final dot. No wildcards. N is 0 for a peer
 * that was not verified.
 */
void tls_peer_read(struct tls_peer *peer, const SSL *session);
void tls_peer_fini(struct tls_peer *peer);

/* What a session's peer may make it do: tls_watch.c. */
struct tls_watch {
    struct small_talk *talk; /* `over` when it was too much, in a handshake or after it */
    bool talking;            /* the handshake is done */
    uint32_t records;        /* of the handshake */
    size_t octets;           /* the same */
};

/* Ends SESSION in the middle of what it reads, as if the peer had closed it, when that is too much.
   W and TALK must live until the watch ends. */
void tls_watch_begin(struct tls_watch *w, SSL *session, struct small_talk *talk);
void tls_watch_end(SSL *session);

/* Why a handshake failed, as a text of OpenSSL's; nothing of the peer's octets is in it. */
const char *tls_failure(const SSL *session, unsigned long error);

#endif
