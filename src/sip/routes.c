#include "routes.h"

#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/core/switches.h>
#include <string.h>

#include "target.h"

#define BUCKETS     256
#define FORGET_MS   3600000 /* health that nobody asked for so long */
#define HOPS_OF_ONE NAME_HOPS_MAX

/* The health of one address. */
struct hop {
    struct hop *next;
    struct address address;
    uint8_t transport;
    bool out;
    bool answers_options;                 /* it has answered one, while it was out */
    unsigned calls_failed, probes_failed; /* in a row */
    int64_t retry_at_ms;                  /* when it is out: the next call that may try */
    int64_t no_tcp_until_ms;
    int64_t used_at_ms;
    uint64_t seen;       /* by which look at all of them */
    int64_t since_ms;    /* it is out, or is back; 0: it was never out */
    int64_t answered_ms; /* last; 0: never */
    bool untold;         /* that it is out, or back */
    int64_t told_ms;     /* 0: never */
};

struct routes {
    struct routes_options options;
    struct routes_counters counters;
    struct hop *buckets[BUCKETS];
    uint64_t seed, looks;
};

void routes_free(struct routes *r)
{
    if (!r)
        return;
    for (unsigned i = 0; i < BUCKETS; i++) {
        while (r->buckets[i]) {
            struct hop *hop = r->buckets[i];
            r->buckets[i] = hop->next;
            free(hop);
        }
    }
    free(r);
}

struct routes *routes_new(const struct routes_options *options)
{
    struct routes *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->options = *options;
    r->seed = options->seed | 1;
    return r;
}

const struct routes_counters *routes_get_counters(const struct routes *r)
{
    return &r->counters;
}

/* ---- order ---- */

/* xorshift64*: it only spreads load. */
static uint64_t chance(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * 2685821657736338717u;
}

/* The addresses of one SRV record. */
struct group {
    unsigned first, n;
    uint16_t priority, weight;
};

static unsigned find_groups(const struct name_address *a, unsigned n, struct group *groups)
{
    unsigned n_groups = 0;
    for (unsigned i = 0; i < n; i++) {
        if (n_groups > 0 && a[i].target == a[i - 1].target)
            groups[n_groups - 1].n++;
        else
            groups[n_groups++] = (struct group){i, 1, a[i].priority, a[i].weight};
    }
    return n_groups;
}

static uint16_t lowest_priority(const struct group *groups, unsigned n)
{
    uint16_t lowest = UINT16_MAX;
    for (unsigned i = 0; i < n; i++)
        if (groups[i].n > 0 && groups[i].priority < lowest)
            lowest = groups[i].priority;
    return lowest;
}

/* Draws one of the groups of that priority that are left. Weight 0 has a small chance: such groups
   come first in the running sum (RFC 2782), so a draw of 0 takes one of them. */
static struct group *draw(struct group *groups, unsigned n, uint16_t priority, uint64_t *seed)
{
    struct group *chosen = NULL;
    uint64_t sum = 0, running = 0;
    for (unsigned i = 0; i < n; i++)
        if (groups[i].n > 0 && groups[i].priority == priority)
            sum += groups[i].weight;
    uint64_t drawn = (chance(seed) >> 16) % (sum + 1);
    for (unsigned weighted = 0; weighted < 2; weighted++) {
        for (unsigned i = 0; i < n; i++) {
            struct group *g = &groups[i];
            if (g->n == 0 || g->priority != priority || (g->weight > 0) != (weighted == 1))
                continue;
            running += g->weight;
            chosen = g;
            if (running >= drawn)
                return chosen;
        }
    }
    return chosen;
}

void routes_order(const struct name_address *addresses, unsigned n, uint64_t *seed,
                  struct name_address *ordered)
{
    struct group groups[HOPS_OF_ONE];
    unsigned done = 0;
    n = n < HOPS_OF_ONE ? n : HOPS_OF_ONE;
    unsigned n_groups = find_groups(addresses, n, groups);
    while (done < n) {
        struct group *g = draw(groups, n_groups, lowest_priority(groups, n_groups), seed);
        memcpy(&ordered[done], &addresses[g->first], g->n * sizeof(*ordered));
        done += g->n;
        g->n = 0;
    }
}

