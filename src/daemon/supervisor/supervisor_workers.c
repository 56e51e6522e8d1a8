/*
 * The workers: which configuration each was given, and has. What else they are given and say is
 * for the parts that know it.
 */
#include "patience.h"
#include "questions.h"
#include "worker_places.h"

#include "daemon/key_memory.h"
#include "daemon/state.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SNAPSHOTS_OWED_MAX 4

/*
 * What a worker was given and has not yet said that it has. It answers each, in order, before it
 * looks at anything else. So a worker whose loop turns without that answer is broken.
 */
struct owed {
    uint64_t snapshots[SNAPSHOTS_OWED_MAX]; /* generations, as they were sent */
    unsigned n_snapshots;
    struct patience patience;
};

struct workers {
    uint8_t *secret; /* SNAPSHOT_SECRET_BYTES; the workers are told, no other child has it */
    uint64_t in_use[WORKERS_MAX]; /* the generation that each said it serves */
    struct owed owed[WORKERS_MAX];
    bool switching;                /* the workers were given the next configuration, and not all
                                      have it */
    bool left[WORKERS_MAX];        /* workers that could not be switched back */
    struct worker_options options; /* of the worker that is about to start */
};

static struct workers *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_workers);
}

static bool read_secret(struct supervisor *s, struct problems *problems)
{
    own(s)->secret = key_memory_page();
    if (!own(s)->secret)
        problems->out_of_memory = true;
    return own(s)->secret &&
           state_secret(s->current.settings->state_directory, own(s)->secret, problems);
}

/* ---- snapshots ---- */

/* GENERATION was sent to W, which owes an answer now. */
static void owes(struct supervisor *s, unsigned w, uint64_t generation, int64_t now_ms)
{
    struct owed *o = &own(s)->owed[w];
    if (o->n_snapshots == 0)
        patience_begin(&o->patience, true, now_ms);
    o->snapshots[o->n_snapshots++] = generation;
}

