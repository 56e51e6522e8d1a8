/*
 * A connection of load's caller or callee, over TCP or TLS, that carries many calls. What is sent
 * in one turn leaves together when it is flushed; what arrives is framed by Content-Length (RFC
 * 3261 section 18.3). What goes wrong with a connection closes it: whoever waits on it then fails.
 */
#pragma once
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>

struct stream;

/* Of a server, with its CHAIN and KEY (PEM files), or of a client, which believes anybody, where
 * both are NULL. Ends the process if it cannot. */
SSL_CTX *stream_tls(const char *chain, const char *key);

/* Connected, shaken hands: waits for that. TLS is NULL for TCP. Ends the process if it cannot. */
struct stream *stream_connect(const struct sockaddr_in *from, const struct sockaddr_in *to,
                              SSL_CTX *tls);

/* Ends the process if it cannot. */
int stream_listen(const struct sockaddr_in *at);

/* The next connection that somebody opened; NULL when there is none now. */
struct stream *stream_accept(int listening, SSL_CTX *tls);

/* -1 when it is closed. */
int stream_fd(const struct stream *s);

/* Whether something waits that can leave only when the descriptor can be written. */
bool stream_is_full(const struct stream *s);

void stream_send(struct stream *s, const char *text);
void stream_flush(struct stream *s);

/* All that has arrived, message by message. */
void stream_read(struct stream *s, void (*reads)(const char *message, void *context),
                 void *context);
