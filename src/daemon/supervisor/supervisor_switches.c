/*
 * What an operator has switched: a small table, kept in the state directory over a restart, which
 * each worker has. Whoever asked for a change hears that it is in force once every worker has said
 * so. Each worker ends by itself what has an end.
 */
#include "supervisor_switches.h"

#include "patience.h"
#include "questions.h"
#include "worker_places.h"

#include <errno.h>
#include <signal.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/io/switches_file.h>
#include <string.h>
#include <unistd.h>

#define STATUS_MOST    16384 /* octets of a status */
#define LONG_S         3600  /* then it is an alarm */
#define WRITE_AGAIN_MS 5000

struct switching {
    struct switches on, next; /* `next`: a change that is not in force yet */
    int fd;                   /* of what is on, in sealed memory */
    uint64_t generation;
    uint64_t in_use[WORKERS_MAX]; /* what each worker has said it has; 0: nothing yet */
    struct patience owed[WORKERS_MAX];
    int unwritten; /* errno; 0: the disk has what is on */
    int64_t next_write_ms;
    int64_t next_expire_ms; /* after one that failed */
};

static struct switching *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_switches);
}

const struct switches *supervisor_switches_on(const struct supervisor *s)
{
    return &own(s)->on;
}

uint64_t supervisor_switches_generation(const struct supervisor *s)
{
    return own(s)->generation;
}

int supervisor_switches_unwritten(const struct supervisor *s)
{
    return own(s)->unwritten;
}

unsigned supervisor_switches_without(const struct supervisor *s, uint64_t generation)
{
    unsigned n = 0;
    for (unsigned w = 0; w < worker_count(s); w++)
        n += worker_at(s, w)->pid > 0 && own(s)->in_use[w] < generation;
    return n;
}

void supervisor_switches_say(const struct switched *one, const char *event)
{
    const struct str all = one->kind == SWITCH_DRAIN ? STR("-") : STR("all");
    log_warning(event, LOG_TEXT("switch", switches_word((enum switch_kind)one->kind)),
                LOG_TEXT("of", one->name[0] ? str_of(one->name) : all),
                one->value[0] ? LOG_CSTR("value", one->value) : LOG_NOTHING,
                one->until_s > 0 ? LOG_NUMBER("until", one->until_s) : LOG_NOTHING,
                LOG_NUMBER("user", one->uid),
                one->note[0] ? LOG_CSTR("note", one->note) : LOG_NOTHING);
}

/* ---- how much is said in the log ---- */

/* What a process of that name is to say; CONTROL_LOG_OF_SETTINGS: as the settings say. */
static uint32_t level_of(const struct supervisor *s, struct str process)
{
    const struct switched *one = switches_for(&own(s)->on, SWITCH_LOG, process);
    enum log_level level;
    return one && log_level_by_word(str_of(one->value), &level) ? level : CONTROL_LOG_OF_SETTINGS;
}

static struct str noun_of(const struct child *c)
{
    const char *noun = strchr(c->role->name, '-');
    return str_of(noun ? noun + 1 : c->role->name);
}

/* Of another level while it runs; those that live for a moment have it from their beginning. */
static bool hears_of_log(const struct child *c)
{
    return c->role->shown != NULL;
}

static int send_level(struct supervisor *s, struct child *c)
{
    const struct control_message m = {.type = CONTROL_LOG,
                                      .log = {.level = level_of(s, noun_of(c))}};
    return child_send(c, &m, NULL, 0);
}

static void owe_level(struct supervisor *s, struct child *c, void *user)
{
    static const struct due due = {send_level};
    (void)user;
    if (c->pid > 0 && c->control_fd >= 0 && hears_of_log(c))
        supervisor_owe(s, c, &due);
}

/* What lives for a moment hears of nothing later. */
static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    const uint32_t level = level_of(s, noun_of(c));
    kit->log_held = level != CONTROL_LOG_OF_SETTINGS;
    if (kit->log_held)
        kit->log_level = (enum log_level)level;
    return 0;
}

static void follow_levels(struct supervisor *s)
{
    const uint32_t own_level = level_of(s, STR("supervisor"));
    if (own_level == CONTROL_LOG_OF_SETTINGS)
        log_follow_level();
    else
        log_hold_level((enum log_level)own_level);
    supervisor_each_child(s, owe_level, NULL);
}

/* ---- what workers have ---- */

