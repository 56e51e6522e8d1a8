#include "channel.h"

#include <stdint.h>
#include <stdlib.h>

struct channel {
    struct channel *next, **link;
    const struct connection *connection;
    struct channel_member *members, **end; /* in the order in which they joined */
};

static unsigned bucket_of(const struct connection *connection)
{
    uint64_t h = (uint64_t)(uintptr_t)connection * UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(h >> 32) % CHANNEL_BUCKETS;
}

static struct channel *find(const struct channels *all, const struct connection *connection)
{
    struct channel *c = all->buckets[bucket_of(connection)];
    while (c && c->connection != connection)
        c = c->next;
    return c;
}

static struct channel *channel_new(struct channels *all, const struct connection *connection)
{
    struct channel **bucket = &all->buckets[bucket_of(connection)];
    struct channel *c = malloc(sizeof(*c));
    if (!c)
        return NULL;
    *c = (struct channel){.next = *bucket, .link = bucket, .connection = connection};
    c->end = &c->members;
    if (c->next)
        c->next->link = &c->next;
    *bucket = c;
    return c;
}

bool channel_join(struct channels *all, struct channel_member *member,
                  const struct connection *connection)
{
    struct channel *c = find(all, connection);
    if (!c)
        c = channel_new(all, connection);
    if (!c)
        return false;
    *member = (struct channel_member){.link = c->end, .channel = c};
    *c->end = member;
    c->end = &member->next;
    return true;
}

void channel_leave(struct channel_member *member)
{
    struct channel *c = member->channel;
    if (!c)
        return;
    *member->link = member->next;
    if (member->next)
        member->next->link = member->link;
    else
        c->end = member->link;
    *member = (struct channel_member){.channel = NULL};
    if (c->members)
        return;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    free(c);
}

struct channel_member *channel_members(const struct channels *all,
                                       const struct connection *connection)
{
    struct channel *c = find(all, connection);
    return c ? c->members : NULL;
}
