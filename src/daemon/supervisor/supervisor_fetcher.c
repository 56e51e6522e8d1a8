/*
 * The fetcher: kept while a trunk verifies, or certificates are to be fetched beforehand; started
 * anew when the settings that it fetches by have changed, or the file of web servers' authorities,
 * which it may not open any more when another one has its name. Each worker has a channel to it.
 * Each look of the checker has another fetcher, for as long as it takes.
 */
#include "questions.h"
#include "worker_places.h"

#include "daemon/web_files.h"

#include <errno.h>
#include <signal.h>
#include <stird/base/packet.h>
#include <string.h>
#include <unistd.h>

#define PLACES      2 /* places for those that serve calls */
#define FOR_CHECKER 2 /* the place behind these */

#define FILES_EVERY_MS 1000

struct fetcher_part {
    struct child *present;
    bool renew;                    /* the present one is to be replaced, or to go */
    bool has[WORKERS_MAX];         /* a channel to the present one */
    struct fetch_tally gone;       /* of those that ended */
    struct fetch_tally of[PLACES]; /* of each, since it began */
    int look[2];                   /* a look's channel: its fetcher's end and its checker's, or
                                      -1 */
    bool look_begun;               /* a fetcher was started for this look */
    uint64_t files;                /* what the authorities' file looked like to the present one */
    int64_t next_files_ms;
    /* Who had no authorities by which web servers could be told: the last fetcher of a look, the
       last courier. */
    bool look_blind, courier_blind;
};

static struct fetcher_part *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_fetcher);
}

static struct child *place(const struct supervisor *s, unsigned i)
{
    return supervisor_places(s, ROLE_FETCHER) + i;
}

/* ---- channels ---- */

/* The worker's end goes to W, the other one to the fetcher. */
static int send_ends(struct supervisor *s, unsigned w, const int ends[2])
{
    const struct control_message for_fetcher = {.type = CONTROL_CHANNEL, .channel = {w}};
    const struct control_message for_worker = {.type = CONTROL_FETCHER};
    packet_refuse_rights(ends[0]);
    packet_refuse_rights(ends[1]);
    int r = child_send(own(s)->present, &for_fetcher, &ends[0], 1);
    return r == 0 ? child_send(worker_at(s, w), &for_worker, &ends[1], 1) : r;
}

/* When it fails it is tried again; meanwhile the calls of W go on unverified. */
static void connect_worker(struct supervisor *s, unsigned w)
{
    int ends[2];
    int r = control_pair(ends);
    if (r == 0) {
        r = send_ends(s, w, ends);
        close(ends[0]);
        close(ends[1]);
    }
    own(s)->has[w] = r == 0;
}

static void connect_workers(struct supervisor *s)
{
    for (unsigned w = 0; w < worker_count(s); w++)
        if (own(s)->present->state == CHILD_SERVING && worker_at(s, w)->pid > 0 && !own(s)->has[w])
            connect_worker(s, w);
}

static void forget_channels(struct supervisor *s)
{
    memset(own(s)->has, 0, sizeof(own(s)->has));
}

/* ---- its life ---- */

static bool wanted(const struct supervisor *s)
{
    return s->current.settings && settings_fetch(s->current.settings);
}

static unsigned kept(const struct supervisor *s)
{
    return wanted(s);
}

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    return fetcher_main(s->current.settings, c->index == FOR_CHECKER, control_fd);
}

static void let_go(struct child *c)
{
    c->kept = false;
    c->restart_at_ms = 0;
    child_close_control(c); /* which ends it */
}

/* The other place may still be taken by one that does not end. */
static void renew(struct supervisor *s, int64_t now_ms)
{
    struct child *next = place(s, own(s)->present == place(s, 0));
    let_go(own(s)->present);
    if (next->pid > 0) {
        child_kill(next, SIGKILL);
        return;
    }
    own(s)->renew = false;
    own(s)->present = next;
    child_renew(next);
    next->kept = wanted(s);
    next->restart_at_ms = next->kept ? now_ms : 0;
    forget_channels(s);
    supervisor_restart_children(s, now_ms);
}