/* ---- addresses ---- */

/* RFC 3263 section 4.1: what is asked for when the transport is known. */
static struct name_query query_of(const struct routes *r, const struct upstream *u, struct str host,
                                  uint16_t port, enum transport transport)
{
    static const char *const services[TRANSPORTS] = {[TRANSPORT_UDP] = "_sip._udp",
                                                     [TRANSPORT_TCP] = "_sip._tcp",
                                                     [TRANSPORT_TLS] = "_sips._tcp"};
    uint16_t listener;
    return (struct name_query){
        .host = host,
        .service = port > 0 ? NULL : services[transport],
        .port = port > 0 ? port : transport_port(transport),
        .want_ipv4 = listeners_for(r->options.listeners, u, NO_LISTENER, ADDRESS_IPV4, transport,
                                   &listener),
        .want_ipv6 = listeners_for(r->options.listeners, u, NO_LISTENER, ADDRESS_IPV6, transport,
                                   &listener),
    };
}

static struct name_answer look_up(const struct routes *r, const struct upstream *u,
                                  struct name_waiter *waiter)
{
    struct name_query query = query_of(r, u, u->host, u->port_given ? u->address.port : 0,
                                       u->transport);
    query.waiter = waiter;
    return r->options.look_up(r->options.resolver, &query);
}

static unsigned use_answer(struct routes *r, const struct upstream *u, enum transport transport,
                           const struct name_answer *answer, struct target *hops, unsigned max)
{
    struct name_address ordered[HOPS_OF_ONE];
    unsigned n = 0, known = answer->n < HOPS_OF_ONE ? answer->n : HOPS_OF_ONE;
    uint16_t ours;
    routes_order(answer->addresses, known, &r->seed, ordered);
    for (unsigned i = 0; i < known && n < max; i++) {
        struct target hop = {
            .address = ordered[i].address, .transport = (uint8_t)transport, .upstream = u};
        if (!listeners_find(r->options.listeners, &hop.address, &ours) &&
            listeners_for(r->options.listeners, u, NO_LISTENER, hop.address.family, transport,
                          &hop.listener))
            hops[n++] = hop;
    }
    return n;
}

unsigned routes_hops(struct routes *r, const struct upstream *upstream, struct target *hops,
                     unsigned max)
{
    if (max == 0)
        return 0;
    if (upstream->host.n > 0) {
        struct name_answer answer = look_up(r, upstream, NULL);
        return use_answer(r, upstream, upstream->transport, &answer, hops, max);
    }
    hops[0] = (struct target){.address = upstream->address,
                              .listener = (uint16_t)upstream->listener,
                              .transport = (uint8_t)upstream->transport,
                              .upstream = upstream};
    return 1;
}

enum name_state routes_by_name(struct routes *r, struct str host, uint16_t port,
                               enum transport transport, const struct name_asker *asker,
                               struct target *hops, unsigned max, unsigned *n)
{
    host.n -= host.n > 0 && host.p[host.n - 1] == '.'; /* of the root, as all are */
    struct name_query query = query_of(r, NULL, host, port, transport);
    query.passing = true;
    query.known = asker == NULL;
    query.asker = asker ? asker->part : 0;
    query.waiter = asker ? asker->waiter : NULL;
    struct name_answer answer = r->options.look_up(r->options.resolver, &query);
    *n = use_answer(r, NULL, transport, &answer, hops, max);
    return answer.state;
}

void routes_keep_names(struct routes *r, const struct settings *settings)
{
    for (unsigned i = 0; i < settings->n_upstreams; i++)
        if (settings->upstreams[i].host.n > 0)
            look_up(r, &settings->upstreams[i], NULL);
}

bool routes_wait_for_names(struct routes *r, const struct settings *settings,
                           struct name_waiter *waiter)
{
    for (unsigned i = 0; i < settings->n_upstreams; i++) {
        const struct upstream *u = &settings->upstreams[i];
        struct name_answer answer = {.state = NAME_FAILED};
        if (u->host.n > 0)
            answer = look_up(r, u, waiter);
        if (answer.state == NAME_PENDING || answer.handed)
            return true;
    }
    return false;
}

