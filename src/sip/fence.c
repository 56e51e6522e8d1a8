#include "fence.h"

#include <stird/log.h>
#include <stird/source_table.h>

#define SAID_EVERY_MS 60000

/* Nobody's SBC, unless it is written so. */
static const struct address_prefix special[] = {
    {{ADDRESS_IPV4, 0, {0}}, 8},          /* this host */
    {{ADDRESS_IPV4, 0, {127}}, 8},        /* loopback */
    {{ADDRESS_IPV4, 0, {169, 254}}, 16},  /* link-local */
    {{ADDRESS_IPV4, 0, {224}}, 4},        /* multicast */
    {{ADDRESS_IPV4, 0, {240}}, 4},        /* reserved, and the broadcast address */
    {{ADDRESS_IPV6, 0, {0}}, 8},          /* unspecified, loopback, IPv4 in disguise */
    {{ADDRESS_IPV6, 0, {0xfe, 0x80}}, 9}, /* link-local, and site-local of old */
    {{ADDRESS_IPV6, 0, {0xff}}, 8},       /* multicast */
};

/* The bits of the block of such addresses that this one is in, or 0. */
static unsigned special_bits(const struct address *a)
{
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        if (address_prefix_covers(&special[i], a))
            return special[i].bits;
    return 0;
}

/* By a prefix of at least so many BITS, or by the name of an upstream. */
static bool is_peer(const struct proxy *p, const struct address *a, unsigned bits)
{
    const struct settings *s = p->snapshot->settings;
    const struct source_entry *entry;
    unsigned step = 0;
    while ((entry = source_table_next(s->sources, a, &step)))
        if (entry->prefix.bits >= bits)
            return true;
    return p->routes && routes_is_source(p->routes, s, a);
}

static bool is_ours(const struct proxy *p, const struct address *a)
{
    return listeners_have_host(&p->listeners, a) || net_address_is_own(a);
}

/* A trunk for everybody (0.0.0.0/0) covers all addresses and names none. */
bool fence_allows(const struct proxy *p, const struct address *source, const struct address *to)
{
    unsigned bits = special_bits(to);
    if (is_peer(p, to, bits > 0 ? bits : 1))
        return true;
    if (bits > 0 || is_ours(p, to))
        return false;
    return p->snapshot->settings->dialog_peers_any || is_peer(p, to, 0) || is_peer(p, source, 0);
}

static void say(struct proxy *p, const struct message *m, const struct address *source,
                const struct address *to)
{
    struct buf from = BUF_INIT, where = BUF_INIT;
    int64_t now_ms = proxy_now_ms();
    bool first = p->counters.fenced++ == 0;
    if (!p->net) /* a rehearsal is no call */
        return;
    if (!first && now_ms - p->fenced_said_ms < SAID_EVERY_MS)
        return;
    p->fenced_said_ms = now_ms;
    address_add(&from, source);
    address_add(&where, to);
    log_warning("a request inside a call may not go where its Route or Request-URI leads: no trunk "
                "and no upstream covers that address, or its sender's",
                LOG_TEXT("call_id", m->call_id), LOG_TEXT("method", m->method),
                LOG_TEXT("source", buf_str(&from)), LOG_TEXT("to", buf_str(&where)),
                LOG_NUMBER("requests", (int64_t)p->counters.fenced));
    buf_fini(&from);
    buf_fini(&where);
}

enum target_result fence_target_of_dialog(struct proxy *p, const struct message *m,
                                          const struct own_routes *own,
                                          const struct address *source, struct targets *targets)
{
    enum target_result result = target_of_dialog(p, m, own, targets);
    unsigned n = 0;
    if (result != TARGET_FOUND)
        return result;
    for (unsigned i = 0; i < targets->n; i++)
        if (fence_allows(p, source, &targets->list[i].address))
            targets->list[n++] = targets->list[i];
    if (n == 0)
        say(p, m, source, &targets->list[0].address);
    targets->n = n;
    return n > 0 ? TARGET_FOUND : TARGET_FENCED;
}
