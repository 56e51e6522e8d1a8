/* The SIP side of a worker: start, stop, and what the sockets and the clock bring. */
#include <errno.h>
#include <stdlib.h>
#include <stird/base/chance.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/core/budget.h>
#include <stird/core/claim.h>
#include <stird/core/nat.h>
#include <stird/core/trunk.h>
#include <stird/core/well_formed.h>
#include <stird/sip/rehearsal.h>
#include <string.h>

#include "context.h"
#include <stird/core/headers.h>
#include "inbox.h"
#include "probe.h"
#include "sip/message/received.h"
#include "stranger.h"

#define NAMES_WAIT_MS 500

int64_t proxy_now_ms(void)
{
    return clock_monotonic_ms();
}

/* ---- time ---- */

void proxy_arm_timers(struct proxy *p)
{
    int64_t next = timers_next_ms(&p->timers), now = proxy_now_ms();
    if (next == p->wake_up_ms)
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

/* ---- what leaves ---- */

/* A message that is none would be a fault of ours, whatever came in: the builds that look for
   faults stop at it. */
static void check_sent(struct str bytes)
{
#ifdef STIRD_CHECK_SENT
    const char *why;
    if (message_is_well_formed(bytes, &why))
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
    return net_send(p->net, to, bytes);
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

static void server_ended(void *context, void *user, enum transaction_end why)
{
    struct context *c = user;
    (void)context;
    if (why == TRANSACTION_TIMEOUT)
        log_debug("a refusal was never acknowledged");
    c->server = NULL;
    context_acknowledged(c);
    context_finish(c, c->status);
    context_release_if_idle(c);
}

static void server_waits(void *context, void *user)
{
    (void)context;
    context_say_trying(user);
}

/* ---- sockets ---- */

static bool is_known(const struct rehearsal *r, const struct address *a)
{
    for (unsigned i = 0; i < r->n_names; i++)
        for (unsigned j = 0; j < known_name_all(&r->names[i]); j++)
            if (address_same_host(&r->names[i].addresses[j].address, a))
                return true;
    return false;
}

static bool names_lead_to(const struct proxy *p, const struct address *a)
{
    if (p->rehearsal)
        return is_known(p->rehearsal, a);
    return p->routes && routes_lead_to(p->routes, p->snapshot->settings, a);
}

/* Names cost more than prefixes: they are asked last. */
static unsigned claim_on(const struct proxy *p, const struct address *source)
{
    const struct settings *settings = p->snapshot->settings;
    unsigned whole = claim_of_address(source), claim = claim_of_upstreams(settings, source);
    return claim < whole && names_lead_to(p, source) ? whole : claim;
}

bool proxy_may_begin(const struct proxy *p, const struct trunk *trunk, const struct address *source)
{
    if (trunk && claim_is_trunks(trunk, source, claim_of_address(source)))
        return true;
    unsigned claim = claim_on(p, source);
    return claim == CLAIM_NONE || (trunk && claim_is_trunks(trunk, source, claim));
}

static bool is_told(const struct rehearsal *r, const struct upstream *u)
{
    for (unsigned i = 0; i < r->n_names; i++)
        if (known_name_is_of(&r->names[i], u))
            return !r->names[i].in_part;
    return u->host.n == 0 || !r->names_told;
}

static bool all_are_told(const struct rehearsal *r)
{
    for (unsigned i = 0; i < r->settings->n_upstreams; i++)
        if (!is_told(r, &r->settings->upstreams[i]))
            return false;
    return true;
}

bool proxy_source_in_doubt(const struct proxy *p, const struct trunk *trunk,
                           const struct address *source)
{
    if (claim_is_trunks(trunk, source, claim_of_address(source)))
        return false;
    if (p->rehearsal)
        return !all_are_told(p->rehearsal);
    return p->routes && !routes_know_names(p->routes, p->snapshot->settings);
}

/* What only an upstream's uri says is claimed from the trunks, and heard nowhere else. */
enum source_class proxy_classify(const struct proxy *p, const struct address *source)
{
    const struct settings *settings = p->snapshot->settings;
    if (claim_is_a_trunks(settings, source, claim_of_address(source)))
        return SOURCE_TRUNK;
    bool of_trunk = source_is_trunk(settings, source);
    unsigned claim = claim_on(p, source);
    if (of_trunk && (claim == CLAIM_NONE || claim_is_a_trunks(settings, source, claim)))
        return SOURCE_TRUNK;
    bool heard = of_trunk || source_upstream(settings, source) ||
                 (p->rehearsal && is_known(p->rehearsal, source)) ||
                 (p->routes && routes_is_source(p->routes, settings, source));
    return heard ? SOURCE_UPSTREAM : SOURCE_UNKNOWN;
}

void proxy_unknown_source(struct proxy *p, const struct flow *from, struct str raw)
{
    p->counters.unknown_source++;
    refused_sources_note(p, from, UNHEARD_UNKNOWN, raw);
}

/* Strangers: no connection at all; their datagrams are looked at for our Record-Route only. */
static bool admit(void *context, const struct flow *from)
{
    struct proxy *p = context;
    if (from->transport == TRANSPORT_UDP || proxy_classify(p, &from->remote) != SOURCE_UNKNOWN)
        return true;
    proxy_unknown_source(p, from, STR("connection"));
    return false;
}

static void turned_away(void *context, const struct flow *from, bool handshake)
{
    refused_sources_note(context, from, handshake ? UNHEARD_HANDSHAKE : UNHEARD_CONNECTIONS,
                         STR("connection"));
}

static bool is_answerable(struct str raw)
{
    return !str_starts_nocase(frame_without_junk(raw), STR("SIP/")) &&
           !str_starts_nocase(raw, STR("ACK "));
}

#define MALFORMED_TAG "malformed"

/* Its caller acknowledges our refusal with the same mistake in it: that is no further fault. */
static bool is_ack_of_refusal(struct str raw)
{
    const char mark[] = ";tag=" MALFORMED_TAG;
    return str_starts_nocase(raw, STR("ACK ")) && memmem(raw.p, raw.n, mark, sizeof(mark) - 1);
}

/* The status that went out, or 0. */
static int answer_fault(struct proxy *p, const struct flow *from, struct str raw,
                        const struct screen_fault *fault)
{
    buf_reset(&p->scratch);
    if (!is_answerable(raw) || !answer_malformed(raw, fault, STR(MALFORMED_TAG), &p->scratch))
        return 0;
    proxy_send(p, from, buf_str(&p->scratch));
    return reason_sip_status(fault->reason);
}

/* What could not be read: for what is in it, or as there is no memory to read it. */
static void count_unread(struct proxy *p, const struct flow *from, struct str raw,
                         enum reason reason)
{
    const struct full_request r = {.source = from->remote, .call_id = received_call_id(raw)};
    p->counters.malformed += reason != REASON_OUT_OF_MEMORY;
    full_refused(p, reason, &r);
}

static void refuse_unread(struct proxy *p, const struct flow *from, struct str whole,
                          const struct screen_fault *fault)
{
    struct buf detail = BUF_INIT;
    bool invite = received_is_invite(whole);
    struct str raw = frame_without_junk(whole);
    struct str rest, line = start_line(raw, &rest);
    bool answers = fault->reason != REASON_OUT_OF_MEMORY && relay_unread(p, raw);
    received_add_fault(&detail, fault);
    const struct undecided u = {
        .source = from->remote,
        .invite = invite,
        .emergency = invite && received_is_emergency(raw, p->snapshot->settings),
        .reason = fault->reason,
        .sip_status = answers ? 0 : answer_fault(p, from, raw, fault),
        .call_id = received_call_id(raw),
        .detail = buf_str(&detail),
        .start_line = fault->what ? str_slice(str_trim(line), 0, 120) : STR(""),
    };
    count_unread(p, from, raw, fault->reason);
    p->counters.invites += u.invite;
    undecided_tell(p, &u);
    buf_fini(&detail);
}

static void offer_connection(void *context, const struct flow *from)
{
    const struct proxy *p = context;
    net_offer(from, nat_wants(p->snapshot->settings, &from->remote, NAT_REUSE_CONNECTION));
}

/* What a trunk of this source asks for of its requests: nat.h. Where its peer listens is remembered
   of a connection before anybody asks: a reload may. */
static void mind_nat(struct proxy *p, struct message *m, const struct flow *from)
{
    struct str port = message_via_hop(m->sip->sip_via).port;
    uint64_t number = transport_port((enum transport)from->transport);
    m->force_rport = nat_wants(p->snapshot->settings, &from->remote, NAT_FORCE_RPORT);
    if (!from->connection)
        return;
    if (port.n == 0 || str_to_u64(port, 65535, &number))
        net_listens_at(from, (uint16_t)number);
    offer_connection(p, from);
}

void proxy_message(void *context, const struct flow *arrived, char *bytes, size_t n,
                   const struct frame *frame, enum frame_status status)
{
    struct proxy *p = context;
    struct message m;
    enum source_class class = proxy_classify(p, &arrived->remote);
    struct flow here = *arrived, *from = &here;
    bool framed = status == FRAME_MESSAGE || status == FRAME_SAME_LENGTHS;
    struct str raw = {bytes, framed ? frame->length : n};
    if (class == SOURCE_UNKNOWN && (status != FRAME_MESSAGE || !stranger_is_heard(p, from, raw))) {
        proxy_unknown_source(p, from, raw);
        return;
    }
    from->opening = class == SOURCE_UNKNOWN ? OPENING_NEVER : OPENING_LED;
    bool whole = status == FRAME_MESSAGE || (status == FRAME_BAD_LENGTH && frame->datagram);
    if (whole && inbox_pass_request(p, from, raw))
        return;
    if (!received_parse(&m, raw, status, frame, p->snapshot->settings)) {
        if (class != SOURCE_UNKNOWN && received_may_respond(raw) &&
            inbox_pass_response(p, received_branch(raw), from, raw))
            return; /* its transaction is another worker's */
        if (class != SOURCE_UNKNOWN && !is_ack_of_refusal(frame_without_junk(raw)))
            refuse_unread(p, from, raw, &m.fault);
        else if (m.fault.reason == REASON_OUT_OF_MEMORY)
            count_unread(p, from, raw, m.fault.reason);
        if (status == FRAME_SAME_LENGTHS)
            net_out_of_step(from);
        return;
    }
    if (m.status == 0)
        mind_nat(p, &m, from);
    if (class != SOURCE_UNKNOWN)
        peer_ports_note(p, &m, from);
    if (m.status != 0)
        relay_response(p, &m, from, class);
    else
        request_received(p, &m, from, class);
    message_fini(&m);
}

/* An ICMP error quotes the beginning of our datagram: its top Via names the transaction (section
   18.4). Half a message is no message, so only these two lines are read. */
void proxy_undelivered(void *context, struct str datagram, int error)
{
    struct proxy *p = context;
    struct str rest, branch = received_branch(datagram), method = start_line(datagram, &rest);
    method = str_cut(&method, ' ');
    if (branch.n == 0)
        return;
    struct transaction_key key = client_key(&p->branches, branch, method);
    struct client_transaction *t = client_transaction_find(p->transactions, &key);
    if (t)
        client_transaction_transport_error(t, proxy_now_ms());
    else
        inbox_pass_undelivered(p, datagram, branch, error);
}

static void on_closed(void *context, const struct connection *connection, int error)
{
    struct proxy *p = context;
    client_transactions_connection_closed(p->transactions, connection, error != 0, proxy_now_ms());
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

static void set_ceilings(struct proxy *p, const struct settings *s)
{
    p->holdings.limits = &p->limits;
    p->holdings.ceilings = holding_ceilings_of(part_of(p, s->memory_bytes), emergency_bytes(s),
                                               s->trunk_percent, s->source_percent);
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

/* Calls that ring go on without this process, their record is its last word of them; what has not
   left yet is refused. */
static void end_contexts(struct proxy *p)
{
    p->drained = NULL; /* nobody waits for it any more */
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
    health_fini(&p->health);
    if (p->snapshot)
        snapshot_unref(p->snapshot);
    numbers_unmap(&p->overlay);
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
    p->listeners = settings_listeners(s);
    p->listeners.list = list;
    return true;
}

static struct name_answer look_up(void *resolver, const struct name_query *query)
{
    return resolver_look_up(resolver, query);
}

/* The resolver reads resolv.conf now: later the worker opens no file. */
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
    const struct transaction_hooks hooks = {.context = p,
                                            .send = transaction_send,
                                            .server_ended = server_ended,
                                            .client_ended = relay_client_ended,
                                            .client_broken = relay_client_broken,
                                            .server_waits = server_waits};
    const struct net_handlers handlers = {.context = p,
                                          .admit = admit,
                                          .turned_away = turned_away,
                                          .message = proxy_message,
                                          .undelivered = proxy_undelivered,
                                          .closed = on_closed,
                                          .batch_end = proxy_after_events};
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
    return p->wake_up && p->transactions && p->net && build_recording(p, options) &&
           build_routes(p, s, options) && inbox_open(p, options);
}

struct proxy *proxy_new(const struct proxy_options *options)
{
    struct proxy *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->base = options->base;
    p->worker = options->worker;
    p->n_workers = options->n_workers > 1 ? options->n_workers : 0;
    p->snapshot = snapshot_ref(options->snapshot);
    p->wake_up_ms = -1;
    timers_init(&p->timers, proxy_now_ms());
    if (!chance_fill(&p->limits.seed, sizeof(p->limits.seed)) || !build(p, options)) {
        proxy_free(p);
        return NULL;
    }
    return p;
}

/*
 * What arrives meanwhile waits in the sockets: a worker that takes another's place would refuse
 * calls while it knows no address of an upstream.
 */
static void on_start(struct timer *timer, int64_t now_ms)
{
    struct proxy *p = (struct proxy *)(void *)((char *)timer - offsetof(struct proxy, start));
    if (now_ms < p->start_until_ms && routes_wait_for_names(p->routes, p->snapshot->settings))
        timer_set(&p->timers, timer, on_start, now_ms + TIMER_TICK_MS);
    else
        net_start(p->net);
}

void proxy_start(struct proxy *p)
{
    inbox_start(p);
    probes_start(p->probes);
    p->start_until_ms = proxy_now_ms() + NAMES_WAIT_MS;
    on_start(&p->start, proxy_now_ms());
    proxy_arm_timers(p);
}

void proxy_set_snapshot(struct proxy *p, struct snapshot *snapshot)
{
    struct transaction_timing timing = timing_of(snapshot->settings);
    struct net_limits limits = limits_of(p, snapshot->settings);
    snapshot_ref(snapshot);
    signer_client_flush(p->snapshot->signer);
    snapshot_unref(p->snapshot);
    p->snapshot = snapshot;
    p->listeners.aliases = snapshot->settings->aliases;
    p->listeners.n_aliases = snapshot->settings->n_aliases;
    transactions_set_timing(p->transactions, &timing);
    net_set_limits(p->net, &limits);
    net_each_taken(p->net, offer_connection, p);
    set_ceilings(p, snapshot->settings);
    resolver_set_servers(p->resolver, snapshot->settings->dns_servers,
                         snapshot->settings->n_dns_servers);
    probes_start(p->probes);
}

void proxy_set_tls_take(struct proxy *p, struct tls *tls)
{
    const struct settings *s = p->snapshot->settings;
    /* The sockets are the same for life, what is asked of a client is not. */
    for (unsigned i = 0; i < p->listeners.n && i < s->n_listeners; i++)
        p->listeners.list[i].verify_client = s->listeners[i].verify_client;
    net_set_tls_take(p->net, tls);
}

bool proxy_set_inbox(struct proxy *p, int fd)
{
    if (!inbox_use(p, fd))
        return false;
    inbox_start(p);
    return true;
}

static void on_drained(struct timer *timer, int64_t now_ms)
{
    struct proxy *p = (struct proxy *)(void *)((char *)timer - offsetof(struct proxy, drain_limit));
    void (*drained)(void *user) = p->drained;
    if (p->counters.calls > 0 && now_ms < p->drain_until_ms) { /* an emergency call came */
        timer_set(&p->timers, timer, on_drained, p->drain_until_ms);
        return;
    }
    p->drained = NULL;
    if (drained)
        drained(p->drained_user);
}

/* Its ACK is still under way, and whatever else the two have to say at the beginning. */
void proxy_last_call_ended(struct proxy *p)
{
    int64_t due_ms = proxy_now_ms() + 2 * (int64_t)p->snapshot->settings->t1_ms;
    if (due_ms < p->drain_limit.due_ms)
        timer_set(&p->timers, &p->drain_limit, on_drained, due_ms);
}

void proxy_drain(struct proxy *p, void (*done)(void *user), void *user)
{
    int64_t limit = p->counters.calls == 0 ? 0 : p->snapshot->settings->drain_timeout_ms;
    p->draining = true;
    p->drained = done;
    p->drained_user = user;
    p->drain_until_ms = proxy_now_ms() + limit;
    timer_set(&p->timers, &p->drain_limit, on_drained, p->drain_until_ms);
    proxy_arm_timers(p);
}

void proxy_set_overlay_take(struct proxy *p, struct mapped_numbers *overlay)
{
    numbers_unmap(&p->overlay);
    p->overlay = *overlay;
    *overlay = (struct mapped_numbers){0};
}

bool proxy_tell_name(struct proxy *p, struct known_name *known)
{
    return resolver_tell(p->resolver, known);
}

bool proxy_tell_refused(struct proxy *p, struct refused_source *news)
{
    return refused_sources_tell(p, news);
}

void proxy_tell_refused_again(struct proxy *p, const struct refused_source *news)
{
    refused_sources_tell_again(p, news);
}

bool proxy_tell_hop(struct proxy *p, struct hop_state *news)
{
    return routes_tell(p->routes, proxy_now_ms(), news);
}

void proxy_tell_hop_again(struct proxy *p, const struct hop_state *news)
{
    routes_tell_again(p->routes, news);
}

void proxy_tell_trunks(struct proxy *p, uint32_t *next, struct trunk_calls *news)
{
    const struct settings *s = p->snapshot->settings;
    *news = (struct trunk_calls){.generation = p->snapshot->generation,
                                 .first = *next < s->n_trunks ? *next : 0};
    while (news->n < TRUNK_CALLS_MAX && news->first + news->n < s->n_trunks) {
        struct str name = s->trunks[news->first + news->n].name;
        news->calls[news->n++] = limits_now(&p->limits, LIMIT_TRUNK_CALLS, name);
    }
    *next = news->first + news->n;
}

bool proxy_tell_failed(struct proxy *p, struct failed_call *news)
{
    return failed_calls_tell(&p->failed_calls, news);
}

void proxy_tell_failed_again(struct proxy *p, const struct failed_call *news)
{
    failed_calls_tell_again(&p->failed_calls, news);
}

void proxy_tell_name_again(struct proxy *p, const struct known_name *known)
{
    resolver_tell_again(p->resolver, known);
}

const struct proxy_counters *proxy_get_counters(struct proxy *p)
{
    const struct routes_ills ills = routes_ills_of(p->routes, p->snapshot->settings);
    p->counters.connections = net_connections(p->net);
    p->counters.hops_out = ills.hops_out;
    p->counters.names_unresolved = ills.names_unresolved;
    p->counters.hops_lost = routes_get_counters(p->routes)->hops_lost;
    p->counters.hops_back = routes_get_counters(p->routes)->hops_back;
    p->counters.in_flight = limits_in_flight(&p->limits);
    p->counters.connections_refused = net_connections_refused(p->net);
    p->counters.connections_unknown = net_connections_unknown(p->net);
    p->counters.slow_readers = net_slow_readers(p->net);
    p->counters.talkers = net_talkers(p->net);
    p->counters.connections_not_opened = net_not_opened(p->net);
    p->counters.dialog_names_refused = resolver_names_refused(p->resolver);
    p->counters.held_bytes = holdings_octets(&p->holdings);
    p->counters.records_dropped = recording_dropped(p->recording);
    p->counters.records_waiting = recording_waiting(p->recording);
    return &p->counters;
}
