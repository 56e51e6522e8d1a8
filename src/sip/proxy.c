/* The SIP side of a worker: start, stop, and what the sockets and the clock bring. */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <stird/core/budget.h>
#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/base/log.h>
#include <stird/core/well_formed.h>
#include <stird/io/fetcher_client.h>
#include <stird/sip/rehearsal.h>
#include <stird/sip/shadow.h>
#include <string.h>
#include <sys/resource.h>

#include "context.h"
#include "arrival.h"
#include "inbox.h"
#include "placing.h"
#include "probe.h"
#include "rating.h"
#include "size_switch.h"
#include "tally.h"
#include "tracing.h"
#include "wait.h"

#define NAMES_WAIT_MS     500
#define SAID_EVERY_MS     60000
#define PART_OF_ADDRESSES 4 /* the rest: program, tables, connections, the heap's gaps */

struct proxy {
    struct event_base *base;
    struct event *wake_up; /* at the next timer */
    int64_t wake_up_ms;    /* when it is armed for; -1: not */
    struct timers timers;
    struct transactions *transactions;
    struct channels opening; /* of requests that wait for a connection */
    struct net *net;
    struct listeners listeners; /* our own copy: settings come and go, sockets stay */
    struct branches branches;
    struct route_days route_days;
    struct snapshot *snapshot;
    struct fetcher_client *fetcher; /* NULL: there is none */
    struct mapped_numbers overlay;  /* urgent changes of numbers */
    struct mapped_trust trust;      /* whom the verification service believes */
    struct switches *switches;      /* what an operator has switched; NULL: nothing */
    struct certificates *certificates;
    struct resolver *resolver;
    struct routes *routes;
    const struct rehearsal *rehearsal; /* else NULL: it knows what names mean */
    struct probes *probes;
    struct wait start; /* until the names of upstreams are known, or for a while */
    struct name_waiter names;
    int64_t start_until_ms;
    struct context *contexts;        /* doubly linked */
    struct proxy_counters *counters; /* what others read, or `own` */
    struct proxy_counters own;
    struct uncounted uncounted;
    struct rates *rates;            /* NULL: they are not counted */
    struct replays *replays;        /* NULL: no tokens are noted */
    struct rate_reader rate_reader; /* of these */
    struct share emergency_by_to;   /* of the calls: emergency calls by their To alone */
    int64_t said_ms[PROXY_LINES];   /* when the log last said each */
    struct limits limits;
    struct guards guards;
    struct holdings holdings;
    struct full_table full;
    struct undecided_table undecided;
    struct allowances allowances;
    struct peer_ports peer_ports;
    struct health_told health;
    struct chance_stock chance;
    struct refused_sources refused_sources;
    struct failed_calls failed_calls;
    struct shadow *shadow;       /* NULL: none */
    struct buf scratch;          /* one message being printed */
    struct recording *recording; /* NULL: no records */
    unsigned worker;
    unsigned n_workers; /* 0 with one worker */
    struct inbox inbox;
    struct tracing *tracing;       /* NULL: nothing is ever traced */
    struct monitoring *monitoring; /* NULL: no calls of our own */
    struct draining draining;
    struct yielding yielding;
};

/* ---- its parts ---- */

struct event_base *proxy_base(const struct proxy *p)
{
    return p->base;
}

struct net *proxy_net(const struct proxy *p)
{
    return p->net;
}

struct transactions *proxy_transactions(const struct proxy *p)
{
    return p->transactions;
}

struct routes *proxy_routes(const struct proxy *p)
{
    return p->routes;
}

const struct listeners *proxy_listeners(const struct proxy *p)
{
    return &p->listeners;
}

const struct route_days *proxy_route_days(const struct proxy *p)
{
    return &p->route_days;
}

int64_t proxy_today(struct proxy *p)
{
    int64_t day = route_day();
    route_days_note(&p->route_days, day, proxy_now_ms());
    return day;
}

