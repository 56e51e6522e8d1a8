/*
 * Calls that an operator traces: stirctl says which, and for how long. The supervisor makes the
 * memory (call_trace.h) and hands it to all workers, also to one that begins later; stirctl gets it
 * when it asks. Nothing of it is written to a file here. A trace ends by itself, and is forgotten
 * some time after.
 */
#include "asker.h"
#include "worker_places.h"

#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/core/masked.h>
#include <stird/io/admin.h>
#include <stird/io/call_trace.h>
#include <stird/io/record.h>
#include <string.h>
#include <unistd.h>

#define WAIT_LIMIT_MS 5000 /* for workers to begin */

static const struct str kinds[CALL_TRACE_KINDS] = {[CALL_TRACE_TN] = STR("tn"),
                                                   [CALL_TRACE_TRUNK] = STR("trunk"),
                                                   [CALL_TRACE_CALL_ID] = STR("call_id")};

struct kept_trace {
    uint64_t id; /* 0: this place is free */
    enum call_trace_kind kind;
    char value[CALL_TRACE_TEXT];
    int64_t begun_s;
    int64_t until_ms; /* monotonic: it ends, or has ended */
    bool ended;
    int fd;
    struct call_trace *memory; /* to be looked at */
    uint64_t unsent, owed;     /* workers, a bit each: who was not told, who has not begun */
};

struct traces {
    struct kept_trace kept[CALL_TRACES_MAX];
    uint64_t last_id;
};
_Static_assert(WORKERS_MAX <= 64, "a bit each");

static struct traces *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_tracing);
}

static struct kept_trace *trace_of(const struct supervisor *s, uint64_t id)
{
    for (unsigned i = 0; i < CALL_TRACES_MAX; i++)
        if (id != 0 && own(s)->kept[i].id == id)
            return &own(s)->kept[i];
    return NULL;
}

/* ---- workers ---- */

/* Tells C all that it has not been told. 0 or -errno. */
static int tell(struct supervisor *s, struct child *c)
{
    const uint64_t bit = UINT64_C(1) << c->index;
    for (unsigned i = 0; i < CALL_TRACES_MAX; i++) {
        struct kept_trace *t = &own(s)->kept[i];
        struct control_message m = {.type = CONTROL_TRACE,
                                    .trace = {t->id, t->until_ms, t->kind, 0, ""}};
        if (t->id == 0 || t->ended || !(t->unsent & bit))
            continue;
        memcpy(m.trace.value, t->value, sizeof(t->value));
        int r = child_send(c, &m, &t->fd, 1);
        if (r)
            return r;
        t->unsent &= ~bit;
    }
    return 0;
}

static const struct due due = {tell};

/* A worker that begins has all that run before its first call. */
static int give(struct supervisor *s, struct child *c, int64_t now_ms)
{
    const uint64_t bit = UINT64_C(1) << c->index;
    (void)now_ms;
    if (c->role->id != ROLE_WORKER)
        return 0;
    for (unsigned i = 0; i < CALL_TRACES_MAX; i++) {
        struct kept_trace *t = &own(s)->kept[i];
        t->unsent |= t->id != 0 && !t->ended ? bit : 0;
        t->owed |= t->id != 0 && !t->ended ? bit : 0;
    }
    return tell(s, c);
}

/* A worker that cannot be told now ends it by its own clock. */
static void tell_end(struct supervisor *s, uint64_t id, int64_t now_ms)
{
    const struct control_message m = {.type = CONTROL_TRACE_END, .trace_end = {id}};
    for (unsigned w = 0; w < worker_count(s); w++) {
        struct child *c = worker_at(s, w);
        int r = c->pid > 0 && c->control_fd >= 0 ? child_send(c, &m, NULL, 0) : 0;
        if (r)
            supervisor_lacks(s, LACK_TELLING, -r, now_ms);
    }
}

/* ---- what is told of one ---- */

static void put_text(struct json *j, struct str key, struct str value)
{
    json_put_key(j, key);
    json_put_string(j, value);
}

