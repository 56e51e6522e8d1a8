/*
 * The next hops of upstreams as the workers find them, each for itself: told by them, shown by
 * `stirctl status`, used for nothing else.
 *
 * A status has room for only so many: those that are out come first, and their number is told.
 * Metrics have them in the order of the configuration, for a line must not come and go.
 */
#include "questions.h"
#include "worker_places.h"

#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/json.h>
#include <stird/core/trunk.h>
#include <stird/io/admin.h>
#include <stird/io/record.h>
#include <string.h>

#define LIST_MAX (ADMIN_REPLY_MAX / 4) /* octets: hops and trunks, and what else a status says */

#define KEPT 2048 /* of all workers */

/* A next hop as one worker finds it. */
struct hop_seen {
    struct hop_state state;
    unsigned worker;
};

struct hops {
    struct buf seen; /* struct hop_seen; the latest heard of is the last */
};

static struct hops *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_hops);
}

static struct hop_seen *seen(const struct supervisor *s, size_t *n)
{
    *n = own(s)->seen.n / sizeof(struct hop_seen);
    return (struct hop_seen *)(void *)own(s)->seen.p;
}

static void take_out(struct supervisor *s, size_t i)
{
    size_t n;
    struct hop_seen *list = seen(s, &n);
    memmove(&list[i], &list[i + 1], (n - i - 1) * sizeof(*list));
    own(s)->seen.n -= sizeof(*list);
}

static void take_hop(struct supervisor *s, const struct heard *h)
{
    const struct hop_state *news = &h->message->hop;
    const unsigned w = h->child->index;
    size_t n, i = 0;
    const struct hop_seen *list = seen(s, &n), last = {*news, w};
    if (!hop_state_is_sound(news))
        return;
    while (i < n && !(list[i].worker == w && hop_state_same(&list[i].state, news)))
        i++;
    if (i < n)
        take_out(s, i);
    else if (n == KEPT)
        take_out(s, 0);
    buf_add(&own(s)->seen, &last, sizeof(last));
}

/* Forgets what a worker said that is gone. */
static void forget(struct supervisor *s, const struct news *news)
{
    if (news->child->role->id != ROLE_WORKER)
        return;
    const unsigned w = news->child->index;
    size_t n, kept = 0;
    struct hop_seen *list = seen(s, &n);
    for (size_t i = 0; i < n; i++)
        if (list[i].worker != w)
            list[kept++] = list[i];
    own(s)->seen.n = kept * sizeof(*list);
}

/* ---- what all workers say ---- */

/* One next hop of an upstream. */
struct hop_sum {
    struct hop_state state;
    unsigned out;         /* how many workers do not use it now */
    bool answers_options; /* to any worker, while it was out */
    int64_t since_ms;     /* since when the first of these does not; if out is 0: since when all
                             workers use it again */
    int64_t answered_ms;  /* when it last answered any worker */
};

static struct hop_sum sum_of(const struct supervisor *s, const struct upstream *u,
                             const struct address *address)
{
    struct hop_sum sum = {.state = {.address = *address, .transport = (uint8_t)u->transport}};
    int64_t lost_ms = 0, back_ms = 0;
    size_t n;
    const struct hop_seen *list = seen(s, &n);
    for (size_t i = 0; i < n; i++) {
        const struct hop_state *h = &list[i].state;
        if (!hop_state_same(h, &sum.state))
            continue;
        sum.out += h->out;
        sum.answers_options |= h->answers_options;
        if (h->out && (lost_ms == 0 || h->since_ms < lost_ms))
            lost_ms = h->since_ms;
        if (!h->out && h->since_ms > back_ms)
            back_ms = h->since_ms;
        if (h->answered_ms > sum.answered_ms)
            sum.answered_ms = h->answered_ms;
    }
    sum.since_ms = sum.out > 0 ? lost_ms : back_ms;
    return sum;
}

/* A hop is out when no worker uses it, since a call may arrive at any of them. */
static bool is_out(const struct supervisor *s, const struct hop_sum *sum)
{
    return sum->out >= worker_count(s);
}

/* NULL: nothing is known of it. */
static const struct known_name *name_of(const struct supervisor *s, const struct upstream *u)
{
    struct name_asked asked = {.upstream = u};
    supervisor_ask_name(s, &asked);
    return asked.known;
}

/* Calls VISIT for each next hop of U. */
static void each_hop(const struct supervisor *s, const struct upstream *u,
                     void (*visit)(const struct hop_sum *sum, void *user), void *user)
{
    const struct known_name *name = u->host.n > 0 ? name_of(s, u) : NULL;
    unsigned n = u->host.n == 0 ? 1 : name ? name->n : 0;
    for (unsigned i = 0; i < n; i++) {
        struct hop_sum sum = sum_of(s, u, name ? &name->addresses[i].address : &u->address);
        visit(&sum, user);
    }
}

