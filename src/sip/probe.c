#include "probe.h"

#include <stdlib.h>
#include <stird/base/chance.h>
#include <stird/base/container_of.h>
#include <stird/base/log.h>

#include "target.h"
#include "via.h"

#define TICK_MS      250
#define ASK_EVERY_MS 2000 /* one that is out and has no probes */

/* One next hop of one upstream. */
struct probe {
    struct client_user user;
    struct probes *all;
    struct probe *next;
    struct target target;
    struct client_transaction *client; /* NULL: nothing is asked */
    char branch[BRANCH_LENGTH + 1];
    bool answered;
    int64_t due_ms;
    bool wanted; /* by the present settings and names */
};

struct probes {
    struct proxy *proxy;
    struct timer tick;
    struct probe *list;
};

static void probe_free(struct probe *probe)
{
    if (probe->client)
        client_transaction_detach(probe->client);
    free(probe);
}

void probes_free(struct probes *all)
{
    if (!all)
        return;
    timer_clear(proxy_timers(all->proxy), &all->tick);
    while (all->list) {
        struct probe *probe = all->list;
        all->list = probe->next;
        free(probe);
    }
    free(all);
}

struct probes *probes_new(struct proxy *p)
{
    struct probes *all = calloc(1, sizeof(*all));
    if (all)
        all->proxy = p;
    return all;
}

/* ---- one question ---- */

static struct probe *probe_of(struct client_user *user)
{
    return container_of(user, struct probe, user);
}

static void ended(struct probe *probe, enum question_end end)
{
    const struct target *target = &probe->target;
    struct routes *routes = proxy_routes(probe->all->proxy);
    probe->answered = true;
    if (target->upstream->probe_ms > 0)
        routes_probe_ended(routes, target, end == QUESTION_WELL, proxy_now_ms());
    else
        routes_question_ended(routes, target, end, proxy_now_ms());
}

/* Any answer shows that it is there; but with 503 it wants no calls, and with 408 nobody behind it
   answered. */
static void on_answered(struct client_user *user, struct message *m, const struct flow *from)
{
    struct probe *probe = probe_of(user);
    (void)from;
    if (m->status >= 200 && !probe->answered)
        ended(probe, m->status != 503 && m->status != 408 ? QUESTION_WELL : QUESTION_ILL);
}

static void on_ended(struct client_user *user, enum transaction_end why)
{
    struct probe *probe = probe_of(user);
    probe->client = NULL;
    if (why != TRANSACTION_DONE && !probe->answered)
        ended(probe, why == TRANSACTION_TRANSPORT_ERROR ? QUESTION_UNREACHABLE : QUESTION_SILENT);
}

static const struct client_callbacks callbacks = {.ended = on_ended, .answered = on_answered};

static void add_uri(struct buf *out, const struct target *target)
{
    const struct upstream *u = target->upstream;
    buf_add_text(out, "<sip:");
    if (u->host.n > 0)
        buf_add_str(out, u->host);
    else
        address_add(out, &target->address);
    if (u->host.n > 0 && u->port_given)
        buf_addf(out, ":%u", u->address.port);
    buf_add_char(out, '>');
}

/* The Via is only there for the parser, which takes no request without one. */
static bool write_request(struct buf *out, const struct proxy *p, const struct target *target)
{
    struct buf uri = BUF_INIT, own = BUF_INIT;
    uint64_t chance[2] = {0};
    if (!chance_fill(chance, sizeof(chance)))
        return false;
    add_uri(&uri, target);
    address_add(&own, listener_shown(&proxy_listeners(p)->list[target->listener]));
    struct str to = buf_str(&uri), from = buf_str(&own);
    buf_reset(out);
    if (!buf_failed(&uri) && !buf_failed(&own))
        buf_addf(out,
                 "OPTIONS %.*s SIP/2.0\r\nVia: SIP/2.0/UDP %.*s;branch=z9hG4bKprobe\r\n"
                 "Max-Forwards: 70\r\nFrom: <sip:stird@%.*s>;tag=%016llx\r\nTo: %.*s\r\n"
                 "Call-ID: %016llx@%.*s\r\nCSeq: 1 OPTIONS\r\nAccept: application/sdp\r\n"
                 "Content-Length: 0\r\n\r\n",
                 STR_ARG(str_slice(to, 1, to.n - 1)), STR_ARG(from), STR_ARG(from),
                 (unsigned long long)chance[0], STR_ARG(to), (unsigned long long)chance[1],
                 STR_ARG(from));
    buf_fini(&uri);
    buf_fini(&own);
    return true;
}

/* Into P->scratch. The branch is one that proves itself, so that another worker hands us what it
   hears of it. */
