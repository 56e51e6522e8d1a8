/*
 * Calls of our own: placed on a schedule (settings.monitors) or because stirctl asks for one, and
 * what became of each. The schedule is here, since here is one whatever number of workers there
 * are: one call a monitor and period, over reloads and deaths of workers.
 *
 *   all workers are told what to look for (WATCH) and say so (WATCHED)
 *     -> one of them is told to place it (PLACE), and tells what it left with and what was answered
 *        (PLACED) when it has ended
 *     -> whoever sees it come back tells what arrived (ARRIVED)
 *     -> the result is judged here (monitor_result.h), where both are known
 *
 * What a broken worker says of them is shown, counted and alarmed, and changes no call.
 */
#include "asker.h"
#include "worker_places.h"

#include <inttypes.h>
#include <stird/base/clock.h>
#include <stird/core/emergency.h>
#include <stird/core/masked.h>
#include <stird/core/monitor_result.h>
#include <stird/core/outcome.h>
#include <stird/core/service_word.h>
#include <stird/io/admin.h>
#include <stird/io/record.h>
#include <string.h>

#define RUNS_MAX       MONITORS_MAX
#define ARRIVALS_MAX   4
#define WATCH_MS       2000 /* for the workers to say that they look for it */
#define LATE_MS        3000 /* after its time: the worker tells of it, the last news come */
#define SETTLE_MS      1200 /* news come twice a second */
#define CLOCK_SLACK_S  1    /* real time may be set back meanwhile */
#define FIRST_MS       1000 /* after the start, one monitor after the other */
#define BY_HAND_MAX    4    /* at once */
#define BY_HAND_BURST  20   /* so many soon, */
#define BY_HAND_GAP_MS 3000 /* then one in this time */

/* A call on its way. */
struct run {
    uint64_t ticket; /* 0: none */
    char name[MONITOR_NAME_BYTES];
    struct monitor_watch watch;
    struct monitor_order order;
    uint32_t span_ms;      /* how long it may last */
    uint64_t unsent, owed; /* workers that are not told yet, that have not said so yet */
    int64_t place_ms;      /* then it is placed, whoever has not said so */
    bool is_placed, has_ended, by_stop;
    unsigned worker;
    int64_t due_ms; /* then it is judged */
    struct monitor_placed placed;
    struct monitor_arrival arrivals[ARRIVALS_MAX];
    unsigned n;
};

/* A monitor of the configuration. */
struct kept_monitor {
    char name[MONITOR_NAME_BYTES];
    int64_t due_ms;
    uint64_t ticket; /* of the call that runs; 0: none */
    bool is_known;   /* LAST is one */
    bool is_below;
    int64_t at_s; /* real time of its result */
    struct monitor_result last;
    uint64_t calls, below;
};

struct monitors {
    struct run runs[RUNS_MAX];
    struct kept_monitor kept[MONITORS_MAX]; /* by the index of the settings */
    unsigned n;
    uint64_t last_ticket, n_below;
    uint64_t results[MONITOR_FOUND];
    int64_t by_hand_ms; /* when those that were asked for are made up for */
    bool began;
};

static struct monitors *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_monitors);
}

static struct run *run_of(const struct supervisor *s, uint64_t ticket)
{
    for (unsigned i = 0; i < RUNS_MAX && ticket != 0; i++)
        if (own(s)->runs[i].ticket == ticket)
            return &own(s)->runs[i];
    return NULL;
}

static struct run *free_run(const struct supervisor *s)
{
    for (unsigned i = 0; i < RUNS_MAX; i++)
        if (own(s)->runs[i].ticket == 0)
            return &own(s)->runs[i];
    return NULL;
}

static const struct monitor_setting *setting_of(const struct supervisor *s, unsigned i)
{
    return &s->current.settings->monitors[i];
}

/* Workers look for one call to a number. */
static bool is_called(const struct supervisor *s, struct str to)
{
    for (unsigned i = 0; i < RUNS_MAX; i++)
        if (own(s)->runs[i].ticket != 0 && str_eq(str_of(own(s)->runs[i].watch.to), to))
            return true;
    return false;
}

/* ---- what workers are told ---- */

static uint64_t bit_of(const struct child *c)
{
    return UINT64_C(1) << c->index;
}