static void put_number(struct json *j, struct str key, int64_t value)
{
    json_put_key(j, key);
    json_put_integer(j, value);
}

static void put_time(struct json *j, struct str key, int64_t time_s)
{
    struct buf text = BUF_INIT;
    record_add_time(&text, time_s * 1000000);
    put_text(j, key, buf_str(&text));
    buf_fini(&text);
}

/* Whom it is about is for those who ask for traces. */
static void put_trace(struct json *j, const struct kept_trace *t, bool tells_value, int64_t now_ms)
{
    const struct call_trace_counts n = call_trace_count(t->memory);
    json_begin_object(j);
    put_number(j, STR("id"), (int64_t)t->id);
    put_text(j, STR("by"), kinds[t->kind]);
    if (tells_value)
        put_text(j, STR("value"), str_of(t->value));
    put_text(j, STR("state"), t->ended ? STR("ended") : STR("running"));
    put_time(j, STR("begun"), t->begun_s);
    put_number(j, STR("left_s"), t->ended ? 0 : (t->until_ms - now_ms + 999) / 1000);
    put_number(j, STR("calls"), (int64_t)n.calls);
    put_number(j, STR("messages"), (int64_t)n.messages);
    put_number(j, STR("octets"), (int64_t)n.bytes);
    put_number(j, STR("room"), CALL_TRACE_BYTES);
    put_number(j, STR("calls_missed"), (int64_t)n.calls_missed);
    put_number(j, STR("messages_missed"), (int64_t)n.missed);
    json_end_object(j);
}

static void put_traces(const struct supervisor *s, struct json *j, bool tells_value, int64_t now_ms)
{
    json_put_key(j, STR("traces"));
    json_begin_array(j);
    for (unsigned i = 0; i < CALL_TRACES_MAX; i++)
        if (own(s)->kept[i].id != 0)
            put_trace(j, &own(s)->kept[i], tells_value, now_ms);
    json_end_array(j);
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    put_traces(s, j, false, now_ms);
}

/* Numbers in the log are masked as records are. */
static void tell_log(const struct supervisor *s, const struct kept_trace *t, const char *what)
{
    const struct settings *settings = s->current.settings;
    struct tn number;
    struct str value = str_of(t->value);
    if (t->kind == CALL_TRACE_TN && tn_from_digits(&number, value)) {
        number = masked_number(&number, settings->mask_numbers);
        value = tn_str(&number);
    }
    log_info(what, LOG_NUMBER("id", (int64_t)t->id), LOG_TEXT("by", kinds[t->kind]),
             LOG_TEXT("value", value),
             LOG_NUMBER("messages", (int64_t)call_trace_count(t->memory).messages));
}

/* ---- begin and end ---- */

static void end_trace(struct supervisor *s, struct kept_trace *t, int64_t now_ms)
{
    if (t->ended)
        return;
    t->ended = true;
    t->unsent = t->owed = 0;
    t->until_ms = now_ms;
    tell_end(s, t->id, now_ms);
    tell_log(s, t, "a trace of calls has ended");
}

static void forget(struct kept_trace *t)
{
    call_trace_unmap(t->memory);
    close(t->fd);
    *t = (struct kept_trace){.fd = -1};
}

static void answer_if_begun(struct supervisor *s, struct asker *a, void *user)
{
    const struct kept_trace *t = trace_of(s, a->ticket);
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    if (t && t->owed != 0)
        return;
    if (t)
        put_trace(&j, t, true, *(const int64_t *)user);
    if (t && !buf_failed(&out))
        asker_answer(a, 0, buf_str(&out));
    else
        asker_answer(a, ASKER_REFUSED, STR("the trace is gone: stirctl trace list"));
    buf_fini(&out);
}

static void answer_all(struct supervisor *s, int64_t now_ms)
{
    asker_each(s, &part_tracing, answer_if_begun, &now_ms);
}

static void late(struct supervisor *s, struct asker *a)
{
    (void)s;
    asker_answer(a, ASKER_REFUSED,
                 STR("the trace runs, but not all workers have begun it: messages may be missing "
                     "(stirctl trace list, stirctl status)"));
}