static bool write_probe(struct proxy *p, struct probe *probe)
{
    struct buf text = BUF_INIT;
    struct message m;
    bool written = false;
    bool has_text = write_request(&text, p, &probe->target);
    buf_add_char(&text, '\0');
    if (has_text && !buf_failed(&text) && text.n > 1 &&
        message_parse(&m, str_slice(buf_str(&text), 0, text.n - 1), NULL) == REASON_OK) {
        message_remove_via(&m);
        branch_write(proxy_branches(p), &m, proxy_worker(p), 0, probe->branch);
        buf_reset(proxy_scratch(p));
        written = via_add(&m, proxy_listeners(p), probe->target.listener,
                          (enum transport)probe->target.transport, probe->branch) == 0 &&
                  message_print(&m, proxy_scratch(p)) == 0;
        message_fini(&m);
    }
    buf_fini(&text);
    return written;
}

static void ask(struct probe *probe)
{
    struct proxy *p = probe->all->proxy;
    struct flow flow;
    probe->answered = false;
    /* When there is no memory, or no room for a connection, nothing is learned. */
    if (!write_probe(p, probe) || target_flow(p, &probe->target, &flow) != 0)
        return;
    struct transaction_key key = branch_client_key(proxy_branches(p), str_of(probe->branch),
                                                   STR("OPTIONS"));
    probe->client = client_transaction_new(proxy_transactions(p), &key, false, &flow,
                                           buf_str(proxy_scratch(p)), &probe->user, proxy_now_ms());
    if (!probe->client)
        ended(probe, QUESTION_UNREACHABLE);
}

/* A probe without an answer when the next one is due has failed. */
static void ask_again(struct probe *probe)
{
    if (probe->client && probe->answered)
        client_transaction_detach(probe->client);
    else if (probe->client)
        client_transaction_abandon(probe->client);
    if (probe->client && !probe->answered)
        ended(probe, QUESTION_SILENT);
    probe->client = NULL;
    ask(probe);
}

/* ---- all of them ---- */

static struct probe *find_or_add(struct probes *all, const struct target *target, int64_t now_ms)
{
    struct probe *probe = all->list;
    while (probe && !(probe->target.upstream == target->upstream &&
                      address_equal(&probe->target.address, &target->address)))
        probe = probe->next;
    if (probe || !(probe = calloc(1, sizeof(*probe))))
        return probe;
    *probe = (struct probe){
        .user = {&callbacks}, .all = all, .target = *target, .next = all->list, .due_ms = now_ms};
    all->list = probe;
    return probe;
}

/* Each next hop is asked; without probes only those that are out. */
static bool is_asked(const struct probes *all, const struct target *hop)
{
    return hop->upstream->probe_ms > 0 || routes_is_out(proxy_routes(all->proxy), hop);
}

static void probe_upstream(struct probes *all, const struct upstream *u, int64_t now_ms)
{
    struct target hops[ROUTES_TARGETS_MAX];
    unsigned n = routes_hops(proxy_routes(all->proxy), u, hops, ROUTES_TARGETS_MAX);
    for (unsigned i = 0; i < n; i++) {
        struct probe *probe = is_asked(all, &hops[i]) ? find_or_add(all, &hops[i], now_ms) : NULL;
        if (!probe)
            continue;
        probe->wanted = true;
        if (now_ms < probe->due_ms)
            continue;
        probe->due_ms = now_ms + (u->probe_ms > 0 ? u->probe_ms : ASK_EVERY_MS);
        ask_again(probe);
    }
}

static void drop_unwanted(struct probes *all)
{
    for (struct probe **link = &all->list; *link;) {
        struct probe *probe = *link;
        if (probe->wanted) {
            probe->wanted = false;
            link = &probe->next;
            continue;
        }
        *link = probe->next;
        probe_free(probe);
    }
}

static bool is_probed(const struct upstream *u)
{
    return u->probe_ms > 0 || u->asked_when_out;
}

static bool is_needed(const struct settings *s)
{
    for (unsigned i = 0; i < s->n_upstreams; i++)
        if (is_probed(&s->upstreams[i]) || s->upstreams[i].host.n > 0)
            return true;
    return false;
}

static void on_tick(struct timer *timer, int64_t now_ms)
{
    struct probes *all = container_of(timer, struct probes, tick);
    const struct settings *s = proxy_settings(all->proxy);
    routes_keep_names(proxy_routes(all->proxy), s);
    for (unsigned i = 0; i < s->n_upstreams; i++)
        if (is_probed(&s->upstreams[i]))
            probe_upstream(all, &s->upstreams[i], now_ms);
    drop_unwanted(all);
    if (is_needed(s))
        timer_set(proxy_timers(all->proxy), &all->tick, on_tick, now_ms + TICK_MS);
}

/* The old ones point into the old settings. */
void probes_start(struct probes *all)
{
    while (all->list) {
        struct probe *probe = all->list;
        all->list = probe->next;
        probe_free(probe);
    }
    on_tick(&all->tick, proxy_now_ms());
    proxy_arm_timers(all->proxy);
}
