/*
 * allowance - what goes back to strangers: never more octets than came from them. Anybody can send
 * a datagram in another's name; with this table nobody gains anything by it.
 *
 * A table of fixed size by source address. What has no room in it, or was earned long ago, counts
 * as not earned: then the stranger repeats its request, and earns again.
 */
#ifndef STIRD_SIP_ALLOWANCE_H
#define STIRD_SIP_ALLOWANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stird/base/address.h>

#include "siphash.h"

#define ALLOWANCE_SOURCES 1024
#define ALLOWANCE_MS      64000 /* longer than any transaction of a stranger's */

struct allowance {
    struct address source; /* without its port, which is the sender's word too */
    uint64_t octets;
    int64_t until_ms;
};

struct allowances {
    struct allowance sources[ALLOWANCE_SOURCES];
};

/* HASH chooses the place in the table. */
void allowance_earn(struct allowances *all, struct siphash *hash, const struct address *source,
                    size_t octets, int64_t now_ms);
/* False when so much was not earned: then nothing is taken. */
bool allowance_spend(struct allowances *all, struct siphash *hash, const struct address *to,
                     size_t octets, int64_t now_ms);

#endif
