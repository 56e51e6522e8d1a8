/*
 * A second configuration, read and checked as a reload's, by which the workers decide live calls
 * too (`stirctl reload --shadow`): nothing is signed by it, and it never comes into force. What it
 * would change is told by the workers and shown by `stirctl shadow`. It ends when somebody says so,
 * and when another configuration comes into force.
 */
#include "asker.h"
#include "questions.h"
#include "worker_places.h"

#include <stdlib.h>
#include <stird/base/json.h>
#include <stird/base/log.h>
#include <stird/io/admin.h>
#include <stird/io/record.h>
#include <string.h>

#define KINDS_MAX 100 /* of changes; calls of further ones are only counted */
#define LAST_MAX  20  /* calls */
#define SHOWN_MAX (ADMIN_REPLY_MAX * 3 / 4)

enum holding { HOLDS_NOT, HOLDS, CANNOT_HOLD };

/* What is kept while there is one. */
struct seen {
    struct shadow_change kinds[KINDS_MAX]; /* their counts are sums */
    uint64_t counts[KINDS_MAX];
    struct shadow_change last[LAST_MAX]; /* a ring */
    uint64_t n_last, others;             /* others: calls of kinds for which there was no room */
    unsigned n;
};

struct second {
    struct configuration configuration; /* its settings are NULL: there is none */
    enum holding workers[WORKERS_MAX];
    struct seen *seen;        /* NULL: none, or no memory for it */
    uint64_t compared_before; /* calls, by others before it */
};

static struct second *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_shadow);
}

static bool is_there(const struct supervisor *s)
{
    return own(s)->configuration.settings != NULL;
}

/* Calls that second configurations have decided since the start. */
static uint64_t compared(const struct supervisor *s)
{
    struct proxy_counters calls = {0};
    supervisor_ask_calls(s, &calls);
    return calls.shadow_compared;
}

/* ---- to the workers ---- */

/* Tells the worker what there is, or that there is none. */
static int tell(struct supervisor *s, struct child *c)
{
    const struct configuration *second = &own(s)->configuration;
    struct control_message m = {.type = CONTROL_SHADOW};
    const int fds[] = {second->files_fd, second->numbers_fd};
    if (!is_there(s))
        return child_send(c, &m, NULL, 0);
    if (s->path.n >= CONTROL_TEXT)
        return 0;
    m.shadow.generation = second->generation;
    m.shadow.read_at_s = second->read_at_s;
    memcpy(m.shadow.path, s->path.p, s->path.n);
    return child_send(c, &m, fds, 2);
}

static const struct due due = {tell};

static void tell_all(struct supervisor *s)
{
    for (unsigned w = 0; w < worker_count(s); w++) {
        own(s)->workers[w] = HOLDS_NOT;
        if (worker_at(s, w)->state == CHILD_SERVING)
            supervisor_owe(s, worker_at(s, w), &due);
    }
}

static void end(struct supervisor *s, const char *why)
{
    if (!is_there(s))
        return;
    log_info("calls are decided by no second configuration any more", LOG_CSTR("why", why));
    configuration_fini(&own(s)->configuration);
    own(s)->configuration = CONFIGURATION_INIT;
    free(own(s)->seen);
    own(s)->seen = NULL;
    tell_all(s);
}

/* ---- events ---- */

static void on_read(struct supervisor *s, const struct news *news)
{
    (void)news;
    end(s, "another one takes its place");
    own(s)->configuration = s->next;
    s->next = CONFIGURATION_INIT;
    own(s)->seen = calloc(1, sizeof(*own(s)->seen));
    own(s)->compared_before = compared(s);
    log_info("calls are decided by a second configuration too, which signs nothing",
             LOG_NUMBER("generation", (int64_t)own(s)->configuration.generation),
             LOG_NUMBER("number_rows", (int64_t)own(s)->configuration.numbers.rows));
    tell_all(s);
}

static void on_in_force(struct supervisor *s, const struct news *news)
{
    (void)news;
    end(s, "another configuration is in force");
}

