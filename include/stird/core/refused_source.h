/*
 * refused_source - an address that sent something and was not heard, or not let through, as a
 * worker tells it to the supervisor, for `stirctl sources`.
 *
 * Comes from a process that may have been taken over: nothing in it is used before
 * refused_source_is_sound() has looked at it.
 */
#ifndef STIRD_REFUSED_SOURCE_H
#define STIRD_REFUSED_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/address.h>

enum unheard {
    UNHEARD_UNKNOWN,     /* in no trunk and no upstream: no answer */
    UNHEARD_NO_TRUNK,    /* none of its trunks fits */
    UNHEARD_UPSTREAM,    /* an upstream may not begin a call here */
    UNHEARD_CONNECTIONS, /* it has, or all have, as many connections as the limits allow */
    UNHEARD_HANDSHAKE,   /* its TLS handshake failed */
    UNHEARD_KINDS
};

#define REFUSED_METHOD_MAX 15

struct refused_source {
    struct address
        source;        /* address and port of the last packet; of IPv6 a /64 counts as one source */
    uint8_t transport; /* enum transport, of the last one; as what follows */
    uint8_t refusal;
    uint16_t listener;                   /* index */
    char method[REFUSED_METHOD_MAX + 1]; /* or "response", "connection"; empty: it was no SIP */
    uint32_t count;                      /* since it was told last */
    uint32_t unlisted; /* further ones of this kind, from sources whose place was needed before they
                          could be told of */
    int64_t first_s, last_s; /* real time, of these */
};

bool refused_source_is_sound(const struct refused_source *r);
/* Whether both are counted as one: the same source and the same refusal. */
bool refused_source_same(const struct refused_source *a, const struct refused_source *b);
/* "unknown_source", "no_trunk", ... */
struct str unheard_name(enum unheard refusal);
/* One sentence, and what to do. */
struct str unheard_text(enum unheard refusal);
/* What a message says that it is, as far as its first line can be printed. */
void refused_method_of(char method[REFUSED_METHOD_MAX + 1], struct str raw);

#endif