struct shadow **proxy_shadow(struct proxy *p)
{
    return &p->shadow;
}

const struct branches *proxy_branches(const struct proxy *p)
{
    return &p->branches;
}

struct timers *proxy_timers(struct proxy *p)
{
    return &p->timers;
}

struct channels *proxy_opening(struct proxy *p)
{
    return &p->opening;
}

struct limits *proxy_limits(struct proxy *p)
{
    return &p->limits;
}

struct guards *proxy_guards(struct proxy *p)
{
    return &p->guards;
}

struct holdings *proxy_holdings(struct proxy *p)
{
    return &p->holdings;
}

struct allowances *proxy_allowances(struct proxy *p)
{
    return &p->allowances;
}

struct peer_ports *proxy_peer_ports(struct proxy *p)
{
    return &p->peer_ports;
}

struct full_table *proxy_full(struct proxy *p)
{
    return &p->full;
}

struct undecided_table *proxy_undecided(struct proxy *p)
{
    return &p->undecided;
}

struct refused_sources *proxy_refused_sources(struct proxy *p)
{
    return &p->refused_sources;
}

struct failed_calls *proxy_failed_calls(struct proxy *p)
{
    return &p->failed_calls;
}

struct health_told *proxy_health(struct proxy *p)
{
    return &p->health;
}

struct chance_stock *proxy_chance(struct proxy *p)
{
    return &p->chance;
}

struct recording *proxy_recording(const struct proxy *p)
{
    return p->recording;
}

struct proxy_counters *proxy_counters(struct proxy *p)
{
    return p->counters;
}

struct uncounted *proxy_uncounted(struct proxy *p)
{
    return &p->uncounted;
}

struct rates *proxy_rates(const struct proxy *p)
{
    return p->rates;
}

struct replays *proxy_replays(const struct proxy *p)
{
    return p->replays;
}

const struct rate_reader *proxy_rate_reader(const struct proxy *p)
{
    if (p->rehearsal)
        return p->rehearsal->rates;
    return p->rates ? &p->rate_reader : NULL;
}

struct share *proxy_emergency_share(struct proxy *p)
{
    return &p->emergency_by_to;
}

struct context **proxy_contexts(struct proxy *p)
{
    return &p->contexts;
}

struct inbox *proxy_inbox(struct proxy *p)
{
    return &p->inbox;
}

struct tracing *proxy_tracing(const struct proxy *p)
{
    return p->tracing;
}

struct monitoring *proxy_monitoring(const struct proxy *p)
{
    return p->monitoring;
}

unsigned proxy_worker(const struct proxy *p)
{
    return p->worker;
}

unsigned proxy_workers(const struct proxy *p)
{
    return p->n_workers;
}

struct buf *proxy_scratch(struct proxy *p)
{
    return &p->scratch;
}

const struct rehearsal *proxy_rehearsal(const struct proxy *p)
{
    return p->rehearsal;
}

struct snapshot *proxy_snapshot(const struct proxy *p)
{
    return p->snapshot;
}

const struct settings *proxy_settings(const struct proxy *p)
{
    return p->snapshot->settings;
}

struct numbers *proxy_overlay(const struct proxy *p)
{
    return p->overlay.table;
}

struct trust_image *proxy_trust(const struct proxy *p)
{
    return p->trust.image;
}

const struct switches *proxy_switches(const struct proxy *p)
{
    return p->rehearsal ? p->rehearsal->switches : p->switches;
}

struct switches **proxy_switches_place(struct proxy *p)
{
    return &p->switches;
}

struct resolver *proxy_resolver(const struct proxy *p)
{
    return p->resolver;
}

struct certificates *proxy_certificates(const struct proxy *p)
{
    return p->certificates;
}

const struct draining *proxy_draining(const struct proxy *p)
{
    return &p->draining;
}

struct draining *proxy_draining_of(struct proxy *p)
{
    return &p->draining;
}

