/*
 * known_name - a name and its last good addresses, as a worker tells them to the supervisor and the
 * supervisor hands them to the next worker, so that one that starts while DNS is silent knows them.
 *
 * Comes from a process that may have been taken over: nothing in it is used before
 * known_name_is_sound() has looked at it.
 */
#ifndef STIRD_KNOWN_NAME_H
#define STIRD_KNOWN_NAME_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/settings.h>

#define NAME_HOST_MAX      253
#define NAME_SERVICE_MAX   15
#define NAME_ADDRESSES_MAX 32
#define KNOWN_NAMES_MAX    1000

struct name_address {
    struct address address;    /* with port */
    uint16_t priority, weight; /* of an SRV record; 0 */
    uint16_t target;           /* addresses of one SRV record have the same, and lie together */
};

struct known_name {
    char host[NAME_HOST_MAX + 1];
    char service[NAME_SERVICE_MAX + 1]; /* "_sip._udp"; empty: a port was given */
    uint16_t port;
    uint8_t want_ipv4, want_ipv6; /* 0 or 1 */
    uint16_t n;                   /* at least 1 */
    struct name_address addresses[NAME_ADDRESSES_MAX];
};

/* Each text ends, each number is in its range, each address could be a host's. */
bool known_name_is_sound(const struct known_name *k);
/* Whether the two are answers to one question. */
bool known_name_same(const struct known_name *a, const struct known_name *b);
/* Whether K is what UPSTREAM's uri asks for; false where that has an address. */
bool known_name_is_of(const struct known_name *k, const struct upstream *upstream);

/* A sealed memory file with all of them; -errno. */
int known_names_to_fd(const struct known_name *list, unsigned n);
/* The sound ones of such a file, the caller's to free; NULL and *N 0: there are none, or no memory.
 */
struct known_name *known_names_from_fd(int fd, unsigned *n);

#endif
