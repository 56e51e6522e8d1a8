/*
 * supervisor_trust_growth - whether new revocation lists revoke so many of the certificates in use
 * that somebody has to look whether they are forged. Each worker keeps a copy of its own of what it
 * has met, so one certificate is counted by many: what counts is what one worker has.
 */
#ifndef STIRD_SUPERVISOR_TRUST_GROWTH_H
#define STIRD_SUPERVISOR_TRUST_GROWTH_H

#include "questions.h"

struct trust_growth {
    struct held_asked before; /* when new lists were taken last */
    bool told;                /* what became of that */
    uint64_t times;           /* that it was told */
    int64_t next_look_ms;
};

/* New lists are taken: workers begin to judge by them. */
void trust_growth_begin(struct trust_growth *g, const struct supervisor *s);
/* A worker begins in that place, and counts from zero. */
void trust_growth_forget(struct trust_growth *g, unsigned worker);
/* Looks once a second, and logs an error once for the lists that were taken last. */
void trust_growth_look(struct trust_growth *g, const struct supervisor *s, int64_t now_ms);

/* Of workers that counted BEFORE, and count NOW: whether it is so many. *MOST: the largest that one
   of them has of each, revoked since. */
bool trust_growth_is_much(const struct held_asked *before, const struct held_asked *now,
                          struct certificates_held *most);

#endif