const struct yielding *proxy_yielding(const struct proxy *p)
{
    return &p->yielding;
}

struct yielding *proxy_yielding_of(struct proxy *p)
{
    return &p->yielding;
}

bool proxy_says(struct proxy *p, enum proxy_line line, uint64_t *counter)
{
    int64_t now_ms = proxy_now_ms();
    bool first = count_now(counter) == 0;
    count_add(counter, 1);
    if (!first && now_ms - p->said_ms[line] < SAID_EVERY_MS)
        return false;
    p->said_ms[line] = now_ms;
    return true;
}

/* ---- time ---- */

int64_t proxy_now_ms(void)
{
    return clock_monotonic_ms();
}

void proxy_arm_timers(struct proxy *p)
{
    int64_t next = timers_next_ms(&p->timers), now = proxy_now_ms();
    if (!p->wake_up || next == p->wake_up_ms)
        return;
    p->wake_up_ms = next;
    if (next < 0) {
        evtimer_del(p->wake_up);
        return;
    }
    int64_t wait = next > now ? next - now : 0;
    struct timeval t = {.tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000};
    evtimer_add(p->wake_up, &t);
}

void proxy_after_events(void *context)
{
    struct proxy *p = context;
    signer_client_flush(p->snapshot->signer);
    if (p->fetcher)
        fetcher_client_flush(p->fetcher);
    proxy_arm_timers(p);
}

static void on_wake_up(evutil_socket_t fd, short what, void *context)
{
    struct proxy *p = context;
    (void)fd, (void)what;
    p->wake_up_ms = -1;
    timers_run(&p->timers, proxy_now_ms());
    proxy_after_events(p);
}

/* ---- offstage ---- */

struct proxy *proxy_new_offstage(const struct proxy_stage *stage)
{
    struct proxy *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    if (stage->secret && !branches_init(&p->branches, stage->secret)) {
        free(p);
        return NULL;
    }
    timers_init(&p->timers, proxy_now_ms());
    p->counters = &p->own;
    p->snapshot = stage->snapshot;
    p->listeners = stage->listeners;
    p->overlay.table = stage->overlay;
    p->rehearsal = stage->rehearsal;
    p->routes = stage->routes;
    p->transactions = stage->transactions;
    p->recording = stage->recording;
    p->certificates = stage->certificates;
    p->worker = stage->worker;
    p->n_workers = stage->n_workers;
    p->wake_up_ms = -1;
    if (!stage->base)
        return p;
    p->wake_up = evtimer_new(stage->base, on_wake_up, p);
    if (p->wake_up)
        return p;
    proxy_free_offstage(p);
    return NULL;
}

void proxy_free_offstage(struct proxy *p)
{
    if (!p)
        return;
    if (p->wake_up)
        event_free(p->wake_up);
    limits_fini(&p->limits);
    health_fini(&p->health);
    branches_fini(&p->branches);
    buf_fini(&p->scratch);
    free(p);
}

/* ---- what leaves ---- */

/* Whatever came in, an ill-formed message that leaves is a fault of ours: debug and sanitizer
   builds stop at it. */
static void check_sent(struct str bytes)
{
#ifdef STIRD_CHECK_SENT
    const char *why;
    if (well_formed_message(bytes, &why))
        return;
    log_error("a message that leaves is not well formed", LOG_CSTR("why", why),
              LOG_TEXT("message", bytes));
    abort();
#else
    (void)bytes;
#endif
}

int proxy_send(struct proxy *p, const struct flow *to, struct str bytes)
{
    check_sent(bytes);
    if (placing_is_own(to)) {
        placing_hears(p, bytes);
        return 0;
    }
    int error = net_send(p->net, to, bytes);
    if (error == 0)
        tracing_sent(p, to, bytes);
    return error;
}

