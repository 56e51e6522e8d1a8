/*
 * connection - what the library and the kernel know of a connection. Private to web.
 */
#ifndef STIRD_WEB_CONNECTION_H
#define STIRD_WEB_CONNECTION_H

#include "microhttpd.h"

#include <stird/base/str.h>
#include <sys/socket.h>

/* -1: the library does not say. */
int connection_fd(const struct microhttpd *m, struct MHD_Connection *c);
/* Of the head of its request, once that is read; 0: the library does not say. */
size_t connection_head_octets(const struct microhttpd *m, struct MHD_Connection *c);
/* The octets of FROM by which a client is told from others: a prefix of 64 bits is one host's. */
struct str connection_source(const struct sockaddr_storage *from);
/* Whether anything has come at FD since it was opened. */
bool connection_said_something(int fd);

#endif
