/*
 * kept_sockets - the sockets of a listener between the service manager's store and the supervisor:
 * taken from it at a start, given to it for the next one.
 */
#ifndef STIRD_DAEMON_KEPT_SOCKETS_H
#define STIRD_DAEMON_KEPT_SOCKETS_H

#include <stird/net/dispatch.h>
#include <stird/net/listen.h>

/* WHAT of pages; for calls the transports have names of their own (NULL). */
#define KEPT_WEB        "web"
#define KEPT_REPOSITORY "repository"

/* What the store has for pages there will be taken later. */
void kept_sockets_expect(const struct address *at, const char *what);
/*
 * Fills SOCKETS, as listener_open() does for WORKERS, with those that the store has for LISTENER
 * and that serve it; the others are -1. How many came.
 */
unsigned kept_sockets_take(struct listener_sockets *sockets, unsigned workers, int program,
                           const struct listener *listener, const char *what);
/* The store is to keep all of these, whose descriptors may be new. */
void kept_sockets_keep(const struct listener_sockets *sockets, unsigned workers,
                       const struct listener *listener, const char *what);
/* The same for one of them, that of worker W, in place of another that had its name. */
void kept_sockets_replace(const struct listener_sockets *sockets, unsigned workers, unsigned w,
                          const struct listener *listener);

/* The key by which the datagrams that wait in kept sockets were dealt out. False: there is none. */
bool kept_key_take(struct dispatch_key *key);
void kept_key_keep(const struct dispatch_key *key);

#endif