static int transaction_send(void *context, const struct flow *to, struct str bytes)
{
    struct proxy *p = context;
    struct flow again;
    int error = proxy_send(p, to, bytes);
    /* The connection is gone: a new one to the same place (RFC 3261 section 18.2.2), for those who
       may have one. */
    if (error == -ENOTCONN && net_flow_again(p->net, to, &again) == 0)
        error = proxy_send(p, &again, bytes);
    return error;
}

/* ---- sockets ---- */

/* Strangers: no connection at all; their datagrams are looked at for our Record-Route only. */
static bool admit(void *context, const struct flow *from)
{
    struct proxy *p = context;
    if (from->transport == TRANSPORT_UDP || source_class_of(p, &from->remote) != SOURCE_UNKNOWN)
        return true;
    proxy_unknown_source(p, from, STR("connection"));
    return false;
}

static void turned_away(void *context, const struct flow *from, bool handshake)
{
    refused_sources_note(context, from, handshake ? UNHEARD_HANDSHAKE : UNHEARD_CONNECTIONS,
                         STR("connection"));
}

static void on_opened(void *context, const struct connection *connection)
{
    size_switch_opened(context, connection);
    proxy_after_events(context);
}

static void on_closed(void *context, const struct connection *connection, int error)
{
    struct proxy *p = context;
    client_transactions_connection_closed(p->transactions, connection, error != 0, proxy_now_ms());
    size_switch_closed(p, connection);
    proxy_arm_timers(p);
}

/* ---- start and stop ---- */

/* A worker's part of what is for all of them. */
static uint32_t part_of(const struct proxy *p, uint32_t bytes)
{
    return p->n_workers > 1 ? bytes / p->n_workers : bytes;
}

/* An emergency call may be as long as any message: as it came, as it left, and what is made of it.
 */
static uint64_t emergency_bytes(const struct settings *s)
{
    return s->max_emergency * budget_emergency_call(s);
}

/* Where this process may have little memory (ulimit -v), what is held stays far below it: otherwise
   what waits for an answer would leave none to anybody for 32 s. */
static uint64_t memory_here(uint64_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY)
        return wanted;
    uint64_t part = limit.rlim_cur / PART_OF_ADDRESSES;
    return part < wanted ? part : wanted;
}

static void set_ceilings(struct proxy *p, const struct settings *s)
{
    uint64_t memory = memory_here(part_of(p, s->memory_bytes));
    p->holdings.limits = &p->limits;
    p->holdings.ceilings = holding_ceilings_of(memory, emergency_bytes(s), s->trunk_percent,
                                               s->source_percent);
}

static struct net_limits limits_of(const struct proxy *p, const struct settings *s)
{
    return (struct net_limits){
        .frame = {s->max_message_bytes, s->max_header_lines},
        .max_connections = s->max_connections,
        .max_connections_per_source = s->max_connections_per_source,
        .max_led = s->max_led,
        .max_led_per_peer = s->max_led_per_peer,
        .message_timeout_ms = s->message_timeout_ms,
        .idle_timeout_ms = s->idle_timeout_ms,
        .write_timeout_ms = s->write_timeout_ms,
        .max_queue_bytes = s->queue_bytes,
        .max_queues_bytes = part_of(p, s->queues_bytes),
    };
}

static struct transaction_timing timing_of(const struct settings *s)
{
    return (struct transaction_timing){s->t1_ms, s->t2_ms, s->t4_ms};
}

/* Calls that ring go on without this process, which writes their records as the last that it knows;
   calls that have not left yet are refused. */
static void end_contexts(struct proxy *p)
{
    draining_end(&p->draining);
    yielding_end(p);
    for (struct context *c = p->contexts; c; c = c->next) {
        if (c->call && c->sent_us < 0 && !c->finished)
            context_refuse(c, REASON_DRAINING);
        else
            context_end(c, 0, CAUSE_STOPPED);
    }
}