static int send_place(struct run *r, struct child *c)
{
    const int64_t now_ms = clock_monotonic_ms();
    struct control_message m = {.type = CONTROL_PLACE, .place = r->order};
    m.place.until_ms = now_ms + r->span_ms;
    const int error = child_send(c, &m, NULL, 0);
    if (error)
        return error;
    r->is_placed = true;
    r->due_ms = now_ms + r->span_ms + LATE_MS;
    return 0;
}

static int tell(struct supervisor *s, struct child *c)
{
    for (unsigned i = 0; i < RUNS_MAX; i++) {
        struct run *r = &own(s)->runs[i];
        const struct control_message m = {.type = CONTROL_WATCH, .watch = r->watch};
        if (r->ticket == 0 || !(r->unsent & bit_of(c)))
            continue;
        const int error = child_send(c, &m, NULL, 0);
        if (error)
            return error;
        r->unsent &= ~bit_of(c);
    }
    return 0;
}

static const struct due due = {tell};

/* Whoever calls the number from now on is any caller. A worker that cannot be told now ends it by
   its own clock. */
static void tell_end(struct supervisor *s, const struct run *r)
{
    struct control_message m = {.type = CONTROL_WATCH, .watch = r->watch};
    m.watch.until_ms = 0;
    for (unsigned w = 0; w < worker_count(s); w++) {
        struct child *c = worker_at(s, w);
        const int error = c->pid > 0 && c->control_fd >= 0 ? child_send(c, &m, NULL, 0) : 0;
        if (error)
            supervisor_lacks(s, LACK_TELLING, -error, clock_monotonic_ms());
    }
}

/* A worker that begins looks for all that run. */
static int give(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    if (c->role->id != ROLE_WORKER)
        return 0;
    for (unsigned i = 0; i < RUNS_MAX; i++)
        if (own(s)->runs[i].ticket != 0)
            own(s)->runs[i].unsent |= bit_of(c);
    return tell(s, c);
}

/* ---- a result ---- */

static void put_text(struct json *j, struct str key, struct str value)
{
    json_put_key(j, key);
    if (value.n > 0)
        json_put_string(j, value);
    else
        json_put_null(j);
}

static void put_number(struct json *j, struct str key, int64_t value)
{
    json_put_key(j, key);
    json_put_integer(j, value);
}

static void put_bool(struct json *j, struct str key, bool value)
{
    json_put_key(j, key);
    json_put_bool(j, value);
}

static struct str level_text(const uint8_t *level)
{
    return (struct str){(const char *)level, *level != 0};
}

static void put_result(struct json *j, const struct monitor_result *r)
{
    put_text(j, STR("result"), monitor_found_name(r->found));
    put_text(j, STR("text"), monitor_found_text(r->found));
    put_text(j, STR("sent_level"), level_text(&r->sent_level));
    put_text(j, STR("level"), level_text(&r->level));
    put_text(j, STR("signer"), str_of(r->signer));
    put_text(j, STR("trunk_in"), str_of(r->trunk));
    put_text(j, STR("reason"), reason_name(r->reason));
    put_text(j, STR("check"), r->check < VERIFY_CHECKS ? verify_check_name(r->check) : STR(""));
    put_bool(j, STR("number_changed"), r->number_changed);
    put_bool(j, STR("signed_again_too"), r->also_signed);
    put_bool(j, STR("token_spoilt"), r->ours_spoilt);
    json_put_key(j, STR("delay_ms"));
    if (r->delay_ms < 0)
        json_put_null(j);
    else
        json_put_integer(j, r->delay_ms);
}

static void put_answers(struct json *j, const struct monitor_placed *p)
{
    json_put_key(j, STR("answers"));
    json_begin_array(j);
    for (unsigned i = 0; i < p->n_said; i++) {
        json_begin_object(j);
        put_number(j, STR("sip_status"), p->said[i].status);
        put_number(j, STR("after_ms"), p->said[i].after_ms);
        json_end_object(j);
    }
    json_end_array(j);
}

