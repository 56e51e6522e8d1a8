/*
 * rehearsal - what would become of an INVITE, found from its octets by the very steps that a call
 * takes: framing, screening, RFC 3261 section 16.3, whose dialog, which trunk, the decision. No
 * socket, nothing is sent, and no state: as if it were the only call. One thread.
 */
#ifndef STIRD_REHEARSAL_H
#define STIRD_REHEARSAL_H

#include <stird/core/call.h>
#include <stird/core/known_name.h>
#include <stird/core/outcome.h>
#include <stird/core/verification.h>

struct switches;

struct rehearsal {
    /* given; borrowed */
    const struct settings *settings;
    struct numbers *numbers, *overlay; /* overlay: NULL when there is none */
    const struct switches *switches;   /* what an operator has switched; NULL: nothing */
    const uint8_t *secret;             /* SNAPSHOT_SECRET_BYTES; NULL: not at hand */
    const struct trunk *trunk;         /* NULL: by source and what the call says */
    const struct known_name *names;    /* what upstreams' names mean; else they mean nothing */
    unsigned n_names;
    bool names_told; /* told by the running stird: an upstream that is not among them has no address
                        yet */
    struct str upstream; /* the name of one of its upstreams; else its first */
    struct address source;
    struct str listener;      /* its name, or empty */
    enum transport transport; /* which frames it: a stream needs Content-Length */
    int64_t now_s;
    const struct rate_reader *rates; /* NULL: rates are not known */
    bool quiet;                      /* nobody reads the sentences of a trace: none are written */
    /* Of a trunk that verifies: whom the service believes (NULL: not at hand), and who brings the
       certificate of URL (NULL: nobody; it is still to be fetched). It answers as the fetcher does:
       FETCH_OK with TEXT, else *WHY may say more. IS_GIVEN: it was given by hand, so what the URL
       serves was not asked. */
    const struct trust_image *trust;
    enum fetch_outcome (*bring)(void *user, struct str url, struct str *text, const char **why);
    void *bring_user;
    bool is_given;
    const struct verified *verified; /* what it was found to be worth before; NULL: judge it */

    /* found; in the arena. SIP_STATUS of the outcome is 0 where no answer would be sent. */
    struct call *call;
    struct outcome *outcome;
    const struct verification *verification; /* where its trunk verifies; of its headers' tokens
                                                texts alone */
    struct str trunk_why; /* inside a call: how its trunk is found; else empty (trunk_why.h) */
    struct str note;      /* what could not be rehearsed, or empty */
};

/* REASON_OK, or why BYTES are no INVITE that could be told of: BAD_REQUEST, OUT_OF_MEMORY. */
enum reason rehearsal_run(struct rehearsal *r, struct arena *arena, struct str bytes);

#endif