static struct kept_trace *free_place(struct supervisor *s)
{
    for (unsigned i = 0; i < CALL_TRACES_MAX; i++)
        if (own(s)->kept[i].id == 0)
            return &own(s)->kept[i];
    return NULL;
}

/* What stirctl asks for: false when it is nothing that can be traced. */
static bool read_wanted(struct kept_trace *t, struct str text, int64_t *seconds)
{
    uint64_t number;
    struct tn tn;
    const struct str kind = str_cut(&text, '\0'), value = str_cut(&text, '\0');
    while (t->kind < CALL_TRACE_KINDS && !str_eq(kind, kinds[t->kind]))
        t->kind++;
    if (t->kind == CALL_TRACE_KINDS || value.n == 0 || value.n >= sizeof(t->value) || !text.p ||
        !str_to_u64(text, CALL_TRACE_MAX_S, &number) || number == 0)
        return false;
    memcpy(t->value, value.p, value.n);
    *seconds = (int64_t)number;
    return t->kind != CALL_TRACE_TN || tn_from_digits(&tn, value);
}

static bool is_trunk(const struct settings *settings, struct str name)
{
    for (unsigned i = 0; i < settings->n_trunks; i++)
        if (str_eq(settings->trunks[i].name, name))
            return true;
    return false;
}

/* Why there cannot be another one; NULL: T is it, but for its number. */
static const char *make_trace(struct supervisor *s, struct kept_trace *t, struct str text,
                              int64_t now_ms)
{
    int64_t seconds;
    if (!read_wanted(t, text, &seconds))
        return "a trace is of a number, a trunk or a Call-ID, for an hour at most";
    if (t->kind == CALL_TRACE_TRUNK && !is_trunk(s->current.settings, str_of(t->value)))
        return "no trunk has this name (stirctl status lists them)";
    if (!free_place(s))
        return "there are as many traces as there may be: save what you need of one that has "
               "ended, and remove it (stirctl trace list)";
    t->fd = call_trace_memory();
    t->memory = t->fd >= 0 ? call_trace_map(t->fd, false) : NULL;
    if (!t->memory)
        return "there is no memory for it (8 MiB)";
    t->begun_s = clock_real_s();
    t->until_ms = now_ms + seconds * 1000;
    return NULL;
}

static void begin_in_workers(struct supervisor *s, struct kept_trace *t)
{
    for (unsigned w = 0; w < worker_count(s); w++) {
        if (worker_at(s, w)->pid <= 0)
            continue;
        t->unsent |= UINT64_C(1) << w;
        t->owed |= UINT64_C(1) << w;
        supervisor_owe(s, worker_at(s, w), &due);
    }
}

static void act_add(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    struct kept_trace t = {.fd = -1};
    const char *why = make_trace(s, &t, text, now_ms);
    if (why) {
        if (t.fd >= 0)
            close(t.fd);
        asker_answer(a, ASKER_REFUSED, str_of(why));
        return;
    }
    struct kept_trace *place = free_place(s);
    *place = t;
    place->id = ++own(s)->last_id;
    tell_log(s, place, "calls are traced");
    asker_wait(a, &part_tracing, place->id, now_ms + WAIT_LIMIT_MS);
    begin_in_workers(s, place);
    answer_all(s, now_ms);
}

static void act_list(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    (void)text;
    json_begin_object(&j);
    put_traces(s, &j, true, now_ms);
    json_end_object(&j);
    asker_answer_json(a, 0, &out);
    buf_fini(&out);
}

/* NULL, and the asker is told. */
static struct kept_trace *named(struct supervisor *s, struct asker *a, struct str text)
{
    uint64_t id;
    struct kept_trace *t = str_to_u64(text, INT64_MAX, &id) ? trace_of(s, id) : NULL;
    if (!t)
        asker_answer(a, ASKER_REFUSED,
                     STR("there is no trace of this number (stirctl trace list)"));
    return t;
}

