/*
 * address - an IP address and port, and prefixes of addresses, as plain values.
 *
 * Knows no socket: net converts. An IPv4-mapped IPv6 address is kept as IPv4, so that a dual-stack
 * socket cannot slip past a source list.
 */
#ifndef STIRD_ADDRESS_H
#define STIRD_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

enum address_family { ADDRESS_NONE, ADDRESS_IPV4, ADDRESS_IPV6 };

struct address {
    uint8_t family;    /* enum address_family */
    uint16_t port;     /* host order; 0: none */
    uint8_t bytes[16]; /* network order; IPv4 fills the first 4, the rest is 0 */
};

struct address_prefix {
    struct address address; /* its port means nothing */
    uint8_t bits;
};

/* "192.0.2.1", "2001:db8::1" or "[2001:db8::1]", without a port; port is set to 0. */
bool address_parse(struct str text, struct address *a);
/* "192.0.2.0/24", "2001:db8::/32", or an address alone. Bits behind the prefix must be 0. */
bool address_prefix_parse(struct str text, struct address_prefix *p);

/* Whether A has the form that the functions of this file produce: a known family, IPv4 in 4 octets,
   a mapped address as IPv4. Ask it of every address that came from another process. */
bool address_is_sound(const struct address *a);
bool address_equal(const struct address *a, const struct address *b);
/* Compares without the port. */
bool address_same_host(const struct address *a, const struct address *b);
/* The host that A is counted for: A without its port, and of IPv6 the /64, since one host may use
   any address in it. */
struct address address_counted(const struct address *a);
bool address_prefix_covers(const struct address_prefix *p, const struct address *a);

/* "192.0.2.1" or "[2001:db8::1]", as a SIP URI and a Via want it. */
void address_add_host(struct buf *out, const struct address *a);
/* The same with ":port". */
void address_add(struct buf *out, const struct address *a);

#endif