/* What stirctl is told of a call that it asked for. */
static void put_call(struct json *j, const struct run *r, const struct monitor_result *result)
{
    const struct monitor_placed *p = &r->placed;
    json_begin_object(j);
    put_text(j, STR("trunk"), str_of(r->order.trunk));
    put_text(j, STR("from"), str_of(r->order.from));
    put_text(j, STR("to"), str_of(r->order.to));
    put_text(j, STR("upstream"), str_of(p->upstream));
    put_text(j, STR("fault"),
             r->by_stop      ? STR("stird stopped before it had ended")
             : !r->has_ended ? STR("the worker that placed it ended")
             : p->fault      ? monitor_fault_text((enum monitor_fault)p->fault)
                             : STR(""));
    put_text(j, STR("decision"), verdict_name((enum verdict)p->verdict));
    put_text(j, STR("decision_reason"), reason_name((enum reason)p->reason));
    put_text(j, STR("decision_text"), reason_text((enum reason)p->reason));
    put_text(j, STR("cause"), cause_name((enum cause)p->cause));
    put_number(j, STR("sip_status"), p->sip_status);
    put_bool(j, STR("stopped"), p->stopped || r->by_stop);
    put_bool(j, STR("stays_up"), p->stays_up);
    put_answers(j, p);
    put_result(j, result);
    put_text(j, STR("calling"), str_of(result->calling));
    json_end_object(j);
}

static struct kept_monitor *kept_of(const struct supervisor *s, uint64_t ticket)
{
    for (unsigned i = 0; i < own(s)->n; i++)
        if (own(s)->kept[i].ticket == ticket)
            return &own(s)->kept[i];
    return NULL;
}

static void tell_log(const struct kept_monitor *k, const struct monitor_result *result)
{
    const char *const line = k->is_below ? "a monitor's call did not arrive as it should"
                                         : "a monitor's call arrived as it should again";
    const struct log_field fields[] = {
        LOG_TEXT("monitor", str_of(k->name)),
        LOG_TEXT("result", monitor_found_name(result->found)),
        LOG_TEXT("level", result->level ? level_text(&result->level) : STR("-")),
        LOG_TEXT("signer", result->signer[0] ? str_of(result->signer) : STR("-")),
        LOG_TEXT("reason", reason_name(result->reason)),
        LOG_CSTR("number", result->number_changed ? "changed" : "same"),
        LOG_NUMBER("delay_ms", result->delay_ms)};
    if (k->is_below)
        log_warning(line, fields[0], fields[1], fields[2], fields[3], fields[4], fields[5],
                    fields[6]);
    else
        log_info(line, fields[0], fields[1], fields[2], fields[3], fields[4], fields[5], fields[6]);
}

static void keep_result(struct supervisor *s, struct kept_monitor *k,
                        const struct monitor_result *result)
{
    const struct monitor_setting *m = setting_of(s, (unsigned)(k - own(s)->kept));
    const bool was_below = k->is_known && k->is_below;
    k->ticket = 0;
    k->is_known = true;
    k->last = *result;
    k->at_s = clock_real_s();
    k->calls++;
    k->is_below = !monitor_result_meets(result, m->expect);
    k->below += k->is_below;
    own(s)->n_below += k->is_below;
    if (k->is_below || was_below)
        tell_log(k, result);
}

struct answering {
    const struct run *run;
    const struct monitor_result *result;
};

static void answer_of(struct supervisor *s, struct asker *a, void *user)
{
    const struct answering *of = user;
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    (void)s;
    if (a->ticket != of->run->ticket)
        return;
    put_call(&j, of->run, of->result);
    asker_answer_json(a, 0, &out);
    buf_fini(&out);
}

static void judge(struct supervisor *s, struct run *r)
{
    struct monitor_result result;
    struct kept_monitor *k = kept_of(s, r->ticket);
    monitor_result_judge(&result, str_of(r->order.from), r->has_ended ? &r->placed : NULL,
                         r->arrivals, r->n);
    own(s)->results[result.found]++;
    if (k)
        keep_result(s, k, &result);
    asker_each(s, &part_monitors, answer_of, &(struct answering){r, &result});
    tell_end(s, r);
    *r = (struct run){.ticket = 0};
}

/* ---- what workers say ---- */

static void take_watched(struct supervisor *s, const struct heard *h)
{
    struct run *r = run_of(s, h->message->watched.generation);
    if (r)
        r->owed &= ~bit_of(h->child);
}

