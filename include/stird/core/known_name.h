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
#include <stird/core/settings.h>

#define NAME_HOST_MAX      254 /* with the dot of the root */
#define NAME_SERVICE_MAX   15
#define NAME_HOPS_MAX      64  /* addresses that calls go to */
#define NAME_ADDRESSES_MAX 128 /* those, and the ones that the name had until a while ago */
#define NAME_PARTS_MAX     32  /* hosts of SRV records */
#define KNOWN_NAMES_MAX    1000

struct name_address {
    struct address address;    /* with port */
    uint16_t priority, weight; /* of an SRV record; 0 */
    uint16_t target;           /* index into the parts; those of one part lie together */
};

/* A host that the name leads to: of an SRV record, or the name itself. */
struct name_part {
    uint64_t host;    /* a hash of its name */
    uint8_t answered; /* a bit for each enum address_family for which DNS has answered, be it that
                         there are no addresses */
};

struct known_name {
    char host[NAME_HOST_MAX + 1];
    char service[NAME_SERVICE_MAX + 1]; /* "_sip._udp"; empty: a port was given */
    uint16_t port;
    uint8_t want_ipv4, want_ipv6; /* 0 or 1 */
    uint8_t in_part; /* 0 or 1: DNS has never answered all of it, or said more than is kept here */
    uint16_t n;      /* how many of ADDRESSES calls go to; 0 only where it is in_part */
    uint16_t former; /* how many addresses behind those the name had until a while ago: they are not
                        next hops any more, but may still send for it */
    uint16_t n_parts;
    struct name_part parts[NAME_PARTS_MAX];
    struct name_address addresses[NAME_ADDRESSES_MAX];
};

/* How many addresses it holds: those that calls go to, and the former ones. */
unsigned known_name_all(const struct known_name *k);
/* Whether each text ends, each number is in its range, and each address could be a host's. */
bool known_name_is_sound(const struct known_name *k);
/* Whether the two are answers to one question. */
bool known_name_same(const struct known_name *a, const struct known_name *b);
/* Whether K is what UPSTREAM's uri asks for; false where that has an address. */
bool known_name_is_of(const struct known_name *k, const struct upstream *upstream);

#endif