static void on_stopping(struct supervisor *s, const struct news *news)
{
    (void)news;
    end(s, "stird is stopping");
}

static void on_serves(struct supervisor *s, const struct news *news)
{
    if (news->child->role->id == ROLE_WORKER && is_there(s))
        supervisor_owe(s, news->child, &due);
}

static void on_gone(struct supervisor *s, const struct news *news)
{
    if (news->child->role->id == ROLE_WORKER)
        own(s)->workers[news->child->index] = HOLDS_NOT;
}

/* ---- what workers say ---- */

/* Of one that is gone it may still speak. */
static void take_in_use(struct supervisor *s, const struct heard *h)
{
    const struct control_shadow_in_use *said = &h->message->shadow_in_use;
    if (is_there(s) && said->generation == own(s)->configuration.generation)
        own(s)->workers[h->child->index] = said->taken ? HOLDS : CANNOT_HOLD;
}

static void add(struct seen *seen, const struct shadow_change *change)
{
    unsigned i = 0;
    while (i < seen->n && !shadow_change_same_kind(&seen->kinds[i], change))
        i++;
    if (i == KINDS_MAX) {
        seen->others += change->count;
        return;
    }
    seen->n += i == seen->n;
    seen->kinds[i] = *change;
    seen->counts[i] += change->count;
}

static void take_change(struct supervisor *s, const struct heard *h)
{
    const struct shadow_change *change = &h->message->shadow_change;
    struct seen *seen = own(s)->seen;
    if (!shadow_change_is_sound(change)) {
        supervisor_child_false(s, h->child, "a change of a call that cannot be");
        return;
    }
    if (!is_there(s) || !seen || change->generation != own(s)->configuration.generation)
        return;
    add(seen, change);
    seen->last[seen->n_last++ % LAST_MAX] = *change;
}

static const struct word hears[] = {{ROLE_WORKER, CONTROL_SHADOW_IN_USE, take_in_use},
                                    {ROLE_WORKER, CONTROL_SHADOW_CHANGE, take_change},
                                    {.take = NULL}};

/* ---- for stirctl ---- */

static void put_integer(struct json *j, struct str key, int64_t value)
{
    json_put_key(j, key);
    json_put_integer(j, value);
}

static void put_side(struct json *j, struct str key, const struct shadow_side *side)
{
    char word[16];
    shadow_side_word(side, word);
    json_put_key(j, key);
    json_begin_object(j);
    json_put_known_text(j, STR("becomes"), str_of(word));
    json_put_known_text(j, STR("reason"), reason_name((enum reason)side->reason));
    json_put_known_text(j, STR("trunk"), str_of(side->trunk));
    json_put_known_text(j, STR("certificate"), str_of(side->certificate));
    json_put_known_text(j, STR("upstreams"), str_of(side->upstreams));
    json_end_object(j);
}

/* COUNT of 0: not told. */
static void put_change(struct json *j, const struct shadow_change *change, uint64_t count)
{
    struct buf time = BUF_INIT;
    record_add_time(&time, change->ts_us);
    json_begin_object(j);
    if (count > 0)
        put_integer(j, STR("calls"), (int64_t)count);
    put_side(j, STR("from"), &change->from);
    put_side(j, STR("to"), &change->to);
    json_put_known_text(j, count > 0 ? STR("last_ts") : STR("ts"), buf_str(&time));
    json_put_known_text(j, STR("call_id"), str_of(change->call_id));
    json_put_known_text(j, STR("orig_tn"), tn_str(&change->orig));
    json_put_known_text(j, STR("dest_tn"), tn_str(&change->dest));
    json_end_object(j);
    buf_fini(&time);
}

