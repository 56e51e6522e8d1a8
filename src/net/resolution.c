#include "resolution.h"

#include <ctype.h>
#include <string.h>

#define FNV_BASIS 14695981039346656037u
#define FNV_PRIME 1099511628211u

static uint8_t bit_of(enum address_family family)
{
    return (uint8_t)(1u << family);
}

/*
 * Two hosts of one name whose hashes are equal share what was known before; that is all the harm it
 * does.
 */
static uint64_t hash_of(const char *host)
{
    uint64_t hash = FNV_BASIS;
    size_t n = strlen(host);
    n -= n > 0 && host[n - 1] == '.';
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (uint8_t)tolower((unsigned char)host[i])) * FNV_PRIME;
    return hash;
}

/* ---- what DNS says ---- */

void resolution_begin(struct resolution *r)
{
    memset(r, 0, sizeof(*r));
    r->ttl_s = UINT32_MAX;
}

void resolution_plain(struct resolution *r, const char *host, uint16_t port)
{
    struct srv_record *only = &r->targets[0];
    *only = (struct srv_record){.port = port};
    memcpy(only->host, host, strlen(host) + 1);
    r->n_targets = 1;
}

void resolution_add(struct resolution *r, const struct address *address, uint32_t ttl_s)
{
    if (ttl_s < r->ttl_s)
        r->ttl_s = ttl_s;
    if (r->n_found == NAME_HOPS_MAX) {
        r->cut = true;
        return;
    }
    r->found[r->n_found++] = (struct name_address){.address = *address,
                                                   .target = (uint16_t)r->target};
}

void resolution_answered(struct resolution *r, enum address_family family)
{
    r->answered[r->target] |= bit_of(family);
}

bool resolution_has_answer(const struct resolution *r)
{
    for (unsigned i = 0; i < r->n_targets; i++)
        if (r->answered[i])
            return true;
    return false;
}

/* ---- what it means ---- */

struct taking {
    const struct resolution *r;
    const struct known_name *before;
    struct known_name now;
    unsigned target;
};

static const struct name_part *part_before(const struct taking *t)
{
    for (unsigned i = 0; i < t->before->n_parts; i++)
        if (t->before->parts[i].host == hash_of(t->r->targets[t->target].host))
            return &t->before->parts[i];
    return NULL;
}

static bool has_already(const struct taking *t, const struct address *a)
{
    for (unsigned i = 0; i < t->now.n; i++)
        if (t->now.addresses[i].target == t->target &&
            address_same_host(&t->now.addresses[i].address, a))
            return true;
    return false;
}

static void put(struct taking *t, const struct address *a)
{
    const struct srv_record *target = &t->r->targets[t->target];
    struct name_address *to = &t->now.addresses[t->now.n];
    if (has_already(t, a))
        return;
    if (t->now.n == NAME_HOPS_MAX) {
        t->now.in_part = 1;
        return;
    }
    *to = (struct name_address){.address = *a,
                                .priority = target->priority,
                                .weight = target->weight,
                                .target = (uint16_t)t->target};
    to->address.port = target->port;
    t->now.n++;
}

static void put_all(struct taking *t, const struct name_address *list, unsigned n, unsigned target,
                    enum address_family family)
{
    for (unsigned i = 0; i < n; i++)
        if (list[i].target == target && list[i].address.family == family)
            put(t, &list[i].address);
}

static void take_part(struct taking *t, enum address_family family)
{
    const struct name_part *before = part_before(t);
    uint8_t bit = bit_of(family);
    if (t->r->answered[t->target] & bit) {
        put_all(t, t->r->found, t->r->n_found, t->target, family);
    } else if (before && (before->answered & bit)) {
        put_all(t, t->before->addresses, t->before->n, (unsigned)(before - t->before->parts),
                family);
    } else {
        t->now.in_part = 1;
        return;
    }
    t->now.parts[t->target].answered |= bit;
}

/* "." among other targets is not a host. */
static void take_target(struct taking *t)
{
    const char *host = t->r->targets[t->target].host;
    t->now.parts[t->target] = (struct name_part){.host = hash_of(host)};
    if (host[0] == '\0')
        return;
    if (t->before->want_ipv4)
        take_part(t, ADDRESS_IPV4);
    if (t->before->want_ipv6)
        take_part(t, ADDRESS_IPV6);
}

bool resolution_take(const struct resolution *r, struct known_name *known)
{
    struct taking t = {.r = r, .before = known, .now = {.in_part = r->cut}};
    for (; t.target < r->n_targets; t.target++)
        take_target(&t);
    if (t.now.n == 0) {
        known->in_part |= t.now.in_part;
        return false;
    }
    known->in_part = t.now.in_part;
    known->n = t.now.n;
    known->n_parts = (uint16_t)r->n_targets;
    memcpy(known->parts, t.now.parts, sizeof(known->parts));
    memcpy(known->addresses, t.now.addresses, t.now.n * sizeof(*known->addresses));
    return true;
}