void proxy_free(struct proxy *p)
{
    if (!p)
        return;
    end_contexts(p);
    while (p->contexts)
        context_free(p->contexts);
    certificates_free(p->certificates);
    if (p->snapshot)
        undecided_flush(p);
    transactions_free(p->transactions);
    net_free(p->net);
    inbox_close(p);
    recording_free(p->recording);
    probes_free(p->probes);
    routes_free(p->routes);
    resolver_free(p->resolver);
    if (p->wake_up)
        event_free(p->wake_up);
    branches_fini(&p->branches);
    buf_fini(&p->scratch);
    limits_fini(&p->limits);
    guards_fini(&p->guards);
    health_fini(&p->health);
    if (p->snapshot)
        snapshot_unref(p->snapshot);
    numbers_unmap(&p->overlay);
    trust_file_unmap(&p->trust);
    free(p->switches);
    shadow_free(p->shadow);
    free(p->listeners.list);
    free(p);
}

static bool copy_listeners(struct proxy *p, const struct settings *s)
{
    struct listener *list = calloc(s->n_listeners, sizeof(*list));
    if (!list)
        return false;
    memcpy(list, s->listeners, s->n_listeners * sizeof(*list));
    for (unsigned i = 0; i < s->n_listeners; i++)
        list[i].name = (struct str){NULL, 0}; /* the text is the settings' own */
    p->listeners = listeners_of_settings(s);
    p->listeners.list = list;
    return true;
}

static struct name_answer look_up(void *resolver, const struct name_query *query)
{
    return resolver_look_up(resolver, query);
}

/* Reads resolv.conf now, because the worker cannot open files later. */
static bool build_routes(struct proxy *p, const struct settings *s,
                         const struct proxy_options *proxy_options)
{
    struct routes_options options = {.listeners = &p->listeners,
                                     .look_up = look_up,
                                     .seed = (uint64_t)clock_real_us() + p->worker};
    p->resolver = resolver_new(p->base, s->dns_servers, s->n_dns_servers);
    options.resolver = p->resolver;
    for (unsigned i = 0; p->resolver && i < proxy_options->n_names; i++)
        resolver_know(p->resolver, &proxy_options->names[i]);
    p->routes = p->resolver ? routes_new(&options) : NULL;
    p->probes = p->routes ? probes_new(p) : NULL;
    return p->probes != NULL;
}

static bool build_recording(struct proxy *p, const struct proxy_options *options)
{
    if (options->records_fd < 0)
        return true;
    p->recording = recording_new(p->base, options->records_fd, options->backlog_fd);
    return p->recording != NULL;
}

static bool build(struct proxy *p, const struct proxy_options *options)
{
    const struct settings *s = options->snapshot->settings;
    const struct transaction_hooks hooks = {.context = p, .send = transaction_send};
    const struct net_handlers handlers = {.context = p,
                                          .admit = admit,
                                          .turned_away = turned_away,
                                          .message = arrival_message,
                                          .undelivered = arrival_undelivered,
                                          .opened = on_opened,
                                          .closed = on_closed,
                                          .busy = arrival_busy,
                                          .batch_end = arrival_batch_end};
    struct transaction_timing timing = timing_of(s);
    struct net_limits limits = limits_of(p, s);
    set_ceilings(p, s);
    if (!message_module_init() || !copy_listeners(p, s) ||
        !branches_init(&p->branches, options->snapshot->secret))
        return false;
    p->wake_up = evtimer_new(p->base, on_wake_up, p);
    p->transactions = transactions_new(&timing, &hooks, &p->timers);
    p->net = net_new(p->base, options->sockets, p->listeners.list, p->listeners.n, &limits,
                     &handlers);
    p->certificates = certificates_new(p, p->base, p->fetcher);
    return p->wake_up && p->transactions && p->net && p->certificates &&
           build_recording(p, options) && build_routes(p, s, options) && inbox_open(p, options);
}

