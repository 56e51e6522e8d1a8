#include "limits.h"

#include <stdlib.h>
#include <stird/base/part.h>
#include <string.h>

#define IPV6_PREFIX_BYTES 8

struct limit {
    struct limit *next, **link;
    enum limit_kind kind;
    unsigned now;
    uint64_t octets[LIMIT_CLASSES];
    size_t name_length;
    char name[];
};

static void limit_free(struct limit *l)
{
    *l->link = l->next;
    if (l->next)
        l->next->link = l->link;
    free(l);
}

void limits_fini(struct limits *limits)
{
    for (unsigned i = 0; i < LIMIT_BUCKETS; i++)
        while (limits->buckets[i])
            limit_free(limits->buckets[i]);
    memset(limits->taken, 0, sizeof(limits->taken));
}

uint64_t limits_in_flight(const struct limits *limits)
{
    uint64_t sum = 0;
    for (unsigned kind = 0; kind < LIMIT_SOURCE_CALLS; kind++)
        sum += limits->taken[kind];
    return sum;
}

static unsigned bucket_of(const struct limits *limits, enum limit_kind kind, struct str name)
{
    uint32_t h = (2166136261u ^ limits->seed) + (uint32_t)kind;
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ (unsigned char)name.p[i]) * 16777619u;
    return (h ^ h >> 16) % LIMIT_BUCKETS;
}

static struct limit *find(const struct limits *limits, enum limit_kind kind, struct str name)
{
    struct limit *l = limits->buckets[bucket_of(limits, kind, name)];
    while (l && (l->kind != kind || !str_eq((struct str){l->name, l->name_length}, name)))
        l = l->next;
    return l;
}

unsigned limits_now(const struct limits *limits, enum limit_kind kind, struct str name)
{
    const struct limit *l = find(limits, kind, name);
    return l ? l->now : 0;
}

bool limits_reached(const struct limits *limits, enum limit_kind kind, struct str name,
                    unsigned most)
{
    return most > 0 && limits_now(limits, kind, name) >= most;
}

bool limits_have_room(const struct limits *limits, enum limit_kind kind, struct str name,
                      unsigned most, unsigned percent)
{
    uint64_t all = limits->taken[kind];
    return all < most && part_has_room(limits_now(limits, kind, name), most - all, percent);
}

struct str limits_source_name(const struct address *source)
{
    return (struct str){(const char *)source->bytes,
                        source->family == ADDRESS_IPV6 ? IPV6_PREFIX_BYTES : 4};
}

static struct limit *limit_new(struct limits *limits, enum limit_kind kind, struct str name)
{
    struct limit **bucket = &limits->buckets[bucket_of(limits, kind, name)];
    struct limit *l = malloc(sizeof(*l) + name.n + 1);
    if (!l)
        return NULL;
    *l = (struct limit){.next = *bucket, .link = bucket, .kind = kind, .name_length = name.n};
    memcpy(l->name, name.p, name.n);
    if (l->next)
        l->next->link = &l->next;
    *bucket = l;
    return l;
}

struct limit *limits_take(struct limits *limits, enum limit_kind kind, struct str name)
{
    struct limit *l = find(limits, kind, name);
    if (!l)
        l = limit_new(limits, kind, name);
    if (l) {
        l->now++;
        limits->taken[kind]++;
    }
    return l;
}

void limits_give(struct limits *limits, struct limit **held)
{
    struct limit *l = *held;
    *held = NULL;
    if (!l)
        return;
    limits->taken[l->kind]--;
    if (--l->now == 0)
        limit_free(l);
}

uint64_t *limits_octets(struct limit *held)
{
    return held->octets;
}
