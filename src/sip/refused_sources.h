/*
 * refused_sources - who sends and is not heard, or not let through: a line a minute of each source
 * in the log, with how many there were, and news for the supervisor (refused_source.h).
 *
 * The memory is a table of fixed size. A source that finds no place in it is counted with all such.
 */
#ifndef STIRD_SIP_REFUSED_SOURCES_H
#define STIRD_SIP_REFUSED_SOURCES_H

#include <stird/net.h>
#include <stird/refused_source.h>

#define REFUSED_SOURCES       64
#define REFUSED_SAID_EVERY_MS 60000

struct proxy;

struct refused_place {
    struct refused_source untold; /* count 0: nothing that the supervisor has not heard */
    uint32_t unsaid;              /* since the last line */
    int64_t said_ms;              /* -1: this place is free */
};

struct refused_sources {
    struct refused_place places[REFUSED_SOURCES];
    bool begun;      /* the places are made */
    uint64_t others; /* since the last line */
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