/* ---- next hops ---- */

struct list {
    const struct supervisor *s;
    const struct upstream *upstream;
    struct json *j;
    int64_t now_ms;
    size_t until;              /* octets of the reply */
    const struct switches *on; /* what an operator has switched */
    bool first; /* only hops that are out for a worker at least, or disabled; else the others */
    unsigned n, n_out, left_out;
};

static void put_text(struct json *j, struct str key, struct str value)
{
    json_put_key(j, key);
    json_put_string(j, value);
}

static void put_when(const struct list *l, struct str key, int64_t at_ms)
{
    struct buf text = BUF_INIT;
    json_put_key(l->j, key);
    if (at_ms == 0 || at_ms > l->now_ms)
        json_put_null(l->j);
    else {
        record_add_time(&text, clock_real_us() - (l->now_ms - at_ms) * 1000);
        json_put_string(l->j, buf_str(&text));
    }
    buf_fini(&text);
}

static void put_hop(const struct hop_sum *sum, void *user)
{
    struct list *l = user;
    struct buf address = BUF_INIT;
    const bool disabled = switches_find(l->on, SWITCH_UPSTREAM, l->upstream->name) != NULL;
    if ((sum->out > 0 || disabled) != l->first)
        return;
    l->n++;
    l->n_out += is_out(l->s, sum);
    if (l->j->out->n > l->until) {
        l->left_out++;
        return;
    }
    address_add(&address, &sum->state.address);
    json_begin_object(l->j);
    put_text(l->j, STR("upstream"), l->upstream->name);
    put_text(l->j, STR("address"), buf_str(&address));
    put_text(l->j, STR("transport"), transport_name(l->upstream->transport));
    put_text(l->j, STR("state"), is_out(l->s, sum) ? STR("out") : STR("usable"));
    json_put_key(l->j, STR("disabled"));
    json_put_bool(l->j, disabled);
    json_put_key(l->j, STR("out_in_workers"));
    json_put_integer(l->j, sum->out);
    put_when(l, STR("since"), sum->since_ms);
    put_when(l, STR("last_answer"), sum->answered_ms);
    json_end_object(l->j);
    buf_fini(&address);
}

/* Puts the upstreams whose name is unknown, or known in part: they have no next hops, or not
   all. */
static void put_nameless(const struct supervisor *s, struct json *j, size_t until)
{
    const struct settings *settings = s->current.settings;
    json_put_key(j, STR("unknown_names"));
    json_begin_array(j);
    for (unsigned i = 0; i < settings->n_upstreams && j->out->n < until; i++) {
        const struct upstream *u = &settings->upstreams[i];
        const struct known_name *name = name_of(s, u);
        if (u->host.n > 0 && (!name || name->in_part))
            json_put_string(j, u->name);
    }
    json_end_array(j);
}

static void put_count(struct json *j, struct str key, unsigned n)
{
    json_put_key(j, key);
    json_put_integer(j, n);
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    const struct settings *settings = s->current.settings;
    struct list l = {.s = s, .j = j, .now_ms = now_ms, .until = j->out->n + LIST_MAX};
    struct switches_asked switched = {.on = NULL};
    supervisor_ask_switches(s, &switched);
    l.on = switched.on;
    json_put_key(j, STR("next_hops"));
    json_begin_array(j);
    for (unsigned turn = 0; turn < 2; turn++) {
        l.first = turn == 0;
        for (unsigned i = 0; i < settings->n_upstreams; i++) {
            l.upstream = &settings->upstreams[i];
            each_hop(s, l.upstream, put_hop, &l);
        }
    }
    json_end_array(j);
    put_count(j, STR("next_hops_in_all"), l.n);
    put_count(j, STR("next_hops_out"), l.n_out);
    put_count(j, STR("next_hops_not_shown"), l.left_out);
    put_nameless(s, j, l.until + LIST_MAX / 8);
}

/* ---- for metrics ---- */

/* In the order of the configuration, so that those that have no room are always the same. */
struct shown {
    const struct supervisor *s;
    const struct upstream *upstream;
    struct json *j;
    unsigned n, most;
};

static void show_hop(const struct hop_sum *sum, void *user)
{
    struct shown *h = user;
    struct buf address = BUF_INIT;
    if (h->n++ >= h->most)
        return;
    address_add(&address, &sum->state.address);
    h->j->out->failed |= buf_failed(&address);
    json_begin_object(h->j);
    put_text(h->j, STR("upstream"), h->upstream->name);
    put_text(h->j, STR("address"), buf_str(&address));
    put_text(h->j, STR("transport"), transport_name(h->upstream->transport));
    json_put_key(h->j, STR("usable"));
    json_put_bool(h->j, !is_out(h->s, sum));
    json_end_object(h->j);
    buf_fini(&address);
}

