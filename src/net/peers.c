#include "peers.h"

#include <stdlib.h>
#include <stird/base/chance.h>

#define BUCKETS 4096 /* a power of two */

struct peer_source {
    struct address host;
    unsigned n[PEER_SIDES], all;
    uint64_t waiting; /* octets in those that came */
    struct peer_source *next;
};

struct peers {
    uint64_t seed;
    struct peer_entry *entries[BUCKETS];
    struct peer_entry *came[BUCKETS]; /* by host alone, those that it has opened */
    struct peer_source *sources[BUCKETS];
};

struct peers *peers_new(void)
{
    struct peers *p = calloc(1, sizeof(*p));
    if (p && chance_fill(&p->seed, sizeof(p->seed)))
        return p;
    free(p);
    return NULL;
}

void peers_free(struct peers *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < BUCKETS; i++) {
        while (p->sources[i]) {
            struct peer_source *s = p->sources[i];
            p->sources[i] = s->next;
            free(s);
        }
    }
    free(p);
}

/* FNV-1a with a seed, its high bits mixed down. */
static unsigned bucket(const struct peers *p, const struct address *a, uint16_t port)
{
    uint64_t h = p->seed ^ UINT64_C(0xcbf29ce484222325);
    for (unsigned i = 0; i < sizeof(a->bytes); i++)
        h = (h ^ a->bytes[i]) * UINT64_C(0x100000001b3);
    h = (h ^ port) * UINT64_C(0x100000001b3);
    return (unsigned)(h ^ h >> 29 ^ h >> 47) & (BUCKETS - 1);
}

static struct peer_source *find_source(const struct peers *p, const struct address *remote)
{
    const struct address host = address_counted(remote);
    struct peer_source *s = p->sources[bucket(p, &host, 0)];
    while (s && !address_same_host(&s->host, &host))
        s = s->next;
    return s;
}

static struct peer_source *count_source(struct peers *p, const struct address *remote,
                                        enum peer_side side)
{
    const struct address host = address_counted(remote);
    struct peer_source *s = find_source(p, remote);
    struct peer_source **head = &p->sources[bucket(p, &host, 0)];
    if (!s && (s = calloc(1, sizeof(*s)))) {
        *s = (struct peer_source){.host = host, .next = *head};
        *head = s;
    }
    if (s) {
        s->n[side]++;
        s->all++;
    }
    return s;
}

static void uncount_source(struct peers *p, struct peer_source *s, enum peer_side side)
{
    s->n[side]--;
    if (--s->all > 0)
        return;
    struct peer_source **link = &p->sources[bucket(p, &s->host, 0)];
    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    free(s);
}

bool peers_add(struct peers *p, struct peer_entry *entry, enum peer_side side)
{
    struct peer_entry **head = &p->entries[bucket(p, &entry->remote, entry->remote.port)];
    bool counted = side != PEER_UNCOUNTED;
    entry->side = side;
    entry->source = counted ? count_source(p, &entry->remote, side) : NULL;
    if (counted && !entry->source)
        return false;
    entry->next = *head;
    *head = entry;
    entry->came = side == PEER_CAME;
    if (entry->came) {
        head = &p->came[bucket(p, &entry->remote, 0)];
        entry->next_of_host = *head;
        *head = entry;
    }
    return true;
}

void peers_uncount(struct peers *p, struct peer_entry *entry)
{
    if (entry->source)
        uncount_source(p, entry->source, entry->side);
    entry->source = NULL;
    entry->side = PEER_UNCOUNTED;
}

static void forget_host(struct peers *p, struct peer_entry *entry)
{
    struct peer_entry **link = &p->came[bucket(p, &entry->remote, 0)];
    while (*link != entry)
        link = &(*link)->next_of_host;
    *link = entry->next_of_host;
    entry->came = false;
}

void peers_remove(struct peers *p, struct peer_entry *entry)
{
    struct peer_entry **link = &p->entries[bucket(p, &entry->remote, entry->remote.port)];
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    if (entry->came)
        forget_host(p, entry);
    peers_uncount(p, entry);
}

static struct peer_entry *from(struct peer_entry *e, const struct address *remote)
{
    while (e && !address_equal(&e->remote, remote))
        e = e->next;
    return e;
}

struct peer_entry *peers_first(const struct peers *p, const struct address *remote)
{
    return from(p->entries[bucket(p, remote, remote->port)], remote);
}

struct peer_entry *peers_next(const struct peer_entry *entry)
{
    return from(entry->next, &entry->remote);
}

static struct peer_entry *of_host(struct peer_entry *e, const struct address *host)
{
    while (e && !address_same_host(&e->remote, host))
        e = e->next_of_host;
    return e;
}

struct peer_entry *peers_opened_by(const struct peers *p, const struct address *host)
{
    return of_host(p->came[bucket(p, host, 0)], host);
}

struct peer_entry *peers_opened_before(const struct peer_entry *entry)
{
    return of_host(entry->next_of_host, &entry->remote);
}

/* The source to whose queues those of ENTRY belong; NULL when it stands for itself. */
static struct peer_source *queues_of(const struct peer_entry *entry)
{
    return entry->side == PEER_CAME ? entry->source : NULL;
}

void peers_queued(struct peer_entry *entry, size_t more, size_t less)
{
    struct peer_source *source = queues_of(entry);
    entry->waiting += more - less;
    if (source)
        source->waiting += more - less;
}

uint64_t peers_waiting(const struct peer_entry *entry)
{
    const struct peer_source *source = queues_of(entry);
    return source ? source->waiting : entry->waiting;
}

bool peers_same_source(const struct peer_entry *a, const struct peer_entry *b)
{
    return queues_of(a) && queues_of(a) == queues_of(b);
}

unsigned peers_count(const struct peers *p, const struct address *host, enum peer_side side)
{
    const struct peer_source *s = find_source(p, host);
    return s ? s->n[side] : 0;
}
