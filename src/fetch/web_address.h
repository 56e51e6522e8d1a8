/*
 * web_address - whether a connection may go to an address. Asked after the name was resolved, when
 * the connection is opened, so that a name that leads into our network leads nowhere, whatever it
 * led to before. Private to fetch.
 */
#ifndef STIRD_FETCH_WEB_ADDRESS_H
#define STIRD_FETCH_WEB_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* TO is of a family that has addresses here: AF_INET or AF_INET6. False for others. */
bool web_address_has_family(int family);
/* Whether TO is in the open Internet, and no address of this machine's own. */
bool web_address_is_open(const struct sockaddr *to);

#endif