static void act_memory(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    const struct kept_trace *t = named(s, a, text);
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    if (!t)
        return;
    put_trace(&j, t, true, now_ms);
    if (buf_failed(&out))
        asker_answer(a, ASKER_REFUSED, STR("out of memory"));
    else if (a->answer(a, 0, buf_str(&out), &t->fd, 1))
        asker_answer(a, ASKER_REFUSED, STR("its memory cannot be handed over: ask again"));
    a->waits = false;
    buf_fini(&out);
}

static void act_remove(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    struct kept_trace *t = named(s, a, text);
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    if (!t)
        return;
    end_trace(s, t, now_ms);
    put_trace(&j, t, true, now_ms);
    forget(t);
    asker_answer_json(a, 0, &out);
    answer_all(s, now_ms);
    buf_fini(&out);
}

/* ---- what children say ---- */

static void take_in_use(struct supervisor *s, const struct heard *h)
{
    const uint64_t id = h->message->trace_in_use.generation;
    const uint64_t bit = UINT64_C(1) << h->child->index;
    struct kept_trace *t = trace_of(s, id);
    if (id == 0 || id > own(s)->last_id || (t && !t->ended && !(t->owed & bit))) {
        supervisor_child_false(s, h->child, "that it traces calls that it was not told to");
        return;
    }
    if (t)
        t->owed &= ~bit;
    answer_all(s, h->now_ms);
}

static const struct word hears[] = {{ROLE_WORKER, CONTROL_TRACE_IN_USE, take_in_use},
                                    {.take = NULL}};

/* ---- the part ---- */

static void on_gone(struct supervisor *s, const struct news *news)
{
    if (news->child->role->id != ROLE_WORKER)
        return;
    for (unsigned i = 0; i < CALL_TRACES_MAX; i++) {
        own(s)->kept[i].owed &= ~(UINT64_C(1) << news->child->index);
        own(s)->kept[i].unsent &= ~(UINT64_C(1) << news->child->index);
    }
    answer_all(s, clock_monotonic_ms());
}

static int64_t next_of(const struct kept_trace *t)
{
    if (t->id == 0)
        return INT64_MAX;
    return t->ended ? t->until_ms + CALL_TRACE_KEPT_S * INT64_C(1000) : t->until_ms;
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    int64_t first_ms = INT64_MAX;
    (void)now_ms;
    for (unsigned i = 0; i < CALL_TRACES_MAX; i++)
        if (next_of(&own(s)->kept[i]) < first_ms)
            first_ms = next_of(&own(s)->kept[i]);
    return first_ms;
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    for (unsigned i = 0; i < CALL_TRACES_MAX; i++) {
        struct kept_trace *t = &own(s)->kept[i];
        if (now_ms < next_of(t))
            continue;
        if (t->ended)
            forget(t);
        else
            end_trace(s, t, now_ms);
    }
}

static void init(struct supervisor *s)
{
    for (unsigned i = 0; i < CALL_TRACES_MAX; i++)
        own(s)->kept[i].fd = -1;
}

static void fini(struct supervisor *s)
{
    for (unsigned i = 0; i < CALL_TRACES_MAX; i++)
        if (own(s)->kept[i].id != 0)
            forget(&own(s)->kept[i]);
}

static const struct ask asks[] = {{ADMIN_TRACE_ADD, act_add, CONTROL_CHANGE},
                                  {ADMIN_TRACE_LIST, act_list, CONTROL_LOOK},
                                  {ADMIN_TRACE_MEMORY, act_memory, CONTROL_CHANGE},
                                  {ADMIN_TRACE_REMOVE, act_remove, CONTROL_CHANGE},
                                  {.act = NULL}};

const struct part part_tracing = {.name = "tracing",
                                  .bytes = sizeof(struct traces),
                                  .init = init,
                                  .fini = fini,
                                  .give = give,
                                  .hears = hears,
                                  .deadline = deadline,
                                  .tick = tick,
                                  .on = {[EVENT_CHILD_GONE] = on_gone},
                                  .put_status = put_status,
                                  .asks = asks,
                                  .late = late};