/* Takes the answer of W; false: W was given no such thing, and lies. */
static bool was_owed(struct supervisor *s, unsigned w, uint64_t generation, int64_t now_ms)
{
    struct owed *o = &own(s)->owed[w];
    if (o->n_snapshots == 0 || o->snapshots[0] != generation)
        return false;
    o->n_snapshots--;
    memmove(&o->snapshots[0], &o->snapshots[1], o->n_snapshots * sizeof(o->snapshots[0]));
    patience_begin(&o->patience, o->n_snapshots > 0, now_ms);
    return true;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* Closes afterwards what the parts put in. 0 or -errno. */
static int send_handout(struct supervisor *s, struct handout *h,
                        const struct control_message *message)
{
    const int fds[] = {h->files_fd, h->numbers_fd, h->signer_fd, h->counters_fd};
    int r = h->error ? h->error : child_send(h->worker, message, fds, 4);
    if (r)
        supervisor_tell(s, EVENT_HANDOUT_LOST, &(struct news){.handout = h});
    close_if_open(h->signer_fd);
    close_if_open(h->counters_fd);
    return r;
}

/* Once it was sent W owes an answer; a failure before that leaves nothing behind. 0 or -errno. */
static int hand_out(struct supervisor *s, unsigned w, const struct configuration *configuration)
{
    struct control_message message = {
        .type = CONTROL_SNAPSHOT,
        .snapshot = {.generation = configuration->generation,
                     .numbers_generation = configuration->generation,
                     .read_at_s = configuration->read_at_s},
    };
    struct handout h = {.worker = worker_at(s, w),
                        .configuration = configuration,
                        .snapshot = &message.snapshot,
                        .files_fd = configuration->files_fd,
                        .numbers_fd = configuration->numbers_fd,
                        .signer_fd = -1,
                        .counters_fd = -1};
    if (s->path.n >= CONTROL_TEXT)
        return -ENAMETOOLONG;
    if (own(s)->owed[w].n_snapshots == SNAPSHOTS_OWED_MAX)
        return -EBUSY;
    memcpy(message.snapshot.path, s->path.p, s->path.n);
    snprintf(message.snapshot.node, CONTROL_TEXT, "%.*s", STR_ARG(configuration->settings->node));
    memcpy(message.snapshot.secret, own(s)->secret, SNAPSHOT_SECRET_BYTES);
    supervisor_tell(s, EVENT_HANDOUT, &(struct news){.handout = &h});
    int r = send_handout(s, &h, &message);
    explicit_bzero(message.snapshot.secret, SNAPSHOT_SECRET_BYTES);
    if (r == 0)
        owes(s, w, configuration->generation, clock_monotonic_ms());
    return r;
}

/* ---- from one configuration to the next, and back ---- */

static void say_next_fails(struct supervisor *s, const char *why, int64_t now_ms)
{
    if (own(s)->switching)
        supervisor_tell(s, EVENT_NEXT_FAILS, &(struct news){.why = why, .now_ms = now_ms});
}

static void switch_all(struct supervisor *s, const struct news *news)
{
    own(s)->switching = true;
    for (unsigned w = 0; w < worker_count(s); w++) {
        /* A worker that is not there now would get the present state first, and then be late. */
        int r = worker_at(s, w)->state == CHILD_SERVING ? hand_out(s, w, &s->next) : -ESRCH;
        if (r) {
            say_next_fails(s, "a worker is being replaced at the moment: reload again",
                           news->now_ms);
            return;
        }
    }
}

/* After a reload that failed, whose signer is gone: the calls of W are not signed until this is
   sent. */
static void switch_back(struct supervisor *s, unsigned w)
{
    int r = hand_out(s, w, &s->current);
    if (r && r != -EPIPE && !own(s)->left[w])
        log_error("a worker is not switched back yet, and its calls are not signed",
                  LOG_NUMBER("worker", w + 1), LOG_CSTR("error", strerror(-r)));
    own(s)->left[w] = r != 0;
}

/* Switches back each worker that does not have the present state, unless that is on its way to
   it. */
static void switch_all_back(struct supervisor *s)
{
    for (unsigned w = 0; w < worker_count(s); w++)
        if (worker_at(s, w)->state == CHILD_SERVING && own(s)->owed[w].n_snapshots == 0 &&
            own(s)->in_use[w] != s->current.generation)
            switch_back(s, w);
}

static void on_dropped(struct supervisor *s, const struct news *news)
{
    (void)news;
    own(s)->switching = false;
    switch_all_back(s);
}

static void on_in_force(struct supervisor *s, const struct news *news)
{
    (void)news;
    own(s)->switching = false;
}

static bool all_have_next(const struct supervisor *s)
{
    for (unsigned w = 0; w < worker_count(s); w++)
        if (own(s)->in_use[w] != s->next.generation)
            return false;
    return true;
}

static void on_gone(struct supervisor *s, const struct news *news)
{
    if (news->child->role->id != ROLE_WORKER)
        return;
    own(s)->left[news->child->index] = false;
    say_next_fails(s, "a worker died while it took the new configuration", news->now_ms);
}

static void on_idle(struct supervisor *s, const struct news *news)
{
    if (news->child->role->id == ROLE_WORKER)
        say_next_fails(s,
                       "a worker does not take the new configuration and is replaced: reload again",
                       news->now_ms);
}

/* Kills a worker whose loop turns and that does not do what it was told: a reload that waits for it
   would never end. */
static void tick(struct supervisor *s, int64_t now_ms)
{
    for (unsigned w = 0; w < worker_count(s); w++)
        if (worker_at(s, w)->control_fd >= 0 && patience_is_over(&own(s)->owed[w].patience, now_ms))
            supervisor_kill_idle(s, worker_at(s, w),
                                 "it does not say that it has the configuration that it was given",
                                 now_ms);
    if (!own(s)->switching)
        switch_all_back(s);
}

/* ---- what it says ---- */

static void take_heartbeat(struct supervisor *s, const struct heard *h)
{
    own(s)->owed[h->child->index].patience.beats++;
}

static void take_snapshot_in_use(struct supervisor *s, const struct heard *h)
{
    const unsigned w = h->child->index;
    const uint64_t generation = h->message->snapshot_in_use.generation;
    if (!was_owed(s, w, generation, h->now_ms)) {
        supervisor_child_false(s, h->child, "that it serves a configuration that it was not given");
        return;
    }
    own(s)->in_use[w] = generation;
    if (!own(s)->switching)
        switch_all_back(s);
    else if (all_have_next(s))
        supervisor_tell(s, EVENT_NEXT_TAKEN, &(struct news){.now_ms = h->now_ms});
}

/* A worker that is just starting may refuse the present configuration, which says nothing about a
   reload. */
static void take_snapshot_refused(struct supervisor *s, const struct heard *h)
{
    const uint64_t generation = h->message->snapshot_refused.generation;
    log_error("alarm", LOG_CSTR("child", h->child->role->name), LOG_NUMBER("pid", h->child->pid),
              LOG_CSTR("text", "the new configuration cannot be taken"));
    if (!was_owed(s, h->child->index, generation, h->now_ms)) {
        supervisor_child_false(s, h->child, "that it cannot take what it was not given");
        return;
    }
    say_next_fails(s, "a worker could not take the new configuration", h->now_ms);
    child_kill(h->child, SIGKILL);
}

static const struct word hears[] = {
    {ROLE_WORKER, CONTROL_HEARTBEAT, take_heartbeat},
    {ROLE_WORKER, CONTROL_SNAPSHOT_IN_USE, take_snapshot_in_use},
    {ROLE_WORKER, CONTROL_SNAPSHOT_REFUSED, take_snapshot_refused},
    {.take = NULL},
};

/* ---- its life ---- */

static unsigned kept(const struct supervisor *s)
{
    return worker_count(s);
}

/* The first workers wait for the first signer, so that the first call is signed. */
static bool may_start(const struct supervisor *s)
{
    return s->ready || supervisor_kept(s, ROLE_SIGNER)->state == CHILD_SERVING;
}

static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    own(s)->in_use[c->index] = 0;
    own(s)->owed[c->index] = (struct owed){.n_snapshots = 0};
    own(s)->options = (struct worker_options){
        .worker = c->index, .n_workers = worker_count(s), .records_fd = -1, .backlog_fd = -1};
    kit->worker = &own(s)->options;
    return 0;
}

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    (void)c;
    own(s)->options.control_fd = control_fd;
    return worker_main(&own(s)->options);
}

