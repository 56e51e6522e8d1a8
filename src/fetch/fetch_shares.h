/*
 * fetch_shares - how the rate of a host is shared by the trunks for which it is asked: what comes
 * to a host's bucket is divided between those that asked for it within ten seconds, and what one
 * does not take the others may. So who asks for less than four fifths of his share is not refused
 * for another one, as long as no more than FETCH_SHARES ask, and who is alone has all. Pure: time
 * is handed in. Private to fetch.
 *
 * Who comes anew finds some tokens of his own though others have taken all: they are lent, and
 * taken off what nobody claims. So in its first moment a host may be asked for twice its burst.
 * Each share holds a token at least: where more trunks ask than the burst has tokens, and all have
 * saved theirs, it is asked for as many in one moment, FETCH_SHARES at most. In the long run it is
 * asked for no more than its rate. Of more than FETCH_SHARES trunks that ask at one time the one
 * that asked the longest ago has no share until it asks again: if they are greedy, one that asks
 * for little may be refused each time. Where all that can be lent is lent, a token each is kept for
 * those who come anew, otherwise who asks seldom among many that ask always would never find any:
 * of what is saved by those who leave and of what nobody has a use for, and of no more than a fifth
 * of what comes where that is too little. They may be refused where a share is less than a token in
 * FETCH_SHARES_IDLE_MS.
 */
#ifndef STIRD_FETCH_FETCH_SHARES_H
#define STIRD_FETCH_FETCH_SHARES_H

#include <stdbool.h>
#include <stdint.h>

#include "token_bucket.h"

#define FETCH_SHARES         64
#define FETCH_SHARES_IDLE_MS 10000

struct fetch_shares {
    int64_t common; /* thousandths of a token that are nobody's; below 0: lent */
    int64_t rest;   /* too few to be divided yet */
    int64_t fresh;  /* for those who come anew */
    int64_t fresh_rest;
    int64_t filled_ms;
    unsigned n;
    struct {
        uint32_t trunk;
        int64_t asked_ms;
        int64_t thousandths;
    } list[FETCH_SHARES];
};

/* Nobody has a share, and what there is at most is there. */
struct fetch_shares fetch_shares_full(const struct token_rate *rate, int64_t now_ms);
/* Whether there is a token for TRUNK, which has a share from now on. */
bool fetch_shares_has(struct fetch_shares *s, const struct token_rate *rate, uint32_t trunk,
                      int64_t now_ms);
/* The same for what no call waits for, which leaves half of the burst to those that do. */
bool fetch_shares_has_spare(struct fetch_shares *s, const struct token_rate *rate, uint32_t trunk,
                            int64_t now_ms);
/* Takes it. False: there is none. */
bool fetch_shares_take(struct fetch_shares *s, const struct token_rate *rate, uint32_t trunk,
                       int64_t now_ms);

#endif
