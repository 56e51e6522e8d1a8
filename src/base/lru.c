#include <stird/base/lru.h>

#include <stdlib.h>
#include <stird/base/chance.h>

bool lru_init(struct lru *l, size_t expected)
{
    size_t n = 16;
    while (n < expected)
        n *= 2;
    *l = (struct lru){.mask = n - 1, .buckets = calloc(n, sizeof(l->buckets[0]))};
    if (l->buckets && chance_fill(&l->seed, sizeof(l->seed)))
        return true;
    lru_fini(l);
    return false;
}

void lru_fini(struct lru *l)
{
    free(l->buckets);
    *l = (struct lru){.buckets = NULL};
}

/* FNV-1a from a secret beginning on. */
static uint64_t hash_of(const struct lru *l, struct str name)
{
    uint64_t hash = 0xcbf29ce484222325u ^ l->seed;
    for (size_t i = 0; i < name.n; i++)
        hash = (hash ^ (unsigned char)name.p[i]) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

struct lru_link *lru_find(const struct lru *l, struct str name)
{
    const uint64_t hash = hash_of(l, name);
    struct lru_link *link = l->buckets[hash & l->mask];
    while (link && (link->hash != hash || !str_eq(link->name, name)))
        link = link->chain;
    return link;
}

static void append(struct lru *l, struct lru_link *link)
{
    link->older = l->newest;
    link->newer = NULL;
    if (l->newest)
        l->newest->newer = link;
    else
        l->oldest = link;
    l->newest = link;
}

static void take_out(struct lru *l, struct lru_link *link)
{
    if (link->older)
        link->older->newer = link->newer;
    else
        l->oldest = link->newer;
    if (link->newer)
        link->newer->older = link->older;
    else
        l->newest = link->older;
}

void lru_add(struct lru *l, struct lru_link *link, struct str name)
{
    *link = (struct lru_link){.name = name, .hash = hash_of(l, name)};
    struct lru_link **bucket = &l->buckets[link->hash & l->mask];
    link->chain = *bucket;
    *bucket = link;
    append(l, link);
    l->n++;
}

void lru_remove(struct lru *l, struct lru_link *link)
{
    struct lru_link **at = &l->buckets[link->hash & l->mask];
    while (*at != link)
        at = &(*at)->chain;
    *at = link->chain;
    take_out(l, link);
    l->n--;
}

void lru_touch(struct lru *l, struct lru_link *link)
{
    take_out(l, link);
    append(l, link);
}
