/*
 * listen - opens the sockets of listeners. The supervisor opens them, keeps them as long as it
 * lives, and hands them to the workers, so that no datagram is lost that waits in a socket while
 * its worker dies.
 */
#ifndef STIRD_LISTEN_H
#define STIRD_LISTEN_H

#include <stird/core/settings.h>

struct listener_sockets {
    int fd[TRANSPORTS]; /* -1: this listener has no such transport */
};

#define WORKERS_MAX   64
#define LISTENERS_MAX 64

/*
 * SOCKETS[w] gets those of worker w: a UDP socket of its own, and the listening socket that all
 * workers share. Among the UDP sockets PROGRAM chooses (dispatch_load(); unused for one worker).
 * All are non-blocking, close-on-exec, bound (and listening). 0, or -errno with *FAILED set to the
 * transport that could not be opened; nothing stays open then.
 */
int listener_open(struct listener_sockets *sockets, unsigned workers, int program,
                  const struct listener *listener, enum transport *failed);
/* SOCKETS without any. */
void listener_none(struct listener_sockets *sockets, unsigned workers);
/* The same as listener_open() for the transports that SOCKETS have none of; those that they have
   are closed too where one cannot be opened. */
int listener_open_rest(struct listener_sockets *sockets, unsigned workers, int program,
                       const struct listener *listener, enum transport *failed);
/* False: this machine has no such address at the moment. */
bool listener_address_is_here(const struct listener *listener);
void listener_close(struct listener_sockets *sockets, unsigned workers);

#endif