/* ---- a look of the checker ---- */

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    int *look = own(s)->look, r;
    if (c == own(s)->present)
        own(s)->files = web_files_seen(s->current.settings->fetch.tls_ca);
    if (!kit->fetcher_fd)
        return 0;
    close_end(&look[0]);
    close_end(&look[1]);
    r = control_pair(look);
    if (r) {
        look[0] = look[1] = -1;
        return r;
    }
    packet_refuse_rights(look[0]);
    packet_refuse_rights(look[1]);
    own(s)->look_begun = false;
    *kit->fetcher_fd = look[1];
    kit_keep(kit, look[1]);
    return 0;
}

/* The fetcher of the look before may not have ended yet. One that cannot be started, or dies,
   leaves a closed channel: the checker then reaches no URL. */
static void begin_look(struct supervisor *s, int64_t now_ms)
{
    struct child *c = place(s, FOR_CHECKER);
    if (own(s)->look[0] < 0 || own(s)->look_begun || c->pid != 0)
        return;
    own(s)->look_begun = true;
    if (supervisor_start_child(s, c, now_ms))
        close_end(&own(s)->look[0]);
}

/* Sends the fetcher's end of the look's channel, for as long as there is a look. */
static int tell_look(struct supervisor *s, struct child *c)
{
    const struct control_message m = {.type = CONTROL_CHANNEL};
    if (own(s)->look[0] < 0 || !own(s)->look_begun)
        return 0;
    int r = child_send(c, &m, &own(s)->look[0], 1);
    if (r == 0)
        close_end(&own(s)->look[0]);
    return r;
}

static void serves(struct supervisor *s, struct child *c, int64_t now_ms)
{
    static const struct due due = {tell_look};
    (void)now_ms;
    if (c->index == FOR_CHECKER)
        supervisor_owe(s, c, &due);
}

static void end_look(struct supervisor *s)
{
    close_end(&own(s)->look[0]);
    let_go(place(s, FOR_CHECKER));
}

static void look_at_files(struct supervisor *s, int64_t now_ms)
{
    if (!own(s)->present->kept || now_ms < own(s)->next_files_ms)
        return;
    own(s)->next_files_ms = now_ms + FILES_EVERY_MS;
    own(s)->renew |= own(s)->files != web_files_seen(s->current.settings->fetch.tls_ca);
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    begin_look(s, now_ms);
    look_at_files(s, now_ms);
    if (own(s)->renew && !s->stopping)
        renew(s, now_ms);
    connect_workers(s);
}

static bool same_urls(const struct fetch_settings *a, const struct fetch_settings *b)
{
    bool same = a->n_prefetch == b->n_prefetch;
    for (unsigned i = 0; same && i < a->n_prefetch; i++)
        same = str_eq(a->prefetch[i], b->prefetch[i]);
    return same;
}

static bool same_text(struct str a, struct str b)
{
    return str_eq(a, b);
}

static bool same_u32(uint32_t a, uint32_t b)
{
    return a == b;
}

static bool same_bool(bool a, bool b)
{
    return a == b;
}

/* By the rows of settings.def: the fetcher goes by each of them. */
static bool same_rules(const struct fetch_settings *a, const struct fetch_settings *b)
{
    bool same = same_urls(a, b);
#define SETTINGS_OF_ROOT
#define FETCH_SETTING(type, field, ...)                                                            \
    same = same && _Generic(a->field, struct str                                                   \
                            : same_text, bool                                                      \
                            : same_bool, uint32_t                                                  \
                            : same_u32)(a->field, b->field);
#include <stird/core/settings.def>
    return same;
}

static void follow(struct supervisor *s, const struct news *news)
{
    const struct fetch_settings *before = &news->before->settings->fetch;
    const bool was = own(s)->present->kept;
    own(s)->look_blind &= s->current.settings->check.interval_ms > 0;
    own(s)->courier_blind &= s->current.settings->n_trusts > 0;
    if (was != wanted(s) || (was && !same_rules(before, &s->current.settings->fetch)))
        own(s)->renew = true;
}

/* ---- what it says ---- */

static void take_fetched(struct supervisor *s, const struct heard *h)
{
    if (h->child->index < PLACES)
        own(s)->of[h->child->index] = h->message->fetched.tally;
    else
        own(s)->look_blind = h->message->fetched.tally.blind;
}

static void note_brought(struct supervisor *s, const struct heard *h)
{
    own(s)->courier_blind = h->message->brought.blind;
}

static void add(uint64_t *to, const uint64_t *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = counters_sum(to[i], list[i]);
}

#define ADD(to, from, member)                                                                      \
    add((to)->member, (from)->member, sizeof((to)->member) / sizeof((to)->member[0]))

