/*
 * family - whether a stranger or one of our own is at the other end of a socket.
 *
 * The control socket is for stirctl. A child of ours, or a process that one has started, never has
 * a reason to be there: it would be one that somebody else has taken over.
 */
#ifndef STIRD_DAEMON_FAMILY_H
#define STIRD_DAEMON_FAMILY_H

#include <stdbool.h>
#include <sys/types.h>

/* Orphans of children stay descendants of this process. Before the first child. */
void family_keep_orphans(void);

/*
 * Whether the process that connected FD is this one, one of its CHILDREN[0..N), or has them as its
 * ancestors. Under the unit /proc hides processes of other users, who cannot be ours, and those
 * that cannot be looked at, as ours are: such a one with our user is taken for ours, and so is one
 * that is gone. *PID: the process, or 0.
 */
bool family_connected(int fd, const pid_t *children, unsigned n, int *pid);

#endif