/* No call may be decided without it. 0 or -errno. */
static int send_switches(struct supervisor *s, unsigned w)
{
    const struct control_message m = {.type = CONTROL_SWITCHES, .switches = {own(s)->generation}};
    own(s)->in_use[w] = 0;
    if (worker_at(s, w)->pid == 0)
        return 0;
    int r = child_send(worker_at(s, w), &m, &own(s)->fd, 1);
    if (r)
        child_kill(worker_at(s, w), SIGKILL); /* its successor begins with it */
    else if (own(s)->owed[w].since_ms == 0)
        patience_begin(&own(s)->owed[w], true, clock_monotonic_ms());
    return r;
}

/* A worker begins with it, before its snapshot. */
static int give(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    if (c->role->id != ROLE_WORKER)
        return 0;
    own(s)->owed[c->index] = (struct patience){0};
    return send_switches(s, c->index);
}

static void take_in_use(struct supervisor *s, const struct heard *h)
{
    struct switching *u = own(s);
    const unsigned w = h->child->index;
    const uint64_t generation = h->message->switches_in_use.generation;
    if (generation <= u->in_use[w] || generation > u->generation) {
        supervisor_child_false(s, h->child, "that it has switches that it was not given");
        return;
    }
    patience_begin(&u->owed[w], generation < u->generation, h->now_ms);
    u->in_use[w] = generation;
    supervisor_switches_tell(s);
}

static void take_heartbeat(struct supervisor *s, const struct heard *h)
{
    own(s)->owed[h->child->index].beats++;
}

static const struct word hears[] = {
    {ROLE_WORKER, CONTROL_SWITCHES_IN_USE, take_in_use},
    {ROLE_WORKER, CONTROL_HEARTBEAT, take_heartbeat},
    {.take = NULL},
};

/* ---- changes ---- */

struct switches *supervisor_switches_change(struct supervisor *s)
{
    own(s)->next = own(s)->on;
    return &own(s)->next;
}

/* What cannot be written now is in force all the same, and tried again. */
static void write_down(struct supervisor *s, int64_t now_ms)
{
    int r = switches_file_write(&own(s)->on, s->current.settings->state_directory);
    if (r && !own(s)->unwritten)
        log_error("what an operator has switched cannot be written",
                  LOG_CSTR("error", strerror(-r)));
    own(s)->unwritten = -r;
    own(s)->next_write_ms = now_ms + WRITE_AGAIN_MS;
}

static int use_next(struct supervisor *s)
{
    int fd = switches_file_hand_out(&own(s)->next);
    if (fd < 0)
        return fd;
    if (own(s)->fd >= 0)
        close(own(s)->fd);
    own(s)->fd = fd;
    own(s)->on = own(s)->next;
    own(s)->generation++;
    return 0;
}

int supervisor_switches_commit(struct supervisor *s)
{
    int r = use_next(s);
    if (r)
        return r;
    for (unsigned w = 0; w < worker_count(s); w++)
        send_switches(s, w);
    follow_levels(s);
    supervisor_tell(s, EVENT_STATES, &(struct news){.now_ms = clock_monotonic_ms()});
    write_down(s, clock_monotonic_ms());
    return 0;
}

/* Without memory for it workers end them all the same, and it is tried again. */
static void expire(struct supervisor *s, int64_t now_ms)
{
    const int64_t now_s = clock_real_s();
    const struct switched *one;
    if (now_ms < own(s)->next_expire_ms || !switches_over_time(&own(s)->on, now_s, now_ms))
        return;
    struct switches *next = supervisor_switches_change(s);
    while ((one = switches_over_time(next, now_s, now_ms))) {
        supervisor_switches_say(one, "a switch is over");
        switches_end(next, (enum switch_kind)one->kind, str_of(one->name));
    }
    int r = supervisor_switches_commit(s);
    if (r) {
        own(s)->next_expire_ms = now_ms + WRITE_AGAIN_MS;
        log_warning("that a switch is over cannot be told to all", LOG_CSTR("error", strerror(-r)));
    }
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    for (unsigned w = 0; w < worker_count(s); w++)
        if (worker_at(s, w)->control_fd >= 0 && patience_is_over(&own(s)->owed[w], now_ms))
            supervisor_kill_idle(s, worker_at(s, w),
                                 "it does not say that it has the switches that it was given",
                                 now_ms);
    if (own(s)->on.n > 0)
        expire(s, now_ms);
    if (own(s)->unwritten && now_ms >= own(s)->next_write_ms)
        write_down(s, now_ms);
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    int64_t due_ms = switches_next_ms(&own(s)->on, now_ms);
    if (due_ms < own(s)->next_expire_ms)
        due_ms = own(s)->next_expire_ms;
    return own(s)->unwritten && own(s)->next_write_ms < due_ms ? own(s)->next_write_ms : due_ms;
}

