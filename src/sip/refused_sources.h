/*
 * refused_sources - tells of sources that send and are not heard, or not let through: in the log by
 * a line a minute for each source, with how many messages there were, and to the supervisor as news
 * (refused_source.h).
 *
 * The memory is a table of fixed size for each kind of refusal, so that strangers, whose addresses
 * may be anybody's, are in the way of no source that is configured. Where it is full, the one that
 * was quiet for the longest makes room; such newcomers share a line of the log.
 */
#ifndef STIRD_SIP_REFUSED_SOURCES_H
#define STIRD_SIP_REFUSED_SOURCES_H

#include <stird/core/refused_source.h>
#include <stird/net/net.h>

#define REFUSED_SOURCES       64 /* of a kind */
#define REFUSED_SAID_EVERY_MS 60000

struct proxy;

struct refused_place {
    struct refused_source untold; /* count 0: nothing that the supervisor has not heard */
    uint32_t unsaid;              /* since the last line */
    int64_t said_ms;              /* -1: this place is free */
    int64_t last_ms;              /* monotonic: when it was refused last */
};

struct refused_sources {
    struct refused_place places[UNHEARD_KINDS][REFUSED_SOURCES];
    uint32_t unlisted[UNHEARD_KINDS]; /* of those that made room: not told yet */
    unsigned turn;                    /* whose news come first of their kind */
    bool begun;                       /* the places are made */
    uint64_t others;                  /* since the last line */
    int64_t others_said_ms;
};

/* METHOD: the message as far as it is there, or "connection". */
void refused_sources_note(struct proxy *p, const struct flow *from, enum unheard refusal,
                          struct str method);
/* The next news; false: there is none. */
bool refused_sources_tell(struct proxy *p, struct refused_source *news);
/* Nobody heard it. */
void refused_sources_tell_again(struct proxy *p, const struct refused_source *news);

#endif