/* When the evidence can be no better, nothing more is waited for. */
static void settle(struct run *r, int64_t now_ms)
{
    bool ours = false;
    for (unsigned i = 0; i < r->n; i++)
        ours = ours || monitor_result_is_ours(&r->placed, &r->arrivals[i]);
    if (r->has_ended && now_ms + SETTLE_MS < r->due_ms)
        r->due_ms = now_ms + SETTLE_MS;
    if (r->has_ended && (ours || r->placed.fault != MONITOR_BEGAN))
        r->due_ms = now_ms;
}

static void take_placed(struct supervisor *s, const struct heard *h)
{
    const struct monitor_placed *news = &h->message->placed;
    struct run *r = run_of(s, news->ticket);
    if (!r || !r->is_placed || r->has_ended || h->child->index != r->worker ||
        !monitor_placed_is_sound(news))
        return;
    r->placed = *news;
    r->has_ended = true;
    settle(r, h->now_ms);
    if (s->stopping)
        r->due_ms = h->now_ms;
}

static void take_arrived(struct supervisor *s, const struct heard *h)
{
    const struct monitor_arrival *news = &h->message->arrived;
    struct run *r = run_of(s, news->ticket);
    if (!r || !monitor_arrival_is_sound(news))
        return;
    monitor_result_keep(r->arrivals, &r->n, ARRIVALS_MAX, str_of(r->order.from), news);
    settle(r, h->now_ms);
}

static const struct word hears[] = {{ROLE_WORKER, CONTROL_WATCHED, take_watched},
                                    {ROLE_WORKER, CONTROL_PLACED, take_placed},
                                    {ROLE_WORKER, CONTROL_ARRIVED, take_arrived},
                                    {.take = NULL}};

/* ---- beginning ---- */

static bool serves(const struct child *c)
{
    return c->pid > 0 && c->state == CHILD_SERVING && c->control_fd >= 0;
}

/* One after the other has its turn. */
static bool choose_worker(const struct supervisor *s, struct run *r)
{
    for (unsigned i = 0; i < worker_count(s); i++) {
        r->worker = (unsigned)((r->ticket + i) % worker_count(s));
        if (serves(worker_at(s, r->worker)))
            return true;
    }
    return false;
}

struct wanted {
    struct str name, trunk, upstream, from, to;
    uint32_t span_ms;
    enum monitor_ending ending;
};

/* NULL: there is no room, or nobody who could place it. */
static struct run *begin(struct supervisor *s, const struct wanted *w, int64_t now_ms)
{
    struct run *r = free_run(s);
    if (!r || !s->ready || s->stopping)
        return NULL;
    *r = (struct run){.ticket = ++own(s)->last_ticket,
                      .span_ms = w->span_ms,
                      .place_ms = now_ms + WATCH_MS,
                      .due_ms = INT64_MAX};
    if (!choose_worker(s, r)) {
        r->ticket = 0;
        return NULL;
    }
    monitor_put(r->name, sizeof(r->name), w->name);
    r->watch.ticket = r->order.ticket = r->ticket;
    r->watch.until_ms = now_ms + WATCH_MS + w->span_ms;
    r->watch.since_s = clock_real_s() - CLOCK_SLACK_S;
    r->order.ending = w->ending;
    monitor_put(r->watch.name, sizeof(r->watch.name), w->name);
    monitor_put(r->watch.from, sizeof(r->watch.from), w->from);
    monitor_put(r->watch.to, sizeof(r->watch.to), w->to);
    monitor_put(r->order.name, sizeof(r->order.name), w->name);
    monitor_put(r->order.from, sizeof(r->order.from), w->from);
    monitor_put(r->order.to, sizeof(r->order.to), w->to);
    monitor_put(r->order.trunk, sizeof(r->order.trunk), w->trunk);
    monitor_put(r->order.upstream, sizeof(r->order.upstream), w->upstream);
    for (unsigned i = 0; i < worker_count(s); i++)
        if (serves(worker_at(s, i))) {
            r->unsent |= UINT64_C(1) << i;
            r->owed |= UINT64_C(1) << i;
            supervisor_owe(s, worker_at(s, i), &due);
        }
    return r;
}

