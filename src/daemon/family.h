/*
 * family - whether a stranger or one of our own is at the other end of a socket.
 *
 * The control socket is for stirctl. A child of ours, or a process that one has started, never has
 * a reason to be there: it would be one that somebody else has taken over.
 */
#ifndef STIRD_DAEMON_FAMILY_H
#define STIRD_DAEMON_FAMILY_H

#include <sys/types.h>

enum family {
    FAMILY_STRANGER,
    FAMILY_OURS,
    FAMILY_GONE, /* it has ended and cannot be identified: it is not heard, but it is no reason for
                    an alarm */
};

/* Orphans of children stay descendants of this process. Before the first child. */
void family_keep_orphans(void);

struct relatives {
    const pid_t *children;
    unsigned n_children;
    const pid_t *dead; /* children that ended lately */
    unsigned n_dead;
};

/*
 * Whether the process that connected FD is this one, a child, or has them as its ancestors. It is
 * the one that called connect(), whoever has the descriptor now. Under the unit, /proc hides
 * processes of other users, which cannot be ours, and processes that cannot be looked at, ours
 * among them: a hidden one with our user is taken for ours. *PID: the process, or 0.
 */
enum family family_connected(int fd, const struct relatives *relatives, int *pid);

#endif
