/*
 * The signers: the present one, that of a reload, which comes after it, and those that finish what
 * calls of old snapshots have asked. They stay where they are; which of them is what changes.
 */
#include "supervisor_signers.h"

#include <errno.h>
#include <signal.h>
#include <stird/base/log.h>
#include <stird/base/packet.h>
#include <string.h>
#include <unistd.h>

/* Calls ask for their signature within the sign timeout; this is for those that never close. */
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
    uint64_t requests_refused;     /* by signers, since a worker asked for too many */
};

static struct signers *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_signers);
}

struct child *supervisor_signer(const struct supervisor *s)
{
    return own(s)->present;
}

struct child *supervisor_next_signer(const struct supervisor *s)
{
    return own(s)->next;
}

void supervisor_signers_needed(struct supervisor *s, unsigned w, uint64_t generation)
{
    own(s)->oldest[w] = generation;
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

int supervisor_signer_channel(struct child *signer, unsigned w)
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
    int channel = supervisor_signer_channel(own(s)->present, w);
    if (channel < 0) {
        if (!own(s)->unconnected[w])
            log_error("no channel to the signer", LOG_CSTR("error", strerror(-channel)));
        return false;
    }
    int r = child_send(&s->workers[w], &message, &channel, 1);
    close(channel);
    if (r == 0 || r == -EPIPE)
        return true;
    log_error("a worker is not told of its signer and is replaced", LOG_NUMBER("worker", w + 1),
              LOG_CSTR("error", strerror(-r)));
    child_kill(&s->workers[w], SIGKILL);
    return true;
}

/* Gives each worker, or each that has none, a channel to the present signer. */
static void connect_workers(struct supervisor *s, bool all)
{
    for (unsigned w = 0; w < s->n_workers; w++)
        if (all || own(s)->unconnected[w])
            own(s)->unconnected[w] = s->workers[w].pid > 0 && !connect_worker(s, w);
}

/* ---- the one that comes after ---- */

static unsigned count_retired(const struct supervisor *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < PLACES; i++)
        n += is_retired(s, i);
    return n;
}

static void hurry_oldest(struct supervisor *s, int64_t now_ms)
{
    int64_t *oldest = NULL;
    for (unsigned i = 0; i < PLACES; i++)
        if (is_retired(s, i) && (!oldest || own(s)->retired[i].until_ms < *oldest))
            oldest = &own(s)->retired[i].until_ms;
    if (oldest && *oldest > now_ms)
        *oldest = now_ms;
}

bool supervisor_signers_have_room(struct supervisor *s, int64_t now_ms)
{
    if (count_retired(s) < SIGNERS_RETIRED_MAX)
        return true;
    hurry_oldest(s, now_ms);
    return false;
}

int supervisor_start_next_signer(struct supervisor *s, int64_t now_ms)
{
    struct child *c = NULL;
    for (unsigned i = 0; i < PLACES && !c; i++)
        if (place(s, i)->pid == 0 && place(s, i) != own(s)->present)
            c = place(s, i);
    if (!c) /* a reload does not begin without one */
        return -EBUSY;
    child_init(c, c->role, c->index);
    own(s)->next = c;
    return supervisor_start_child(s, c, now_ms);
}

/* From here on it finishes what is under way, and is let go. */
static void retire(struct supervisor *s, struct child *c, int64_t now_ms)
{
    const struct control_message message = {.type = CONTROL_DRAIN};
    c->kept = false;
    c->restart_at_ms = 0;
    if (c->pid == 0)
        return;
    child_send(c, &message, NULL, 0);
    own(s)->retired[c->index].generation = s->current.generation;
    own(s)->retired[c->index].until_ms = now_ms + RETIRED_LIMIT_MS;
}

void supervisor_switch_signers(struct supervisor *s, int64_t now_ms)
{
    retire(s, own(s)->present, now_ms);
    own(s)->present = own(s)->next;
    own(s)->next = NULL;
    own(s)->present->kept = true;
}

/* ---- those that are retired ---- */

/* No call holds a snapshot of its generation: nobody waits for this signer any more. */
static bool is_done(const struct supervisor *s, uint64_t generation)
{
    for (unsigned w = 0; w < s->n_workers; w++) {
        if (s->workers[w].pid > 0 && own(s)->oldest[w] <= generation)
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
    (void)now_ms;
    if (c == own(s)->present)
        connect_workers(s, true);
}

/* It does not serve as it should: its death starts another, or ends the reload. */
static void take_alarm(struct supervisor *s, const struct heard *h)
{
    const char *text = h->message->alarm.text;
    log_error("alarm", LOG_CSTR("child", h->child->role->name), LOG_NUMBER("pid", h->child->pid),
              LOG_CSTR("text", text));
    supervisor_tell(s, EVENT_CHILD_ALARM, &(struct news){.child = h->child, .why = text});
    child_kill(h->child, SIGKILL);
}

static void take_over_ceiling(struct supervisor *s, const struct heard *h)
{
    own(s)->requests_refused = counters_sum(own(s)->requests_refused,
                                            h->message->over_ceiling.requests);
}

static const struct word hears[] = {
    {CONTROL_OVER_CEILING, take_over_ceiling},
    {CONTROL_ALARM, take_alarm},
    {CONTROL_NO_WORD, NULL},
};

const struct duty duty_signer = {.kept = kept, .enter = enter, .serves = serves, .hears = hears};

/* ---- the part ---- */

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
                                  .tick = tick,
                                  .count = count,
                                  .add_counts = add_counts};