static void add_tally(struct fetch_tally *to, const struct fetch_tally *t)
{
    ADD(to, t, outcomes);
    ADD(to, t, sources);
    ADD(to, t, fetched);
    add(&to->pushed_out, &t->pushed_out, 1);
    add(&to->files_failed, &t->files_failed, 1);
    add(&to->files_broken, &t->files_broken, 1);
    add(&to->answers_dropped, &t->answers_dropped, 1);
    add(&to->notes_refused, &t->notes_refused, 1);
}

static const struct word hears[] = {{ROLE_FETCHER, CONTROL_FETCHED, take_fetched},
                                    {ROLE_COURIER, CONTROL_BROUGHT, note_brought},
                                    {.take = NULL}};

static void gone(struct supervisor *s, struct child *c, const struct death *death)
{
    (void)death;
    if (c->index == FOR_CHECKER) {
        if (own(s)->look_begun) /* else it was the one of the look before */
            close_end(&own(s)->look[0]);
        return;
    }
    struct fetch_tally *of = &own(s)->of[c->index];
    add_tally(&own(s)->gone, of);
    *of = (struct fetch_tally){.lame = 0};
    if (c == own(s)->present)
        forget_channels(s);
}

const struct duty duty_fetcher = {.kept = kept, .enter = enter, .serves = serves, .gone = gone};

/* ---- the part ---- */

/* A worker gets its channel before its first call, where there is a fetcher. */
static int give(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    if (c->role->id == ROLE_CHECKER)
        close_end(&own(s)->look[1]); /* it has it now */
    if (c->role->id == ROLE_WORKER && own(s)->present->state == CHILD_SERVING)
        connect_worker(s, c->index);
    return 0;
}

static void hear_gone(struct supervisor *s, const struct news *news)
{
    if (news->child->role->id == ROLE_CHECKER)
        end_look(s);
    if (news->child->role->id == ROLE_WORKER)
        own(s)->has[news->child->index] = false;
}

static void init(struct supervisor *s)
{
    own(s)->present = place(s, 0);
    own(s)->look[0] = own(s)->look[1] = -1;
}

static void fini(struct supervisor *s)
{
    close_end(&own(s)->look[0]);
    close_end(&own(s)->look[1]);
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    const struct child *c = own(s)->present;
    values[ALARM_no_fetcher] = !s->stopping &&
                               ((c->kept && child_is_missing(c)) || own(s)->of[c->index].lame);
    values[ALARM_fetch_cut_off] = c->kept && own(s)->of[c->index].cut_off;
    values[ALARM_web_authorities] = (c->kept && own(s)->of[c->index].blind) || own(s)->look_blind ||
                                    own(s)->courier_blind;
}

static void exhibit(const struct supervisor *s, struct exhibit *e)
{
    const struct child *c = own(s)->present;
    e->is_cut_off = c->kept && own(s)->of[c->index].cut_off;
}

static void add_counts(const struct supervisor *s, struct service_counters *c)
{
    const struct fetch_tally *now = &own(s)->of[own(s)->present->index];
    struct fetch_tally all = own(s)->gone;
    for (unsigned i = 0; i < PLACES; i++)
        add_tally(&all, &own(s)->of[i]);
    memcpy(c->fetched, all.fetched, sizeof(c->fetched));
    memcpy(c->fetch_answers, all.outcomes, sizeof(c->fetch_answers));
    memcpy(c->fetch_sources, all.sources, sizeof(c->fetch_sources));
    c->fetch_answers_dropped = all.answers_dropped;
    c->fetch_notes_refused = all.notes_refused;
    c->fetch_pushed_out = all.pushed_out;
    c->fetch_files_failed = counters_sum(all.files_failed, all.files_broken);
    c->fetches_running = now->running;
    c->fetches_queued = now->queued;
    c->fetch_waiting = now->waiting;
    c->fetch_hosts_shut = now->shut;
    c->fetch_kept = now->bodies;
}

const struct part part_fetcher = {
    .name = "fetcher",
    .bytes = sizeof(struct fetcher_part),
    .init = init,
    .fini = fini,
    .equip = equip,
    .give = give,
    .hears = hears,
    .tick = tick,
    .count = count,
    .add_counts = add_counts,
    .answers_exhibit = exhibit,
    .on = {[EVENT_IN_FORCE] = follow, [EVENT_CHILD_GONE] = hear_gone},
};
