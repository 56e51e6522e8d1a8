/*
 * mend - looks at the sockets that a dead worker shared with others. That worker may have been
 * taken over, and what it did to these sockets would hit the next worker and all others.
 *
 * A socket that is as it was stays, with all that waits in it: a worker that died in an ordinary
 * way costs nothing. Options are set back where that can be done. A socket that was shut down is
 * replaced, and what waited in it is lost.
 */
#ifndef STIRD_MEND_H
#define STIRD_MEND_H

#include <stird/net/listen.h>

enum mended { MEND_NOTHING, MEND_SET_BACK, MEND_RENEWED };

/*
 * Mends the sockets of listener LISTENER that worker WORKER of WORKERS had (SOCKETS as in
 * listener_open()), including the shared ones, whose descriptors keep their numbers. PROGRAM, of
 * dispatch_load(), is put in force again; unused for one worker. The worst that was found, or
 * -errno with *FAILED for what could not be mended.
 */
int mend_listener(struct listener_sockets *sockets, unsigned workers, unsigned worker, int program,
                  const struct listener *listener, enum transport *failed);
/* The same of one socket, that of TRANSPORT among a worker's OWN. */
int mend_socket(struct listener_sockets *own, unsigned workers, int program,
                const struct listener *listener, enum transport transport);
/*
 * Mends a pair of AF_UNIX sockets, of which FDS are both ends; MAKE makes a new pair. When the pair
 * is replaced, the old descriptors are closed. Returns as above.
 */
int mend_pair(int fds[2], int (*make)(int fds[2]));

#endif
