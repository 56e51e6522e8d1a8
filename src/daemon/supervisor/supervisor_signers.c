/*
 * The signers: the present one, the next one (of a reload), and those that finish what calls of old
 * snapshots have asked. Each keeps its place; its part in this changes.
 */
#include "questions.h"
#include "worker_places.h"

#include <errno.h>
#include <signal.h>
#include <stird/base/log.h>
#include <stird/base/packet.h>
#include <string.h>
#include <unistd.h>

/* Calls ask for their signature within the sign timeout; this limit is for those that never
   close. */
#define RETIRED_LIMIT_MS   60000
#define RETIRED_GOODBYE_MS 1000

#define PLACES (2 + SIGNERS_RETIRED_MAX)

struct signers {
    struct child *present;
    struct child *next; /* of a reload, if it has a process; NULL: there was none yet */
    struct {
        uint64_t generation; /* of the snapshots whose calls it may still sign for */
        int64_t until_ms;
    } retired[PLACES];             /* of each that is neither the present nor the next */
    uint64_t oldest[WORKERS_MAX];  /* generation that a call in each worker still holds */
    bool unconnected[WORKERS_MAX]; /* a worker has no channel to the present one */
    uint64_t requests_refused;     /* by signers, because a worker asked for too many */
};

static struct signers *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_signers);
}

static struct child *place(const struct supervisor *s, unsigned i)
{
    return supervisor_places(s, ROLE_SIGNER) + i;
}

static bool is_retired(const struct supervisor *s, unsigned i)
{
    const struct child *c = place(s, i);
    return c->pid > 0 && c != own(s)->present && c != own(s)->next;
}

/* ---- channels between workers and signers ---- */

/* Whether R, of child_send(), says that the signer is ending: every worker will hear of the next
   one. */
static bool is_ending(int r)
{
    return r == -EPIPE || r == -EAGAIN;
}

/* The worker's end of a new channel to SIGNER. When SIGNER is not there, the channel is a closed
   one. */
static int new_channel(struct child *signer, unsigned w)
{
    const struct control_message message = {.type = CONTROL_CHANNEL, .channel = {w}};
    int fds[2];
    int r = control_pair(fds);
    if (r)
        return r;
    if (signer->state == CHILD_SERVING)
        r = child_send(signer, &message, &fds[0], 1);
    if (r && !is_ending(r)) {
        close(fds[0]);
        close(fds[1]);
        return r;
    }
    packet_refuse_rights(fds[0]);
    packet_refuse_rights(fds[1]);
    close(fds[0]);
    return fds[1];
}

/* False: W has no channel, and it is tried again: to end the worker would lose its calls. */
static bool connect_worker(struct supervisor *s, unsigned w)
{
    const struct control_message message = {.type = CONTROL_SIGNER,
                                            .signer = {s->current.generation}};
    int channel = new_channel(own(s)->present, w);
    if (channel < 0) {
        if (!own(s)->unconnected[w])
            log_error("no channel to the signer", LOG_CSTR("error", strerror(-channel)));
        return false;
    }
    int r = child_send(worker_at(s, w), &message, &channel, 1);
    close(channel);
    if (r == 0 || r == -EPIPE)
        return true;
    log_error("a worker is not told of its signer and is replaced", LOG_NUMBER("worker", w + 1),
              LOG_CSTR("error", strerror(-r)));
    child_kill(worker_at(s, w), SIGKILL);
    return true;
}

/* Gives each worker, or each that has none, a channel to the present signer. */
static void connect_workers(struct supervisor *s, bool all)
{
    for (unsigned w = 0; w < worker_count(s); w++)
        if (all || own(s)->unconnected[w])
            own(s)->unconnected[w] = worker_at(s, w)->pid > 0 && !connect_worker(s, w);
}

static void put_in(struct supervisor *s, const struct news *news)
{
    struct handout *h = news->handout;
    if (h->error)
        return;
    const int fd = new_channel(h->configuration == &s->next ? own(s)->next : own(s)->present,
                               h->worker->index);
    h->signer_fd = fd < 0 ? -1 : fd;
    h->error = fd < 0 ? fd : 0;
}