static void begin_scheduled(struct supervisor *s, unsigned i, int64_t now_ms)
{
    const struct settings *settings = s->current.settings;
    const struct monitor_setting *m = setting_of(s, i);
    struct kept_monitor *k = &own(s)->kept[i];
    const struct wanted w = {
        .name = m->name,
        .trunk = settings->trunks[m->trunk].name,
        .upstream = m->upstream == NO_UPSTREAM ? STR("") : settings->upstreams[m->upstream].name,
        .from = m->from,
        .to = m->to,
        .span_ms = m->seconds_ms,
        .ending = MONITOR_ENDS_BY_TIME};
    const struct run *r = is_called(s, m->to) ? NULL : begin(s, &w, now_ms);
    if (!r) {
        k->due_ms = now_ms + FIRST_MS;
        return;
    }
    k->ticket = r->ticket;
    k->due_ms += m->every_ms;
    if (k->due_ms <= now_ms)
        k->due_ms = now_ms + m->every_ms;
}

/* ---- time ---- */

static void go_on(struct supervisor *s, struct run *r, int64_t now_ms)
{
    struct child *c = worker_at(s, r->worker);
    if (!r->is_placed && (r->owed == 0 || now_ms >= r->place_ms)) {
        if (!serves(c) || (send_place(r, c) && now_ms >= r->place_ms))
            r->due_ms = now_ms;
    }
    if (now_ms >= r->due_ms)
        judge(s, r);
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    for (unsigned i = 0; i < RUNS_MAX; i++)
        if (own(s)->runs[i].ticket != 0)
            go_on(s, &own(s)->runs[i], now_ms);
    for (unsigned i = 0; own(s)->began && !s->stopping && i < own(s)->n; i++)
        if (own(s)->kept[i].ticket == 0 && now_ms >= own(s)->kept[i].due_ms)
            begin_scheduled(s, i, now_ms);
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    int64_t first = INT64_MAX;
    (void)now_ms;
    for (unsigned i = 0; i < RUNS_MAX; i++) {
        const struct run *r = &own(s)->runs[i];
        const int64_t at = !r->is_placed && r->place_ms < r->due_ms ? r->place_ms : r->due_ms;
        if (r->ticket != 0 && at < first)
            first = at;
    }
    for (unsigned i = 0; own(s)->began && !s->stopping && i < own(s)->n; i++)
        if (own(s)->kept[i].ticket == 0 && own(s)->kept[i].due_ms < first)
            first = own(s)->kept[i].due_ms;
    return first;
}

/* ---- events ---- */

/* What was known of those that go on stays; the others begin. */
static void take_settings(struct supervisor *s, int64_t now_ms)
{
    const struct settings *settings = s->current.settings;
    struct monitors *m = own(s);
    static struct kept_monitor next[MONITORS_MAX];
    memset(next, 0, sizeof(next));
    for (unsigned i = 0; i < settings->n_monitors && i < MONITORS_MAX; i++) {
        next[i].due_ms = now_ms + FIRST_MS * (int64_t)(i + 1);
        for (unsigned k = 0; k < m->n; k++)
            if (str_eq(str_of(m->kept[k].name), settings->monitors[i].name)) {
                next[i] = m->kept[k];
                if (next[i].due_ms > now_ms + settings->monitors[i].every_ms)
                    next[i].due_ms = now_ms + settings->monitors[i].every_ms;
            }
        monitor_put(next[i].name, sizeof(next[i].name), settings->monitors[i].name);
        next[i].is_below = next[i].is_known &&
                           !monitor_result_meets(&next[i].last, settings->monitors[i].expect);
    }
    memcpy(m->kept, next, sizeof(next));
    m->n = settings->n_monitors < MONITORS_MAX ? settings->n_monitors : MONITORS_MAX;
}

static void on_ready(struct supervisor *s, const struct news *news)
{
    (void)news;
    own(s)->began = true;
    take_settings(s, clock_monotonic_ms());
}

static void on_in_force(struct supervisor *s, const struct news *news)
{
    (void)news;
    if (own(s)->began)
        take_settings(s, clock_monotonic_ms());
}

