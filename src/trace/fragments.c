/* IP fragments back to datagrams (RFC 791, RFC 8200): a token makes an INVITE longer than a frame.
 */
#include "capture.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define DATAGRAMS_MAX 32
#define DATAGRAM_MAX  65535u
#define UNIT          8u

struct datagram {
    bool used;
    struct address from, to;
    uint32_t id;
    unsigned protocol;
    uint64_t age;    /* when it was touched last */
    unsigned length; /* 0: its last piece is not there yet */
    int64_t time_us; /* of the first piece, and its number */
    uint64_t number;
    unsigned char have[DATAGRAM_MAX / UNIT + 1];
    char bytes[DATAGRAM_MAX + 1];
};

struct fragments {
    uint64_t clock;
    struct datagram list[DATAGRAMS_MAX];
};

struct fragments *fragments_new(void)
{
    return calloc(1, sizeof(struct fragments));
}

void fragments_free(struct fragments *f)
{
    free(f);
}

static bool is_of(const struct datagram *d, const struct captured *p, uint32_t id,
                  unsigned protocol)
{
    return d->used && d->id == id && d->protocol == protocol &&
           address_same_host(&d->from, &p->from) && address_same_host(&d->to, &p->to);
}

/* How much of the beginning is there. */
static size_t prefix_of(const struct datagram *d)
{
    size_t units = 0, whole = d->length > 0 ? d->length : DATAGRAM_MAX;
    while (units * UNIT < whole && d->have[units])
        units++;
    return units * UNIT < whole ? units * UNIT : whole;
}

/* It cannot become whole any more: its beginning is handed up, marked as cut. */
static void give_up(struct capture *c, struct datagram *d)
{
    struct captured p = {.bytes = {d->bytes, prefix_of(d)},
                         .missing = 1, /* how much, UDP says */
                         .time_us = d->time_us,
                         .number = d->number,
                         .from = d->from,
                         .to = d->to};
    if (!d->used)
        return;
    d->used = false;
    c->tally->headless += p.bytes.n == 0;
    c->tally->tailless += p.bytes.n > 0;
    if (p.bytes.n > 0 && d->protocol == IPPROTO_UDP)
        capture_transport(c, &p, d->protocol);
}

/* The oldest one goes when there is no room. */
static struct datagram *find(struct capture *c, const struct captured *p, uint32_t id,
                             unsigned protocol)
{
    struct fragments *f = c->fragments;
    struct datagram *oldest = &f->list[0];
    for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
        struct datagram *d = &f->list[i];
        if (is_of(d, p, id, protocol))
            return d;
        if (!d->used || (oldest->used && d->age < oldest->age))
            oldest = d;
    }
    give_up(c, oldest);
    memset(oldest->have, 0, sizeof(oldest->have));
    oldest->used = true;
    oldest->from = p->from;
    oldest->to = p->to;
    oldest->id = id;
    oldest->protocol = protocol;
    oldest->length = 0;
    return oldest;
}

static bool is_whole(const struct datagram *d)
{
    return d->length > 0 && prefix_of(d) == d->length;
}

/* What P holds of a piece; its last unit counts when it is full, or ends the datagram. */
static void put(struct datagram *d, const struct captured *p, unsigned offset, bool more)
{
    size_t n = p->bytes.n, units = n / UNIT;
    memmove(d->bytes + offset, p->bytes.p, n);
    if (!more && p->missing == 0) {
        d->length = offset + (unsigned)n;
        units = (n + UNIT - 1) / UNIT;
    } else if (!more) {
        d->length = offset + (unsigned)(n + p->missing);
    }
    memset(d->have + offset / UNIT, 1, units);
    if (offset == 0) {
        d->time_us = p->time_us;
        d->number = p->number;
    }
}

bool fragments_add(struct capture *c, struct captured *p, uint32_t id, unsigned protocol,
                   unsigned offset, bool more)
{
    size_t n = p->bytes.n, full = n + p->missing;
    if (n == 0 || offset + full > DATAGRAM_MAX || (more && full % UNIT != 0))
        return false;
    struct datagram *d = find(c, p, id, protocol);
    d->age = ++c->fragments->clock;
    put(d, p, offset, more);
    if (!is_whole(d))
        return false;
    d->used = false;
    p->bytes = (struct str){d->bytes, d->length};
    p->missing = 0;
    return true;
}

void fragments_flush(struct capture *c)
{
    for (unsigned i = 0; i < DATAGRAMS_MAX; i++)
        give_up(c, &c->fragments->list[i]);
}
