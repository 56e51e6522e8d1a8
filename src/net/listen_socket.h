/*
 * listen_socket - one socket of a listener: made by listen.c, looked at by mend.c when a worker has
 * died.
 */
#ifndef STIRD_NET_LISTEN_SOCKET_H
#define STIRD_NET_LISTEN_SOCKET_H

#include <stird/core/settings.h>

#define LISTEN_BACKLOG 1024 /* of streams */

/* 0 or -errno. */
int listen_socket_set(int fd, int level, int name, int value);
/* With all its options, and bound to nothing. A descriptor or -errno. */
int listen_socket_unbound(const struct address *address, enum transport transport);
/*
 * Bound, and listening for streams. REUSE: joins the group of those that are bound to the same
 * address already. A descriptor or -errno.
 */
int listen_socket_open(const struct address *address, enum transport transport, bool reuse);

#endif
