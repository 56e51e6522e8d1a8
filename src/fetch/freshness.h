/*
 * freshness - how long what a server serves may be used (RFC 9111 section 4.2), by its headers.
 * Pure. Private to fetch.
 */
#ifndef STIRD_FETCH_FRESHNESS_H
#define STIRD_FETCH_FRESHNESS_H

#include <stdint.h>
#include <stird/base/str.h>

struct freshness {
    int64_t s_maxage_s, max_age_s; /* -1: not said; of several the first counts */
    int64_t expires_s, date_s;     /* since 1970; -1: not said */
    int64_t age_s;                 /* how old it was when it was served */
};

#define FRESHNESS_INIT                                                                             \
    ((struct freshness){.s_maxage_s = -1, .max_age_s = -1, .expires_s = -1, .date_s = -1})

/* Takes what a header says; any header may be given. */
void freshness_take(struct freshness *f, struct str name, struct str value);
/* s-maxage, else max-age, else Expires from Date on, or from NOW_S where there is none; less Age.
   0: not at all; -1: nothing was said. */
int64_t freshness_s(const struct freshness *f, int64_t now_s);

#endif
