/*
 * mend - looks at the sockets that a dead worker shared with others. Somebody else may have ruled
 * it, and what it did to these sockets would hit the next worker and all others.
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
 * Those of listener LISTENER that worker WORKER of WORKERS had (SOCKETS as in listener_open()), the
 * shared ones included, which stay the descriptors that they are. PROGRAM: of dispatch_load(), put
 * in force again; unused for one worker. What was the worst, or -errno with *FAILED: it could not
 * be mended.
 */
int mend_listener(struct listener_sockets *sockets, unsigned workers, unsigned worker, int program,
                  const struct listener *listener, enum transport *failed);
/*
 * A pair of AF_UNIX sockets of which FDS are both ends; MAKE makes one as new. When it is renewed
 * the old descriptors are closed. The same, or -errno.
 */
int mend_pair(int fds[2], int (*make)(int fds[2]));

#endif