static void on_gone(struct supervisor *s, const struct news *news)
{
    (void)news;
    supervisor_switches_tell(s);
}

/* Kept all the same: what it names may come back with the next reload. */
static void tell_dormant(struct supervisor *s, const struct news *news)
{
    (void)news;
    for (unsigned i = 0; i < own(s)->on.n; i++)
        if (supervisor_switches_is_dormant(s, &own(s)->on.list[i]))
            supervisor_switches_say(&own(s)->on.list[i],
                                    "a switch does nothing: the configuration does not have that");
}

static void tell_kept(struct supervisor *s, const struct news *news)
{
    for (unsigned i = 0; i < own(s)->on.n; i++)
        supervisor_switches_say(&own(s)->on.list[i], "a switch is still on");
    tell_dormant(s, news);
}

/* ---- the part ---- */

static bool open_file(struct supervisor *s, struct problems *problems)
{
    struct switching *u = own(s);
    const int64_t now_s = clock_real_s(), now_ms = clock_monotonic_ms();
    /* Without it a call could be signed that an operator does not want signed. */
    if (!switches_file_read(&u->next, s->current.settings->state_directory, problems))
        return false;
    switches_resume(&u->next, now_s, now_ms);
    switches_expire(&u->next, now_s, now_ms);
    if (use_next(s)) {
        problems->out_of_memory = true;
        return false;
    }
    return true;
}

static void init(struct supervisor *s)
{
    own(s)->fd = -1;
}

static void fini(struct supervisor *s)
{
    if (own(s)->fd >= 0)
        close(own(s)->fd);
}

static void begin(struct supervisor *s, const struct news *news)
{
    follow_levels(s);
    tell_kept(s, news);
}

static void exhibit(const struct supervisor *s, struct exhibit *e)
{
    e->switches_fd = own(s)->on.n > 0 ? own(s)->fd : -1;
}

static void answer_switches(const struct supervisor *s, struct switches_asked *asked)
{
    asked->on = own(s)->on.n > 0 ? &own(s)->on : NULL;
}

static bool each_trunk_is_disabled(const struct supervisor *s)
{
    const struct settings *settings = s->current.settings;
    unsigned n = 0;
    for (unsigned i = 0; i < settings->n_trunks; i++)
        n += switches_find(&own(s)->on, SWITCH_TRUNK, settings->trunks[i].name) != NULL;
    return n > 0 && n == settings->n_trunks;
}

static void answer_lacks(const struct supervisor *s, struct lacks_asked *asked)
{
    asked->lacks[WEB_LACKS_LEAVE] = switches_find(&own(s)->on, SWITCH_DRAIN, STR("")) != NULL;
    asked->lacks[WEB_LACKS_TRUNKS] = each_trunk_is_disabled(s);
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    const int64_t now_s = clock_real_s();
    for (unsigned i = 0; i < own(s)->on.n; i++) {
        const struct switched *one = &own(s)->on.list[i];
        values[ALARM_switched] += now_s - one->since_s >= LONG_S ||
                                  supervisor_switches_is_dormant(s, one);
    }
    values[ALARM_switches_unwritten] = own(s)->unwritten != 0;
}

static void add_counts(const struct supervisor *s, struct service_counters *c)
{
    c->switches_on = own(s)->on.n;
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    (void)now_ms;
    json_put_key(j, STR("switches"));
    unsigned left_out = supervisor_switches_put(s, j, STATUS_MOST);
    json_put_key(j, STR("switches_not_shown"));
    json_put_integer(j, left_out);
}

const struct part part_switches = {
    .name = "switches",
    .bytes = sizeof(struct switching),
    .init = init,
    .open = open_file,
    .fini = fini,
    .equip = equip,
    .give = give,
    .hears = hears,
    .deadline = deadline,
    .tick = tick,
    .on = {[EVENT_BEGINS] = begin, [EVENT_IN_FORCE] = tell_dormant, [EVENT_CHILD_GONE] = on_gone},
    .count = count,
    .put_status = put_status,
    .add_counts = add_counts,
    .asks = supervisor_switches_asks,
    .late = supervisor_switches_late,
    .answers_exhibit = exhibit,
    .answers_switches = answer_switches,
    .answers_lacks = answer_lacks};