/* What a dead worker placed is not known any more. */
static void on_gone(struct supervisor *s, const struct news *news)
{
    if (news->child->role->id != ROLE_WORKER)
        return;
    for (unsigned i = 0; i < RUNS_MAX; i++) {
        struct run *r = &own(s)->runs[i];
        r->owed &= ~bit_of(news->child);
        r->unsent &= ~bit_of(news->child);
        if (r->ticket != 0 && r->worker == news->child->index && !r->has_ended) {
            r->due_ms = 0;
            r->by_stop = s->stopping;
        }
    }
}

/* ---- stirctl ---- */

static bool has_upstream(const struct settings *s, const struct trunk *t, struct str name)
{
    for (unsigned i = 0; i < t->n_upstreams; i++)
        if (str_eq(s->upstreams[t->upstreams[i]].name, name))
            return true;
    return name.n == 0;
}

static bool is_number(struct str digits)
{
    struct tn tn;
    return tn_from_digits(&tn, digits) && tn.n >= TN_MIN_DIGITS && digits.p[0] != '+';
}

static bool is_emergency(const struct settings *s, const char *text)
{
    return emergency_uris(s, str_of(text), str_of(text));
}

/* Why it cannot be; NULL: it can. */
static const char *fault_of(const struct supervisor *s, const struct wanted *w)
{
    const struct settings *settings = s->current.settings;
    const struct trunk *t = NULL;
    char uri[MONITOR_NUMBER_BYTES + 8];
    for (unsigned i = 0; i < settings->n_trunks; i++)
        if (str_eq(settings->trunks[i].name, w->trunk))
            t = &settings->trunks[i];
    if (!t)
        return "no trunk has this name (stirctl trunk list)";
    if (!service_words[t->service].sends)
        return "the service of this trunk sends no calls";
    if (t->in_dialect)
        return "the SBC of this trunk asks by redirect: no call leaves by it";
    if (t->in_dialect)
        return "calls of this trunk do not leave by stird, its SBC routes them itself (front = "
               "\"redirect\"): name one whose calls leave here";
    if (!service_words[t->service].signs)
        return "the service of this trunk signs nothing, it only verifies: name the trunk of your "
               "own SBC, whose calls leave signed";
    if (!has_upstream(settings, t, w->upstream))
        return "this trunk has no such upstream (stirctl upstream list)";
    if (!is_number(w->from) || !is_number(w->to))
        return "--from and --to take numbers in international form: +12155550100";
    snprintf(uri, sizeof(uri), "tel:+%.*s", STR_ARG(w->to));
    return is_emergency(settings, uri) ? "no call is placed to an emergency number" : NULL;
}

static const char *crowd_of(const struct supervisor *s, const struct wanted *w, int64_t now_ms)
{
    unsigned n = 0;
    for (unsigned i = 0; i < RUNS_MAX; i++)
        n += own(s)->runs[i].ticket != 0 && !own(s)->runs[i].name[0];
    if (is_called(s, w->to))
        return "a call of stird's own to this number is under way: ask again when it has ended";
    if (n >= BY_HAND_MAX || own(s)->by_hand_ms - now_ms > BY_HAND_BURST * BY_HAND_GAP_MS)
        return "other calls were asked for just now: ask again in a moment";
    return s->stopping ? "stird stops: it takes no new calls" : NULL;
}

/* "trunk, upstream, from, to, ms, ending", a NUL between them. */
static bool read_wanted(struct wanted *w, struct str text)
{
    uint64_t span, ending;
    w->trunk = str_cut(&text, '\0');
    w->upstream = str_cut(&text, '\0');
    w->from = str_cut(&text, '\0');
    w->to = str_cut(&text, '\0');
    struct str number = str_cut(&text, '\0');
    if (!text.p || !str_to_u64(number, MONITOR_SECONDS_MAX * 1000, &span) || span == 0 ||
        !str_to_u64(text, MONITOR_ENDINGS - 1, &ending))
        return false;
    w->span_ms = (uint32_t)span;
    w->ending = (enum monitor_ending)ending;
    return true;
}