struct proxy *proxy_new(const struct proxy_options *options)
{
    struct proxy *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->base = options->base;
    p->counters = options->counters ? options->counters : &p->own;
    p->worker = options->worker;
    p->n_workers = options->n_workers > 1 ? options->n_workers : 0;
    p->snapshot = snapshot_ref(options->snapshot);
    p->fetcher = options->fetcher;
    p->rates = options->rates;
    p->replays = options->replays;
    p->rate_reader = rating_reader_of(p->rates);
    p->tracing = options->tracing;
    p->monitoring = options->monitoring;
    p->wake_up_ms = -1;
    timers_init(&p->timers, proxy_now_ms());
    if (!chance_fill(&p->limits.seed, sizeof(p->limits.seed)) || !build(p, options)) {
        proxy_free(p);
        return NULL;
    }
    return p;
}

/* ---- start ---- */

static void forget_names(struct wait *w)
{
    name_waiter_leave(&container_of(w, struct proxy, start)->names);
}

static const struct wait_kind for_names = {.name = "the names of upstreams",
                                           .cancel = forget_names};

static void on_name(struct name_waiter *waiter)
{
    struct proxy *p = container_of(waiter, struct proxy, names);
    wait_wake(&p->start, WAIT_ANSWERED);
}

/*
 * What arrives meanwhile waits in the sockets: a worker that takes another's place would refuse
 * calls while it knows no address of an upstream.
 */
static void start_when_named(struct wait *w)
{
    struct proxy *p = container_of(w, struct proxy, start);
    while (wait_ended(w, &for_names) != WAIT_TOO_LATE &&
           routes_wait_for_names(p->routes, p->snapshot->settings, &p->names)) {
        wait_begin(w, &for_names, p->start_until_ms);
        if (wait_stands(w))
            return;
    }
    if (!yielding_is_on(p))
        net_start(p->net);
}

void proxy_start(struct proxy *p)
{
    inbox_start(p);
    probes_start(p->probes);
    p->start_until_ms = proxy_now_ms() + NAMES_WAIT_MS;
    p->names.answered = on_name;
    wait_init(&p->start, p, start_when_named);
    start_when_named(&p->start);
    proxy_arm_timers(p);
}

void proxy_set_snapshot(struct proxy *p, struct snapshot *snapshot)
{
    const struct settings *s = snapshot->settings;
    struct transaction_timing timing = timing_of(s);
    struct net_limits limits = limits_of(p, s);
    snapshot_ref(snapshot);
    signer_client_flush(p->snapshot->signer);
    snapshot_unref(p->snapshot);
    p->snapshot = snapshot;
    guards_fini(&p->guards);
    p->listeners.aliases = s->aliases;
    p->listeners.n_aliases = s->n_aliases;
    transactions_set_timing(p->transactions, &timing);
    net_set_limits(p->net, &limits);
    net_each_taken(p->net, arrival_offer_connection, p);
    set_ceilings(p, s);
    resolver_set_servers(p->resolver, s->dns_servers, s->n_dns_servers);
    probes_start(p->probes);
}

void proxy_set_tls_take(struct proxy *p, struct tls *tls)
{
    const struct settings *s = p->snapshot->settings;
    /* The sockets never change; whether client certificates are required can. */
    for (unsigned i = 0; i < p->listeners.n && i < s->n_listeners; i++)
        p->listeners.list[i].verify_client = s->listeners[i].verify_client;
    net_set_tls_take(p->net, tls);
}

void proxy_set_overlay_take(struct proxy *p, struct mapped_numbers *overlay)
{
    numbers_unmap(&p->overlay);
    p->overlay = *overlay;
    *overlay = (struct mapped_numbers){0};
}

void proxy_set_trust_take(struct proxy *p, struct mapped_trust *trust)
{
    trust_file_unmap(&p->trust);
    p->trust = *trust;
    *trust = (struct mapped_trust){0};
}