bool routes_know_names(struct routes *r, const struct settings *settings)
{
    for (unsigned i = 0; i < settings->n_upstreams; i++) {
        struct name_answer answer = {.n = 1};
        if (settings->upstreams[i].host.n > 0)
            answer = look_up(r, &settings->upstreams[i], NULL);
        if (answer.n == 0 || answer.in_part)
            return false;
    }
    return true;
}

static bool leads_to(struct routes *r, const struct upstream *u, const struct address *address)
{
    if (u->host.n == 0)
        return false;
    struct name_answer answer = look_up(r, u, NULL);
    for (unsigned i = 0; i < answer.n + answer.former; i++)
        if (address_same_host(&answer.addresses[i].address, address))
            return true;
    return false;
}

bool routes_is_source(struct routes *r, const struct settings *settings,
                      const struct address *source)
{
    for (unsigned i = 0; i < settings->n_upstreams; i++)
        if (settings->upstreams[i].n_sources == 0 && leads_to(r, &settings->upstreams[i], source))
            return true;
    return false;
}

bool routes_lead_to(struct routes *r, const struct settings *settings,
                    const struct address *address)
{
    for (unsigned i = 0; i < settings->n_upstreams; i++)
        if (leads_to(r, &settings->upstreams[i], address))
            return true;
    return false;
}

static bool is_hop_of(struct routes *r, const struct upstream *u, const struct address *address)
{
    if (u->host.n == 0)
        return address_equal(&u->address, address);
    if (!r)
        return false;
    struct name_answer answer = look_up(r, u, NULL);
    for (unsigned i = 0; i < answer.n; i++)
        if (address_equal(&answer.addresses[i].address, address))
            return true;
    return false;
}

bool routes_is_hop(struct routes *r, const struct settings *settings, const struct address *address)
{
    for (unsigned i = 0; i < settings->n_upstreams; i++)
        if (is_hop_of(r, &settings->upstreams[i], address))
            return true;
    return false;
}

/* ---- health ---- */

static unsigned bucket_of(const struct address *a)
{
    unsigned sum = a->port;
    for (unsigned i = 0; i < sizeof(a->bytes); i++)
        sum = sum * 31 + a->bytes[i];
    return (sum ^ sum >> 8) % BUCKETS;
}

/* The health of a target, by the transport that its upstream says: a try over TCP counts for the
   same hop. */
static struct hop *find(const struct routes *r, const struct target *target)
{
    struct hop *hop = target->upstream ? r->buckets[bucket_of(&target->address)] : NULL;
    while (hop && !(address_equal(&hop->address, &target->address) &&
                    hop->transport == target->upstream->transport))
        hop = hop->next;
    return hop;
}

/* Addresses of DNS come and go. */
static void forget_old(struct hop **link, int64_t now_ms)
{
    while (*link) {
        struct hop *hop = *link;
        if (now_ms - hop->used_at_ms <= FORGET_MS) {
            link = &hop->next;
            continue;
        }
        *link = hop->next;
        free(hop);
    }
}

/* NULL: it is no upstream's, or there is no memory. */
static struct hop *find_or_add(struct routes *r, const struct target *target, int64_t now_ms)
{
    struct hop *hop = find(r, target);
    if (!hop && target->upstream && (hop = calloc(1, sizeof(*hop)))) {
        struct hop **bucket = &r->buckets[bucket_of(&target->address)];
        forget_old(bucket, now_ms);
        hop->address = target->address;
        hop->transport = (uint8_t)target->upstream->transport;
        hop->next = *bucket;
        *bucket = hop;
    }
    if (hop)
        hop->used_at_ms = now_ms;
    return hop;
}

static void say(const struct target *target, enum log_level level, const char *event,
                const char *why)
{
    struct buf address = BUF_INIT;
    address_add(&address, &target->address);
    log_write(level, event, LOG_TEXT("upstream", target->upstream->name),
              LOG_TEXT("address", buf_str(&address)), LOG_CSTR("why", why));
    buf_fini(&address);
}

static void take_out(struct routes *r, struct hop *hop, const struct target *target,
                     const char *why, int64_t now_ms)
{
    hop->retry_at_ms = now_ms + ROUTES_OUT_MS;
    if (hop->out)
        return;
    hop->out = hop->untold = true;
    hop->since_ms = now_ms;
    r->counters.hops_lost++;
    say(target, LOG_LEVEL_WARNING, "a next hop is out: it gets no calls", why);
}

