/*
 * keep - how long a body that was fetched is used, and how long a URL that failed is not asked for
 * again. Pure: time is handed in.
 *
 * A server's word (RFC 9111) counts between a floor and a ceiling: certificates of signers change
 * seldom, and one that says no-store would have each of its calls fetch it (ATIS-1000074 has a
 * floor of 24 h). No body is used beyond the end that was given by whoever judged it.
 */
#ifndef STIRD_KEEP_H
#define STIRD_KEEP_H

#include <stdint.h>
#include <stird/core/fetch_request.h>

struct keep_rules {
    int64_t least_s; /* whatever a server says, and where it says nothing */
    int64_t most_s;
    int64_t stale_s; /* how much longer where it cannot be renewed (RFC 5861 section 4) */
};

#define KEEP_RULES_USUAL                                                                           \
    ((struct keep_rules){.least_s = 24 * 3600, .most_s = 7 * 24 * 3600, .stale_s = 24 * 3600})

#define KEEP_NO_END FETCH_TIME_MAX_S

/* Of a body. Real time, since 1970: it is kept over restarts. */
struct kept {
    int64_t fetched_s;
    int64_t served_s; /* for how long, as the server said; -1: it said nothing */
    int64_t ends_s;   /* from then on nobody may use it: KEEP_NO_END until somebody has judged it */
};

enum keep_state {
    KEEP_FRESH,
    KEEP_RENEW, /* to be used, and renewed by whoever uses it: 80% of its time is over */
    KEEP_STALE, /* to be used only if it cannot be renewed */
    KEEP_OVER
};

/* When it is stale. */
int64_t keep_until_s(const struct keep_rules *rules, const struct kept *kept);
/* A body from the future has to be renewed. */
enum keep_state keep_state(const struct keep_rules *rules, const struct kept *kept, int64_t now_s);

/* Whether it was fetched by a clock that was ahead, and has been set right since: its times mean
   nothing then. */
bool keep_is_of_the_future(const struct kept *kept, int64_t now_s);
/* Has it fetched at such a time that it is to be renewed now, and is stale soon. */
void keep_as_due(const struct keep_rules *rules, struct kept *kept, int64_t now_s);

/* How long nobody asks again after IN_A_ROW (from 1 on) failures of which OUTCOME is the last. 0:
   that is not kept. */
int64_t keep_failure_ms(enum fetch_outcome outcome, unsigned in_a_row);
/* Whether that is a failure of its host, and not of one URL. */
bool keep_is_hosts_fault(enum fetch_outcome outcome);

#endif
