#include "fence.h"

#include <stird/base/log.h>
#include <stird/core/source_table.h>

/* Addresses that no SBC has, unless the configuration names them. */
static const struct address_prefix special[] = {
    {{ADDRESS_IPV4, 0, {0}}, 8},           /* this host */
    {{ADDRESS_IPV4, 0, {127}}, 8},         /* loopback */
    {{ADDRESS_IPV4, 0, {169, 254}}, 16},   /* link-local */
    {{ADDRESS_IPV4, 0, {224}}, 4},         /* multicast */
    {{ADDRESS_IPV4, 0, {240}}, 4},         /* reserved, and the broadcast address */
    {{ADDRESS_IPV6, 0, {0}}, 8},           /* unspecified, loopback, IPv4 in disguise, NAT64 */
    {{ADDRESS_IPV6, 0, {0x20, 0x01}}, 32}, /* Teredo: IPv4 in disguise */
    {{ADDRESS_IPV6, 0, {0x20, 0x02}}, 16}, /* 6to4: the same */
    {{ADDRESS_IPV6, 0, {0xfe, 0x80}}, 9},  /* link-local, and site-local of old */
    {{ADDRESS_IPV6, 0, {0xff}}, 8},        /* multicast */
};

/* The length in bits of the prefix of the special block that A is in; 0: it is in none. */
static unsigned special_bits(const struct address *a)
{
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        if (address_prefix_covers(&special[i], a))
            return special[i].bits;
    return 0;
}

/* Whether a peer covers A, by a prefix of at least BITS or by the name of an upstream. */
static bool is_peer(const struct proxy *p, const struct address *a, unsigned bits)
{
    const struct settings *s = proxy_settings(p);
    const struct source_entry *entry;
    unsigned step = 0;
    while ((entry = source_table_next(s->sources, a, &step)))
        if (entry->prefix.bits >= bits)
            return true;
    return proxy_routes(p) && routes_is_source(proxy_routes(p), s, a);
}

static bool is_ours(const struct proxy *p, const struct address *a)
{
    return listeners_have_host(proxy_listeners(p), a) || net_address_is_own(a);
}

/* A trunk for everybody (0.0.0.0/0) covers all addresses and names none. */
enum fence_place fence_place_of(struct proxy *p, const struct target *to)
{
    unsigned bits = special_bits(&to->address);
    bool named = is_peer(p, &to->address, bits > 0 ? bits : 1);
    if (!named && (bits > 0 || is_ours(p, &to->address)))
        return FENCE_HERE;
    if (!named && !is_peer(p, &to->address, 0))
        return FENCE_ELSEWHERE;
    return peer_ports_has(p, &to->address, (enum transport)to->transport) ? FENCE_PEER
                                                                          : FENCE_PEER_PORT;
}

enum answer { NO, YES, IF_ANY_PEER, IF_ANY_PORT };

/* docs/security.md has the same for people; fence_test.c compares them cell by cell. */
static const struct rules {
    uint8_t ways[FENCE_PLACES][FENCE_WAYS];
    bool asks_dns;
} rules[FENCE_SENDERS] = {
    [FENCE_STRANGER] = {.ways = {[FENCE_PEER] = {YES, YES, YES},
                                 [FENCE_PEER_PORT] = {IF_ANY_PORT, YES, IF_ANY_PORT},
                                 [FENCE_ELSEWHERE] = {IF_ANY_PEER, IF_ANY_PEER, IF_ANY_PEER},
                                 [FENCE_HERE] = {NO, NO, NO}},
                        .asks_dns = false},
    [FENCE_COVERED] = {.ways = {[FENCE_PEER] = {YES, YES, YES},
                                [FENCE_PEER_PORT] = {YES, YES, YES},
                                [FENCE_ELSEWHERE] = {YES, YES, YES},
                                [FENCE_HERE] = {NO, NO, NO}},
                       .asks_dns = true},
};

bool fence_may(const struct settings *s, enum fence_sender who, enum fence_place where,
               enum fence_way way)
{
    enum answer answer = (enum answer)rules[who].ways[where][way];
    return answer == YES || (answer == IF_ANY_PEER && s->dialog_peers_any) ||
           (answer == IF_ANY_PORT && s->dialog_ports_any);
}

