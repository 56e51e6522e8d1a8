/*
 * Urgent changes to the number table (overlay.h). The journal is the truth; what of it is in force
 * is compiled to a small table, which each worker consults beside the large one. Whoever asked for
 * a change hears that it is in force once every worker has said so.
 */
#include "supervisor_overlay.h"

#include "patience.h"
#include "questions.h"
#include "worker_places.h"

#include <errno.h>
#include <signal.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/io/numbers_files.h>
#include <string.h>
#include <unistd.h>

struct urgent {
    struct overlay *journal;
    int fd; /* the table of those in force; -1: there are none */
    uint64_t generation;
    uint64_t in_use[WORKERS_MAX]; /* what each worker has said it has; 0: nothing yet */
    struct patience owed[WORKERS_MAX];
    uint64_t lost; /* changes that could not be written */
};

static struct urgent *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_overlay);
}

struct overlay *supervisor_overlay(const struct supervisor *s)
{
    return own(s)->journal;
}

int supervisor_overlay_fd(const struct supervisor *s)
{
    return own(s)->fd;
}

uint64_t supervisor_overlay_generation(const struct supervisor *s)
{
    return own(s)->generation;
}

void supervisor_overlay_lost(struct supervisor *s)
{
    own(s)->lost++;
}

/* ---- what workers have ---- */

/* No call may be decided without them. 0 or -errno. */
static int send_overlay(struct supervisor *s, unsigned w)
{
    const struct control_message message = {.type = CONTROL_OVERLAY,
                                            .overlay = {own(s)->generation}};
    bool any = own(s)->fd >= 0;
    own(s)->in_use[w] = 0;
    if (worker_at(s, w)->pid == 0)
        return 0;
    int r = child_send(worker_at(s, w), &message, any ? &own(s)->fd : NULL, any);
    if (r)
        child_kill(worker_at(s, w), SIGKILL); /* its successor begins with them */
    else if (own(s)->owed[w].since_ms == 0)
        patience_begin(&own(s)->owed[w], true, clock_monotonic_ms());
    return r;
}

void supervisor_overlay_use(struct supervisor *s, int fd)
{
    if (own(s)->fd >= 0)
        close(own(s)->fd);
    own(s)->fd = fd;
    own(s)->generation++;
    for (unsigned w = 0; w < worker_count(s); w++)
        send_overlay(s, w);
}

unsigned supervisor_overlay_without(const struct supervisor *s, uint64_t generation)
{
    unsigned n = 0;
    for (unsigned w = 0; w < worker_count(s); w++)
        n += worker_at(s, w)->pid > 0 && own(s)->in_use[w] < generation;
    return n;
}

bool supervisor_overlay_in_use(const struct supervisor *s, uint64_t generation)
{
    return supervisor_overlay_without(s, generation) == 0;
}

/* A worker begins with the urgent changes, before its snapshot. */
static int give(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    if (c->role->id != ROLE_WORKER)
        return 0;
    own(s)->owed[c->index] = (struct patience){0};
    return send_overlay(s, c->index);
}

static void take_in_use(struct supervisor *s, const struct heard *h)
{
    struct urgent *u = own(s);
    const unsigned w = h->child->index;
    const uint64_t generation = h->message->overlay_in_use.generation;
    if (generation <= u->in_use[w] || generation > u->generation) {
        supervisor_child_false(s, h->child, "that it has urgent changes that it was not given");
        return;
    }
    patience_begin(&u->owed[w], generation < u->generation, h->now_ms);
    u->in_use[w] = generation;
    supervisor_numbers_tell(s);
}

static void take_heartbeat(struct supervisor *s, const struct heard *h)
{
    own(s)->owed[h->child->index].beats++;
}

static const struct word hears[] = {
    {ROLE_WORKER, CONTROL_OVERLAY_IN_USE, take_in_use},
    {ROLE_WORKER, CONTROL_HEARTBEAT, take_heartbeat},
    {.take = NULL},
};

static void tick(struct supervisor *s, int64_t now_ms)
{
    for (unsigned w = 0; w < worker_count(s); w++)
        if (worker_at(s, w)->control_fd >= 0 && patience_is_over(&own(s)->owed[w], now_ms))
            supervisor_kill_idle(s, worker_at(s, w),
                                 "it does not say that it has the urgent changes that it was given",
                                 now_ms);
}

static void on_gone(struct supervisor *s, const struct news *news)
{
    (void)news;
    supervisor_numbers_tell(s);
}

static void exhibit(const struct supervisor *s, struct exhibit *e)
{
    e->overlay_fd = own(s)->fd;
}

/* ---- the journal ---- */

/* Writes the journal anew where it is long, or was cut. */
static void tidy(struct supervisor *s, const struct news *news)
{
    (void)news;
    struct problems problems = PROBLEMS_INIT;
    uint32_t before = overlay_lines(own(s)->journal);
    int fd, r = overlay_compact(own(s)->journal);
    if (r)
        log_warning("the journal of urgent changes is not written anew",
                    LOG_CSTR("error", strerror(-r)));
    if (overlay_lines(own(s)->journal) == before)
        return;
    /* Its lines have other line numbers now; what they say is the same. */
    if (numbers_overlay_compile(own(s)->journal, &fd, &problems)) {
        supervisor_overlay_use(s, fd);
    } else {
        supervisor_overlay_lost(s);
        log_error("urgent changes are told with the lines of a journal that was written anew");
    }
    problems_fini(&problems);
}

static bool open_journal(struct supervisor *s, struct problems *problems)
{
    int fd;
    own(s)->journal = overlay_read(s->current.settings->state_directory, problems);
    /* Without the changes a number that was blocked would have its old level. */
    if (!own(s)->journal || !numbers_overlay_compile(own(s)->journal, &fd, problems))
        return false;
    supervisor_overlay_use(s, fd);
    return true;
}

static void init(struct supervisor *s)
{
    own(s)->fd = -1;
}

static void fini(struct supervisor *s)
{
    overlay_free(own(s)->journal);
    if (own(s)->fd >= 0)
        close(own(s)->fd);
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_urgent_changes] = own(s)->lost;
    values[ALARM_urgent_certificate] = s->current.urgent_faults;
    values[ALARM_urgent_customer] = s->current.urgent_unknown;
}

static void put_integer(struct json *j, struct str key, int64_t value)
{
    json_put_key(j, key);
    json_put_integer(j, value);
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    (void)now_ms;
    json_put_key(j, STR("numbers"));
    json_begin_object(j);
    put_integer(j, STR("rows"), (int64_t)s->current.numbers.rows);
    put_integer(j, STR("segments"), (int64_t)s->current.numbers.segments);
    put_integer(j, STR("customers"), (int64_t)s->current.numbers.customers);
    put_integer(j, STR("urgent_changes"), (int64_t)overlay_count(own(s)->journal));
    json_end_object(j);
}

const struct part part_overlay = {
    .name = "overlay",
    .bytes = sizeof(struct urgent),
    .init = init,
    .open = open_journal,
    .fini = fini,
    .give = give,
    .hears = hears,
    .tick = tick,
    .on = {[EVENT_RELOAD_BEGINS] = tidy, [EVENT_CHILD_GONE] = on_gone},
    .count = count,
    .put_status = put_status,
    .asks = supervisor_numbers_asks,
    .late = supervisor_numbers_late,
    .answers_exhibit = exhibit};