/* ---- the one that comes after ---- */

static unsigned count_retired(const struct supervisor *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < PLACES; i++)
        n += is_retired(s, i);
    return n;
}

static void hurry_oldest(const struct supervisor *s, int64_t now_ms)
{
    int64_t *oldest = NULL;
    for (unsigned i = 0; i < PLACES; i++)
        if (is_retired(s, i) && (!oldest || own(s)->retired[i].until_ms < *oldest))
            oldest = &own(s)->retired[i].until_ms;
    if (oldest && *oldest > now_ms)
        *oldest = now_ms;
}

/* A reload needs a place for another signer; where there is none, the oldest retired one ends
   sooner. */
static void answer_reload(const struct supervisor *s, struct reload_asked *asked)
{
    const struct child *next = own(s)->next;
    bool ends = next && next->pid != 0, room = count_retired(s) < SIGNERS_RETIRED_MAX;
    if (!room && !ends && !asked->not_yet)
        hurry_oldest(s, asked->now_ms);
    asked->not_yet |= ends || !room;
}

static int start_next(struct supervisor *s, int64_t now_ms)
{
    struct child *c = NULL;
    for (unsigned i = 0; i < PLACES && !c; i++)
        if (place(s, i)->pid == 0 && place(s, i) != own(s)->present)
            c = place(s, i);
    if (!c) /* a reload does not begin without one */
        return -EBUSY;
    child_renew(c);
    own(s)->next = c;
    return supervisor_start_child(s, c, now_ms);
}

static void prepare(struct supervisor *s, const struct news *news)
{
    int r = start_next(s, news->now_ms);
    if (r)
        supervisor_tell(s, EVENT_NEXT_FAILS,
                        &(struct news){.why = strerror(-r), .now_ms = news->now_ms});
}

/* Nobody waits for the next signer: it ends at once, as at a stop. While it is there no other
   reload can begin. */
static void drop_next(struct supervisor *s, const struct news *news)
{
    (void)news;
    if (!own(s)->next)
        return;
    child_close_control(own(s)->next);
    child_kill(own(s)->next, SIGTERM);
}

static int tell_retire(struct supervisor *s, struct child *c)
{
    (void)s;
    return child_send(c, &(const struct control_message){.type = CONTROL_RETIRE}, NULL, 0);
}

/* From here on it only finishes what calls of GENERATION have under way, and is then let go. */
static void retire(struct supervisor *s, struct child *c, uint64_t generation, int64_t now_ms)
{
    static const struct due due = {tell_retire};
    c->kept = false;
    c->restart_at_ms = 0;
    if (c->pid == 0)
        return;
    supervisor_owe(s, c, &due);
    own(s)->retired[c->index].generation = generation;
    own(s)->retired[c->index].until_ms = now_ms + RETIRED_LIMIT_MS;
}

/* The next one takes the place of the present one. */
static void follow(struct supervisor *s, const struct news *news)
{
    retire(s, own(s)->present, news->before->generation, news->now_ms);
    own(s)->present = own(s)->next;
    own(s)->next = NULL;
    own(s)->present->kept = true;
}

/* ---- those that are retired ---- */

/* No call holds a snapshot of its generation: nobody waits for this signer any more. */
static bool is_done(const struct supervisor *s, uint64_t generation)
{
    for (unsigned w = 0; w < worker_count(s); w++) {
        if (worker_at(s, w)->pid > 0 && own(s)->oldest[w] <= generation)
            return false;
    }
    return true;
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    if (own(s)->present->state == CHILD_SERVING)
        connect_workers(s, false);
    for (unsigned i = 0; i < PLACES; i++) {
        struct child *c = place(s, i);
        if (!is_retired(s, i))
            continue;
        bool due = now_ms >= own(s)->retired[i].until_ms;
        if (c->control_fd >= 0 && (due || is_done(s, own(s)->retired[i].generation))) {
            child_close_control(c); /* which ends it */
            own(s)->retired[i].until_ms = now_ms + RETIRED_GOODBYE_MS;
        } else if (c->control_fd < 0 && due) {
            child_kill(c, SIGKILL);
            own(s)->retired[i].until_ms = now_ms + RETIRED_GOODBYE_MS;
        }
    }
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    (void)now_ms;
    int64_t due = INT64_MAX;
    for (unsigned i = 0; i < PLACES; i++)
        if (is_retired(s, i) && own(s)->retired[i].until_ms < due)
            due = own(s)->retired[i].until_ms;
    return due;
}

