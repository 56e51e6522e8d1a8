/*
 * connection - what the library and the kernel know of a connection. Private to web.
 */
#ifndef STIRD_WEB_CONNECTION_H
#define STIRD_WEB_CONNECTION_H

#include "microhttpd.h"

/* -1: the library does not say. */
int connection_fd(const struct microhttpd *m, struct MHD_Connection *c);
/* Whether its TLS handshake is done. */
bool connection_is_shaken(const struct microhttpd *m, struct MHD_Connection *c);
/* Whether anything has come at FD since it was opened. */
bool connection_said_something(int fd);

#endif
