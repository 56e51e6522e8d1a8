/*
 * resolution - collects what one round of DNS questions has brought for a name, part by part, and
 * says what the name means after it. A part is the addresses of one family that one host has. Where
 * a part has no answer, what was known of it before stays: a partial answer is never taken for the
 * whole. Knows no socket and no time.
 */
#ifndef STIRD_NET_RESOLUTION_H
#define STIRD_NET_RESOLUTION_H

#include <stird/core/known_name.h>

#include "srv.h"

struct resolution {
    struct srv_record targets[SRV_MAX]; /* the first is the name itself without SRV records */
    unsigned n_targets, target;         /* target: the one that is being asked for */
    uint8_t answered[SRV_MAX];          /* as in struct name_part */
    bool cut;                           /* DNS has more than is kept */
    struct name_address found[NAME_HOPS_MAX];
    unsigned n_found;
    uint32_t ttl_s; /* the shortest */
};

void resolution_begin(struct resolution *r);
/* HOST is the only target. */
void resolution_plain(struct resolution *r, const char *host, uint16_t port);
/* An address of the present target. */
void resolution_add(struct resolution *r, const struct address *address, uint32_t ttl_s);
/* DNS has told all addresses of FAMILY that the present target has, perhaps none. */
void resolution_answered(struct resolution *r, enum address_family family);
/* Whether DNS has said anything of any part. */
bool resolution_has_answer(const struct resolution *r);
/*
 * What KNOWN means now: its addresses, parts and in_part; former ones are the caller's. False: no
 * part has an address, and all that was known stays, but for in_part, which is set if a part has no
 * answer.
 */
bool resolution_take(const struct resolution *r, struct known_name *known);

#endif
