/* IP fragments back to datagrams (RFC 791, RFC 8200): a token makes an INVITE longer than a frame.
 */
#include "capture.h"

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

static bool is_of(const struct datagram *d, const struct packet *p, uint32_t id, unsigned protocol)
{
    return d->used && d->id == id && d->protocol == protocol &&
           address_same_host(&d->from, &p->from) && address_same_host(&d->to, &p->to);
}

/* The oldest one goes when there is no room. */
static struct datagram *find(struct fragments *f, const struct packet *p, uint32_t id,
                             unsigned protocol)
{
    struct datagram *oldest = &f->list[0];
    for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
        struct datagram *d = &f->list[i];
        if (is_of(d, p, id, protocol))
            return d;
        if (!d->used || (oldest->used && d->age < oldest->age))
            oldest = d;
    }
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
    for (unsigned unit = 0; unit < (d->length + UNIT - 1) / UNIT; unit++)
        if (!d->have[unit])
            return false;
    return d->length > 0;
}

bool fragments_add(struct fragments *f, struct packet *p, uint32_t id, unsigned protocol,
                   unsigned offset, bool more)
{
    size_t n = p->bytes.n;
    if (n == 0 || offset + n > DATAGRAM_MAX || (more && n % UNIT != 0))
        return false;
    struct datagram *d = find(f, p, id, protocol);
    d->age = ++f->clock;
    memcpy(d->bytes + offset, p->bytes.p, n);
    memset(d->have + offset / UNIT, 1, (n + UNIT - 1) / UNIT);
    if (!more)
        d->length = offset + (unsigned)n;
    if (!is_whole(d))
        return false;
    d->used = false;
    p->bytes = (struct str){d->bytes, d->length};
    return true;
}