/* ---- the duty ---- */

static unsigned kept(const struct supervisor *s)
{
    (void)s;
    return 1;
}

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    return signer_main(c == own(s)->next ? s->next.settings : s->current.settings, control_fd);
}

static void serves(struct supervisor *s, struct child *c, int64_t now_ms)
{
    if (c == own(s)->present)
        connect_workers(s, true);
    if (c == own(s)->next)
        supervisor_tell(s, EVENT_NEXT_PREPARED, &(struct news){.now_ms = now_ms});
}

static void gone(struct supervisor *s, struct child *c, const struct death *death)
{
    if (c == own(s)->next)
        supervisor_tell(s, EVENT_NEXT_FAILS,
                        &(struct news){.why = "the new signer did not start: see its lines above",
                                       .now_ms = death->now_ms});
}

/* It does not serve as it should: its death starts another, or ends the reload. */
static void take_alarm(struct supervisor *s, const struct heard *h)
{
    const char *text = h->message->alarm.text;
    log_error("alarm", LOG_CSTR("child", h->child->role->name), LOG_NUMBER("pid", h->child->pid),
              LOG_CSTR("text", text));
    if (h->child == own(s)->next)
        supervisor_tell(s, EVENT_NEXT_FAULT, &(struct news){.why = text, .now_ms = h->now_ms});
    child_kill(h->child, SIGKILL);
}

static void take_over_ceiling(struct supervisor *s, const struct heard *h)
{
    own(s)->requests_refused = counters_sum(own(s)->requests_refused,
                                            h->message->over_ceiling.requests);
}

/* Of a worker: the oldest generation that one of its calls still holds. */
static void take_heartbeat(struct supervisor *s, const struct heard *h)
{
    own(s)->oldest[h->child->index] = h->message->heartbeat.oldest;
}

static const struct word hears[] = {
    {ROLE_SIGNER, CONTROL_OVER_CEILING, take_over_ceiling},
    {ROLE_SIGNER, CONTROL_ALARM, take_alarm},
    {ROLE_WORKER, CONTROL_HEARTBEAT, take_heartbeat},
    {.take = NULL},
};

const struct duty duty_signer = {.kept = kept, .enter = enter, .serves = serves, .gone = gone};

/* ---- the part ---- */

static int give(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    if (c->role->id == ROLE_WORKER)
        own(s)->oldest[c->index] = s->current.generation;
    return 0;
}

static void init(struct supervisor *s)
{
    own(s)->present = place(s, 0);
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_no_signer] = own(s)->present->state != CHILD_SERVING;
    values[ALARM_signatures_over_ceiling] = own(s)->requests_refused;
}

static void add_counts(const struct supervisor *s, struct service_counters *c)
{
    c->sign_requests_over_ceiling = own(s)->requests_refused;
}

const struct part part_signers = {.name = "signers",
                                  .bytes = sizeof(struct signers),
                                  .init = init,
                                  .deadline = deadline,
                                  .give = give,
                                  .hears = hears,
                                  .tick = tick,
                                  .on = {[EVENT_HANDOUT] = put_in,
                                         [EVENT_NEXT_READ] = prepare,
                                         [EVENT_NEXT_DROPPED] = drop_next,
                                         [EVENT_IN_FORCE] = follow},
                                  .count = count,
                                  .add_counts = add_counts,
                                  .answers_reload = answer_reload};