static void answer_hops(const struct supervisor *s, struct hops_asked *asked)
{
    const struct settings *settings = s->current.settings;
    struct json j = json_writer(asked->out, false);
    struct shown h = {.s = s, .j = &j, .most = asked->most};
    json_begin_object(&j);
    json_put_key(&j, STR("next_hops"));
    json_begin_array(&j);
    for (unsigned i = 0; i < settings->n_upstreams; i++) {
        h.upstream = &settings->upstreams[i];
        each_hop(s, h.upstream, show_hop, &h);
    }
    json_end_array(&j);
    put_count(&j, STR("not_shown"), h.n > h.most ? h.n - h.most : 0);
    json_end_object(&j);
}

/* ---- for the trunks ---- */

struct tally {
    const struct supervisor *s;
    const struct upstream *upstream;
    int64_t now_ms;
    unsigned n, usable;
    bool may_be_back; /* one of them, which only a call can find out */
};

/* Workers send it a call again after this time where neither probes nor questions say that it is
   back: who sends no calls because stird is not ready would wait for ever (sip/routes.h). */
static bool may_be_back(const struct tally *t, const struct hop_sum *sum)
{
    return t->upstream->probe_ms == 0 && !sum->answers_options &&
           t->now_ms - sum->since_ms >= HOP_STATE_OUT_MS;
}

static void count_hop(const struct hop_sum *sum, void *user)
{
    struct tally *t = user;
    const bool out = is_out(t->s, sum);
    t->n++;
    t->usable += !out;
    t->may_be_back |= out && may_be_back(t, sum);
}

/* Counts each upstream once, for several trunks may have it. NULL: no memory; to be freed. */
static struct tally *tally_upstreams(const struct supervisor *s)
{
    const struct settings *settings = s->current.settings;
    struct tally *upstreams = calloc(settings->n_upstreams + 1, sizeof(*upstreams));
    struct switches_asked switched = {.on = NULL};
    supervisor_ask_switches(s, &switched);
    for (unsigned i = 0; upstreams && i < settings->n_upstreams; i++) {
        upstreams[i] = (struct tally){
            .s = s, .upstream = &settings->upstreams[i], .now_ms = clock_monotonic_ms()};
        each_hop(s, &settings->upstreams[i], count_hop, &upstreams[i]);
        if (switches_find(switched.on, SWITCH_UPSTREAM, settings->upstreams[i].name))
            upstreams[i].usable = upstreams[i].may_be_back = 0;
    }
    return upstreams;
}

/* Adds what T's upstreams have. */
static void add_of_trunk(struct trunk_standing *sum, const struct tally *upstreams,
                         const struct trunk *t)
{
    for (unsigned k = 0; trunk_sends(t) && k < t->n_upstreams; k++) {
        sum->next_hops += upstreams[t->upstreams[k]].n;
        sum->usable += upstreams[t->upstreams[k]].usable;
    }
}

static void answer_trunks(const struct supervisor *s, struct trunks_asked *asked)
{
    struct tally *upstreams = tally_upstreams(s);
    asked->no_memory |= !upstreams;
    for (unsigned i = 0; upstreams && i < asked->n; i++)
        add_of_trunk(&asked->trunks[i], upstreams, &s->current.settings->trunks[i]);
    free(upstreams);
}

/* An upstream that no trunk sends to serves nobody. */
static void answer_lacks(const struct supervisor *s, struct lacks_asked *asked)
{
    const struct settings *settings = s->current.settings;
    struct tally *upstreams = tally_upstreams(s);
    struct trunk_standing all = {0};
    bool any = false, may_be_back = false;
    for (unsigned i = 0; upstreams && i < settings->n_trunks; i++) {
        const struct trunk *t = &settings->trunks[i];
        any |= trunk_sends(t);
        add_of_trunk(&all, upstreams, t);
        for (unsigned k = 0; trunk_sends(t) && k < t->n_upstreams; k++)
            may_be_back |= upstreams[t->upstreams[k]].may_be_back;
    }
    asked->lacks[WEB_LACKS_NEXT_HOP] = any && all.usable == 0 && !may_be_back;
    free(upstreams);
}

static void fini(struct supervisor *s)
{
    buf_fini(&own(s)->seen);
}

static const struct word hears[] = {{ROLE_WORKER, CONTROL_HOP, take_hop}, {.take = NULL}};

const struct part part_hops = {.name = "hops",
                               .bytes = sizeof(struct hops),
                               .fini = fini,
                               .on = {[EVENT_CHILD_GONE] = forget},
                               .hears = hears,
                               .put_status = put_status,
                               .answers_trunks = answer_trunks,
                               .answers_hops = answer_hops,
                               .answers_lacks = answer_lacks};
