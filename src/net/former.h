/*
 * former - the addresses that a name had until a while ago. Others may believe DNS as it was for as
 * long as its time to live, and a peer moves its calls when it likes: until then what comes from
 * there may still be the name's. No calls go there. Time is an argument.
 */
#ifndef STIRD_NET_FORMER_H
#define STIRD_NET_FORMER_H

#include <stird/core/known_name.h>

struct former {
    int64_t until_ms[NAME_ADDRESSES_MAX]; /* of each former address of the name, in their order */
    int64_t cut_until_ms;                 /* there was no room for one that would stay until then */
};

/* What BEFORE had and NOW has no more becomes former for GRACE_MS, and what was stays until its
   time is over. */
void former_keep(struct former *f, const struct known_name *before, struct known_name *now,
                 int64_t now_ms, int64_t grace_ms);
/* Whether the time of one of them is over. */
bool former_is_over(const struct former *f, const struct known_name *now, int64_t now_ms);

#endif