static void act_call(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    struct wanted w = {.name = STR("")};
    const char *why = read_wanted(&w, text) ? fault_of(s, &w) : "such a call cannot be asked for";
    if (!why)
        why = crowd_of(s, &w, now_ms);
    const struct run *r = why ? NULL : begin(s, &w, now_ms);
    if (!r) {
        asker_answer(a, ASKER_REFUSED, str_of(why ? why : "no worker can place it now"));
        return;
    }
    if (own(s)->by_hand_ms < now_ms)
        own(s)->by_hand_ms = now_ms;
    own(s)->by_hand_ms += BY_HAND_GAP_MS;
    log_info("a call of our own was asked for", LOG_TEXT("trunk", w.trunk),
             LOG_TEXT("upstream", w.upstream.n > 0 ? w.upstream : STR("-")),
             LOG_NUMBER("by_uid", a->uid));
    asker_wait(a, &part_monitors, r->ticket, now_ms + w.span_ms + 2 * (WATCH_MS + LATE_MS));
}

static void late(struct supervisor *s, struct asker *a)
{
    (void)s;
    asker_answer(a, ASKER_REFUSED, STR("the call was placed, and nothing was heard of it"));
}

static void put_time(struct json *j, struct str key, int64_t time_s)
{
    struct buf text = BUF_INIT;
    record_add_time(&text, time_s * 1000000);
    put_text(j, key, buf_str(&text));
    buf_fini(&text);
}

static struct str expect_name(enum monitor_expect expect)
{
    static const char *const names[] = {"A", "B", "C", "signed", "arrives"};
    return str_of(names[expect]);
}

static void put_monitor(struct json *j, const struct supervisor *s, unsigned i)
{
    const struct settings *settings = s->current.settings;
    const struct monitor_setting *m = &settings->monitors[i];
    const struct kept_monitor *k = &own(s)->kept[i];
    json_begin_object(j);
    put_text(j, STR("name"), m->name);
    put_text(j, STR("trunk"), settings->trunks[m->trunk].name);
    put_text(j, STR("upstream"),
             m->upstream == NO_UPSTREAM ? STR("") : settings->upstreams[m->upstream].name);
    put_text(j, STR("expect"), expect_name(m->expect));
    put_number(j, STR("every_s"), m->every_ms / 1000);
    put_bool(j, STR("calls_now"), k->ticket != 0);
    put_number(j, STR("calls"), (int64_t)k->calls);
    put_number(j, STR("calls_below"), (int64_t)k->below);
    put_text(j, STR("state"),
             !k->is_known  ? STR("unknown")
             : k->is_below ? STR("below")
                           : STR("well"));
    if (k->is_known) {
        put_time(j, STR("at"), k->at_s);
        put_number(j, STR("at_s"), k->at_s);
        put_result(j, &k->last);
    }
    json_end_object(j);
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    (void)now_ms;
    json_put_key(j, STR("monitors"));
    json_begin_array(j);
    for (unsigned i = 0; i < own(s)->n; i++)
        put_monitor(j, s, i);
    json_end_array(j);
}

static void act_list(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    (void)text;
    json_begin_object(&j);
    put_status(s, &j, now_ms);
    json_end_object(&j);
    asker_answer_json(a, 0, &out);
    buf_fini(&out);
}

/* ---- counts ---- */

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    for (unsigned i = 0; i < own(s)->n; i++)
        values[ALARM_monitor_below] += own(s)->kept[i].is_below;
}

static void add_counts(const struct supervisor *s, struct service_counters *c)
{
    _Static_assert(sizeof(c->monitor_results) == sizeof(own(s)->results), "a number for each");
    memcpy(c->monitor_results, own(s)->results, sizeof(c->monitor_results));
    c->monitors_below = own(s)->n_below;
}

static const struct ask asks[] = {{ADMIN_CALL, act_call, CONTROL_CHANGE},
                                  {ADMIN_MONITORS, act_list, CONTROL_LOOK},
                                  {.act = NULL}};

const struct part part_monitors = {
    .name = "monitors",
    .bytes = sizeof(struct monitors),
    .give = give,
    .hears = hears,
    .deadline = deadline,
    .tick = tick,
    .on = {[EVENT_READY] = on_ready, [EVENT_IN_FORCE] = on_in_force, [EVENT_CHILD_GONE] = on_gone},
    .count = count,
    .put_status = put_status,
    .add_counts = add_counts,
    .asks = asks,
    .late = late};
