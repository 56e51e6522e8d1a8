/*
 * host_port - "192.0.2.1:5070", "[2001:db8::1]", "2001:db8::1", "sbc.example.net:5070": an address
 * or a name, with a port or without, as several settings have it.
 */
#ifndef STIRD_CONF_HOST_PORT_H
#define STIRD_CONF_HOST_PORT_H

#include <stird/base/address.h>

struct host_port {
    struct str name;        /* borrowed; empty: an address */
    struct address address; /* family NONE: a name; its port is 0 */
    uint16_t port;          /* 0: none was written */
};

/* NULL, or what is wrong with TEXT. A final dot, which stands for the root, is not part of the
   name. */
const char *host_port_read(struct str text, struct host_port *hp);

/* Whether one host can have it: it is no wildcard, no multicast, not reserved (255.255.255.255). */
bool host_port_is_one_hosts(const struct address *a);

#endif
