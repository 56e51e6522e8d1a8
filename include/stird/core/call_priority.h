/*
 * call_priority - the priority that a message asks for: Resource-Priority (RFC 4412), Priority (RFC
 * 3261 section 20.26). Plain data; texts are borrowed from the message.
 */
#ifndef STIRD_CALL_PRIORITY_H
#define STIRD_CALL_PRIORITY_H

#include <stdbool.h>
#include <stird/base/arena.h>
#include <stird/base/str.h>

struct call_priority {
    const struct str *resources; /* values of the Resource-Priority headers, each with its commas */
    unsigned n_resources;
    bool is_psap_callback; /* Priority: psap-callback (RFC 7090) */
};

/* What MESSAGE asks for, in as many headers as there are. False: no memory. */
bool call_priority_read(struct call_priority *p, struct str message, struct arena *arena);

/*
 * The next value of Resource-Priority, trimmed ("ets.0"). AT counts from 0 and REST is what is left
 * of a header's value; both begin zeroed. False: there is none. NULL as P has none.
 */
struct call_priority_walk {
    unsigned at;
    struct str rest;
};
bool call_priority_next(const struct call_priority *p, struct call_priority_walk *walk,
                        struct str *value);
/* Whether it is VALUE's namespace: "ets" of "ets.0", in any case. */
bool call_priority_is_of(struct str value, struct str namespace);
/* Whether the call may be one of emergency services: esnet, or their call back. */
bool call_priority_is_emergency(const struct call_priority *p);

#endif