static void bring_back(struct routes *r, struct hop *hop, const struct target *target,
                       const char *why, int64_t now_ms)
{
    hop->answered_ms = now_ms;
    hop->calls_failed = hop->probes_failed = 0;
    if (!hop->out)
        return;
    hop->out = false;
    hop->untold = true;
    hop->since_ms = now_ms;
    r->counters.hops_back++;
    say(target, LOG_LEVEL_INFO, "a next hop is back", why);
}

void routes_call_failed(struct routes *r, const struct target *target, int64_t now_ms)
{
    struct hop *hop = find_or_add(r, target, now_ms);
    if (hop && !hop->out && ++hop->calls_failed >= ROUTES_CALLS_FAILED)
        take_out(r, hop, target, "calls got no sign of life", now_ms);
}

void routes_call_answered(struct routes *r, const struct target *target, int64_t now_ms)
{
    struct hop *hop = find_or_add(r, target, now_ms);
    if (!hop)
        return;
    hop->calls_failed = 0;
    hop->answered_ms = now_ms;
    /* Where probes say which next hops are well, the end of an old call says nothing. */
    if (hop->out && target->upstream->probe_ms == 0)
        bring_back(r, hop, target, "a call was answered", now_ms);
}

void routes_probe_ended(struct routes *r, const struct target *target, bool well, int64_t now_ms)
{
    struct hop *hop = find_or_add(r, target, now_ms);
    if (!hop)
        return;
    if (well)
        bring_back(r, hop, target, "a probe was answered", now_ms);
    else if (++hop->probes_failed >= target->upstream->probe_failures)
        take_out(r, hop, target, "probes were not answered", now_ms);
}

bool routes_is_out(const struct routes *r, const struct target *target)
{
    const struct hop *hop = find(r, target);
    return hop && hop->out;
}

/* A hop that never answered OPTIONS is not ill because it is silent: when its time is over, a call
   tries it. */
void routes_question_ended(struct routes *r, const struct target *target, enum question_end end,
                           int64_t now_ms)
{
    struct hop *hop = find(r, target);
    if (!hop)
        return;
    if (!hop->answers_options && (end == QUESTION_WELL || end == QUESTION_ILL))
        hop->answers_options = hop->untold = true;
    if (end == QUESTION_WELL)
        bring_back(r, hop, target, "it answers OPTIONS", now_ms);
    else if (hop->out && (end != QUESTION_SILENT || hop->answers_options))
        hop->retry_at_ms = now_ms + ROUTES_OUT_MS;
}

/* Counts a hop once, although several upstreams may lead to it. */
static bool is_out_and_unseen(struct routes *r, const struct target *target)
{
    struct hop *hop = find(r, target);
    bool unseen = hop && hop->out && hop->seen != r->looks;
    if (unseen)
        hop->seen = r->looks;
    return unseen;
}

struct routes_ills routes_ills_of(struct routes *r, const struct settings *settings)
{
    struct routes_ills ills = {0};
    r->looks++;
    for (unsigned i = 0; i < settings->n_upstreams; i++) {
        const struct upstream *u = &settings->upstreams[i];
        struct target hops[HOPS_OF_ONE];
        struct name_answer answer = {.state = NAME_KNOWN};
        unsigned n = routes_hops(r, u, hops, HOPS_OF_ONE);
        if (u->host.n > 0)
            answer = look_up(r, u, NULL);
        ills.names_unresolved += answer.failing || answer.in_part ||
                                 (answer.state != NAME_PENDING && n == 0);
        for (unsigned h = 0; h < n; h++)
            ills.hops_out += is_out_and_unseen(r, &hops[h]);
    }
    return ills;
}

/* ---- news of health ---- */

static bool has_news(const struct hop *hop, bool of_answers, int64_t now_ms)
{
    if (!of_answers)
        return hop->untold;
    return hop->answered_ms > hop->told_ms &&
           (hop->told_ms == 0 || now_ms - hop->told_ms >= ROUTES_TELL_MS);
}