/* The most frequent first. */
static void put_kinds(struct json *j, const struct seen *seen)
{
    bool put[KINDS_MAX] = {false};
    json_put_key(j, STR("changes"));
    json_begin_array(j);
    for (unsigned turn = 0; turn < seen->n && j->out->n < SHOWN_MAX; turn++) {
        unsigned most = KINDS_MAX;
        for (unsigned i = 0; i < seen->n; i++)
            if (!put[i] && (most == KINDS_MAX || seen->counts[i] > seen->counts[most]))
                most = i;
        put[most] = true;
        put_change(j, &seen->kinds[most], seen->counts[most]);
    }
    json_end_array(j);
    put_integer(j, STR("calls_of_other_changes"), (int64_t)seen->others);
}

static void put_last(struct json *j, const struct seen *seen)
{
    const uint64_t n = seen->n_last < LAST_MAX ? seen->n_last : LAST_MAX;
    json_put_key(j, STR("last_calls"));
    json_begin_array(j);
    for (uint64_t i = 1; i <= n && j->out->n < SHOWN_MAX + ADMIN_REPLY_MAX / 8; i++)
        put_change(j, &seen->last[(seen->n_last - i) % LAST_MAX], 0);
    json_end_array(j);
}

static unsigned count_workers(const struct supervisor *s, enum holding holding)
{
    unsigned n = 0;
    for (unsigned w = 0; w < worker_count(s); w++)
        n += own(s)->workers[w] == holding;
    return n;
}

static void put_all(const struct supervisor *s, struct json *j)
{
    const struct configuration *second = &own(s)->configuration;
    struct buf time = BUF_INIT;
    json_begin_object(j);
    json_put_key(j, STR("shadow"));
    json_put_bool(j, is_there(s));
    if (is_there(s)) {
        record_add_time(&time, second->read_at_s * 1000000);
        json_put_known_text(j, STR("read_at"), buf_str(&time));
        put_integer(j, STR("number_rows"), (int64_t)second->numbers.rows);
        put_integer(j, STR("workers"), worker_count(s));
        put_integer(j, STR("workers_deciding"), count_workers(s, HOLDS));
        put_integer(j, STR("workers_unable"), count_workers(s, CANNOT_HOLD));
        put_integer(j, STR("calls_compared"), (int64_t)(compared(s) - own(s)->compared_before));
    }
    if (own(s)->seen) {
        put_kinds(j, own(s)->seen);
        put_last(j, own(s)->seen);
    }
    json_end_object(j);
    buf_fini(&time);
}

static void act_show(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    (void)text;
    (void)now_ms;
    struct buf reply = BUF_INIT;
    struct json j = json_writer(&reply, false);
    put_all(s, &j);
    asker_answer_json(a, 0, &reply);
    buf_fini(&reply);
}

static void act_end(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    (void)text;
    (void)now_ms;
    if (!is_there(s)) {
        asker_answer(a, ASKER_REFUSED,
                     STR("there is no second configuration: stirctl reload --shadow reads one"));
        return;
    }
    end(s, "an operator ended it");
    asker_answer(a, 0, STR("{\"ended\":true}"));
}

/* ---- the part ---- */

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    (void)now_ms;
    json_put_key(j, STR("shadow"));
    json_put_bool(j, is_there(s));
}

static void init(struct supervisor *s)
{
    own(s)->configuration = CONFIGURATION_INIT;
}

static void fini(struct supervisor *s)
{
    configuration_fini(&own(s)->configuration);
    free(own(s)->seen);
}

const struct part part_shadow = {
    .name = "shadow",
    .bytes = sizeof(struct second),
    .init = init,
    .fini = fini,
    .hears = hears,
    .on = {[EVENT_SHADOW_READ] = on_read,
           [EVENT_IN_FORCE] = on_in_force,
           [EVENT_STOPPING] = on_stopping,
           [EVENT_CHILD_SERVES] = on_serves,
           [EVENT_CHILD_GONE] = on_gone},
    .put_status = put_status,
    .asks = (const struct ask[]){{ADMIN_SHADOW, act_show, CONTROL_LOOK},
                                 {ADMIN_SHADOW_END, act_end, CONTROL_CHANGE},
                                 {.act = NULL}},
};