static int started(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    return hand_out(s, c->index, &s->current);
}

static void serves(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    log_info("worker serves", LOG_NUMBER("pid", c->pid),
             LOG_NUMBER("generation", (int64_t)s->current.generation));
}

/* Whether it has said itself what is missing; another worker would miss it too. */
static bool gave_up(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE;
}

static void gone(struct supervisor *s, struct child *c, const struct death *death)
{
    (void)c;
    if (death->was_starting && gave_up(death->status) && !s->ready && !s->stopping)
        supervisor_fail_start(s, death->now_ms);
}

const struct duty duty_worker = {.kept = kept,
                                 .may_start = may_start,
                                 .equip = equip,
                                 .enter = enter,
                                 .started = started,
                                 .serves = serves,
                                 .gone = gone};

static void fini(struct supervisor *s)
{
    key_memory_page_free(own(s)->secret);
}

const struct part part_workers = {
    .name = "workers",
    .bytes = sizeof(struct workers),
    .open = read_secret,
    .fini = fini,
    .hears = hears,
    .tick = tick,
    .on = {[EVENT_CHILD_IDLE] = on_idle,
           [EVENT_CHILD_GONE] = on_gone,
           [EVENT_NEXT_PREPARED] = switch_all,
           [EVENT_NEXT_DROPPED] = on_dropped,
           [EVENT_IN_FORCE] = on_in_force},
};