static struct hop *find_news(const struct routes *r, bool of_answers, int64_t now_ms)
{
    for (unsigned i = 0; i < BUCKETS; i++)
        for (struct hop *hop = r->buckets[i]; hop; hop = hop->next)
            if (has_news(hop, of_answers, now_ms))
                return hop;
    return NULL;
}

bool routes_tell(struct routes *r, int64_t now_ms, struct hop_state *news)
{
    struct hop *hop = find_news(r, false, now_ms);
    if (!hop)
        hop = find_news(r, true, now_ms);
    if (!hop)
        return false;
    hop->untold = false;
    hop->told_ms = now_ms;
    *news = (struct hop_state){.address = hop->address,
                               .transport = hop->transport,
                               .out = hop->out,
                               .since_ms = hop->since_ms,
                               .answers_options = hop->answers_options,
                               .answered_ms = hop->answered_ms};
    return true;
}

void routes_tell_again(struct routes *r, const struct hop_state *news)
{
    struct hop *hop = r->buckets[bucket_of(&news->address)];
    for (; hop; hop = hop->next)
        if (address_equal(&hop->address, &news->address) && hop->transport == news->transport)
            hop->untold = true;
}

bool routes_refuses_tcp(const struct routes *r, const struct target *target, int64_t now_ms)
{
    const struct hop *hop = find(r, target);
    return hop && now_ms < hop->no_tcp_until_ms;
}

void routes_remember_refusal(struct routes *r, const struct target *target, int64_t now_ms)
{
    struct hop *hop = find_or_add(r, target, now_ms);
    if (hop)
        hop->no_tcp_until_ms = now_ms + ROUTES_NO_TCP_MS;
}

/* ---- the targets of a call ---- */

static bool may_try(const struct hop *hop, const struct target *target, int64_t now_ms)
{
    return !hop || !hop->out || (target->upstream->probe_ms == 0 && now_ms >= hop->retry_at_ms);
}

/* FIRST: no target that is well comes before it, so this call is the one to try it. */
static bool is_usable(struct routes *r, const struct target *target, bool first, int64_t now_ms)
{
    struct hop *hop = find(r, target);
    bool usable = may_try(hop, target, now_ms);
    if (hop)
        hop->used_at_ms = now_ms;
    if (usable && first && hop && hop->out)
        hop->retry_at_ms = now_ms + ROUTES_OUT_MS;
    return usable;
}

/* The next hops of an upstream to which new calls may go. */
static unsigned hops_for_calls(struct routes *r, const struct upstream *u,
                               const struct switches *off, struct target *hops, unsigned max)
{
    const bool is_disabled = switches_any(off) && switches_find(off, SWITCH_UPSTREAM, u->name);
    return is_disabled ? 0 : routes_hops(r, u, hops, max);
}

bool routes_are_usable(struct routes *r, const struct settings *settings, const struct trunk *trunk,
                       const struct switches *off, int64_t now_ms)
{
    struct target hops[ROUTES_TARGETS_MAX];
    for (unsigned i = 0; i < trunk->n_upstreams; i++) {
        unsigned n = hops_for_calls(r, &settings->upstreams[trunk->upstreams[i]], off, hops,
                                    ROUTES_TARGETS_MAX);
        while (n > 0)
            if (n--, may_try(find(r, &hops[n]), &hops[n], now_ms))
                return true;
    }
    return false;
}

unsigned routes_targets(struct routes *r, const struct settings *settings,
                        const uint32_t *upstreams, unsigned n_upstreams, const struct switches *off,
                        int64_t now_ms, struct target *targets)
{
    struct target all[ROUTES_TARGETS_MAX];
    unsigned n_all = 0, n = 0;
    for (unsigned i = 0; i < n_upstreams; i++)
        n_all += hops_for_calls(r, &settings->upstreams[upstreams[i]], off, &all[n_all],
                                ROUTES_TARGETS_MAX - n_all);
    for (unsigned i = 0; i < n_all; i++)
        if (is_usable(r, &all[i], n == 0, now_ms))
            targets[n++] = all[i];
    if (n > 0)
        return n;
    memcpy(targets, all, n_all * sizeof(*all));
    return n_all;
}