bool fence_asks_dns(enum fence_sender who)
{
    return rules[who].asks_dns;
}

static enum fence_sender sender_of(const struct proxy *p, const struct address *source)
{
    return is_peer(p, source, 0) ? FENCE_COVERED : FENCE_STRANGER;
}

static bool is_connected(const struct proxy *p, const struct target *to)
{
    struct flow flow;
    return proxy_net(p) && net_flow_existing(proxy_net(p), to->listener,
                                             (enum transport)to->transport, &to->address, &flow);
}

/* A next hop of an upstream is a configured one, whichever of our peers names it. */
static enum opening opening_for(const struct proxy *p, enum fence_sender who,
                                const struct target *to)
{
    if (who == FENCE_STRANGER)
        return OPENING_STRANGER;
    return routes_is_hop(proxy_routes(p), proxy_settings(p), &to->address) ? OPENING_CONFIGURED
                                                                           : OPENING_LED;
}

bool fence_allows(struct proxy *p, const struct address *source, struct target *to)
{
    const struct settings *s = proxy_settings(p);
    enum fence_sender who = sender_of(p, source);
    enum fence_place where = fence_place_of(p, to);
    if (to->transport == TRANSPORT_UDP)
        return fence_may(s, who, where, FENCE_DATAGRAM);
    bool anew = fence_may(s, who, where, FENCE_NEW_CONNECTION);
    to->opening = (uint8_t)(anew ? opening_for(p, who, to) : OPENING_NEVER);
    return anew || (fence_may(s, who, where, FENCE_CONNECTION) && is_connected(p, to));
}

/* On whose behalf SOURCE asks for names: that of its trunk or upstream, by the longest prefix; an
   address known from DNS asks for itself. */
static uint64_t asker_of(const struct proxy *p, const struct address *source)
{
    unsigned step = 0;
    const struct source_entry *entry = source_table_next(proxy_settings(p)->sources, source, &step);
    const struct address *a = entry ? &entry->prefix.address : source;
    const uint8_t bits[] = {a->family, entry ? entry->prefix.bits : UINT8_MAX};
    const struct str texts[] = {STR("asker"),
                                {(const char *)bits, sizeof(bits)},
                                {(const char *)a->bytes, sizeof(a->bytes)}};
    return siphash_texts(proxy_branches(p)->table, texts, 3).low;
}

static void say(struct proxy *p, const struct message *m, const struct address *source,
                const struct address *to)
{
    struct buf from = BUF_INIT, where = BUF_INIT;
    if (!proxy_net(p)) /* a rehearsal is no call */
        return;
    if (!proxy_says(p, LINE_FENCED, &proxy_counters(p)->fenced))
        return;
    address_add(&from, source);
    address_add(&where, to);
    log_warning("a request inside a call may not go where its Route or Request-URI leads: no trunk "
                "and no upstream covers that address and port, or its sender's",
                LOG_TEXT("call_id", m->call_id), LOG_TEXT("method", m->method),
                LOG_TEXT("source", buf_str(&from)), LOG_TEXT("to", buf_str(&where)),
                LOG_NUMBER("requests", (int64_t)proxy_counters(p)->fenced));
    buf_fini(&from);
    buf_fini(&where);
}

enum target_result fence_target_of_dialog(struct proxy *p, const struct message *m,
                                          const struct own_routes *own,
                                          const struct address *source, struct name_waiter *waiter,
                                          struct targets *targets)
{
    const struct name_asker asker = {asker_of(p, source), waiter};
    bool asks = fence_asks_dns(sender_of(p, source));
    enum target_result result = target_of_dialog(p, m, own, asks ? &asker : NULL, targets);
    unsigned n = 0;
    if (result != TARGET_FOUND)
        return result;
    for (unsigned i = 0; i < targets->n; i++)
        if (fence_allows(p, source, &targets->list[i]))
            targets->list[n++] = targets->list[i];
    if (n == 0)
        say(p, m, source, &targets->list[0].address);
    targets->n = n;
    return n > 0 ? TARGET_FOUND : TARGET_FENCED;
}
