/*
 * Bounds what the TLS of one connection may cost. OpenSSL goes on inside one SSL_read() as long as
 * records come that carry no data (a KeyUpdate, a renegotiation that it refuses, a session ticket),
 * and inside a handshake as long as its messages do not end; no other connection has a turn
 * meanwhile.
 */
#include "tls_session.h"

#include <stird/base/clock.h>

#define HEADER_BYTES      5
#define HANDSHAKE_MOST    (256 * 1024) /* octets; OpenSSL takes chains of up to 100 KiB */
#define HANDSHAKE_RECORDS 512

/* Of a handshake, by the header of a record (RFC 8446 section 5.1). */
static bool handshake_goes_on(struct tls_watch *w, const uint8_t header[HEADER_BYTES])
{
    w->octets += HEADER_BYTES + (size_t)(header[3] << 8 | header[4]);
    return ++w->records <= HANDSHAKE_RECORDS && w->octets <= HANDSHAKE_MOST;
}

/* The type of a record stands in its header; of an encrypted one of TLS 1.3 behind its data. */
static void on_record(int is_ours, int version, int kind, const void *bytes, size_t n, SSL *session,
                      void *context)
{
    struct tls_watch *w = context;
    const uint8_t *type = bytes;
    (void)version;
    if (is_ours || n == 0 || (kind != SSL3_RT_HEADER && kind != SSL3_RT_INNER_CONTENT_TYPE))
        return;
    if (w->talking) {
        if (*type == SSL3_RT_APPLICATION_DATA || small_talk_admits(w->talk, clock_monotonic_ms()))
            return;
    } else if (kind != SSL3_RT_HEADER || n < HEADER_BYTES || handshake_goes_on(w, type)) {
        return;
    }
    w->talk->over = true;
    /* OpenSSL reads nothing of this record, and nothing behind it. */
    SSL_set_shutdown(session, SSL_get_shutdown(session) | SSL_RECEIVED_SHUTDOWN);
}

void tls_watch_begin(struct tls_watch *w, SSL *session, struct small_talk *talk)
{
    *w = (struct tls_watch){.talk = talk};
    SSL_set_msg_callback(session, on_record);
    SSL_set_msg_callback_arg(session, w);
}

void tls_watch_end(SSL *session)
{
    SSL_set_msg_callback(session, NULL);
}
