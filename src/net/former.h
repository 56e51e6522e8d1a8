/*
 * former - the addresses that a name had until a while ago. Others may believe an old answer of DNS
 * for its whole time to live, and a peer moves its calls when it likes. So until that time is over,
 * what comes from such an address may still belong to the name; but no calls go there. Time is an
 * argument.
 */
#ifndef STIRD_NET_FORMER_H
#define STIRD_NET_FORMER_H

#include <stird/core/known_name.h>

struct former {
    int64_t until_ms[NAME_ADDRESSES_MAX]; /* of each former address of the name, in their order */
    int64_t cut_until_ms;                 /* there was no room for one that would stay until then */
};

/* Addresses that BEFORE had and NOW lacks become former for GRACE_MS; those that were former
   already stay until their time is over. */
void former_keep(struct former *f, const struct known_name *before, struct known_name *now,
                 int64_t now_ms, int64_t grace_ms);
/* Whether the time of one of them is over. */
bool former_is_over(const struct former *f, const struct known_name *now, int64_t now_ms);

#endif
