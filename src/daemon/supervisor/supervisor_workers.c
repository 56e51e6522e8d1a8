/* The workers: what each is given when it begins, and what becomes of what it says. */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int supervisor_send_snapshot(struct supervisor *s, unsigned w,
                             const struct configuration *configuration, struct child *signer)
{
    struct control_message message = {
        .type = CONTROL_SNAPSHOT,
        .snapshot = {.generation = configuration->generation,
                     .numbers_generation = configuration->generation,
                     .read_at_s = configuration->read_at_s},
    };
    if (s->path.n >= CONTROL_TEXT)
        return -ENAMETOOLONG;
    if (!supervisor_owes_snapshot(s, w, configuration->generation, clock_monotonic_ms()))
        return -EBUSY;
    memcpy(message.snapshot.path, s->path.p, s->path.n);
    supervisor_certificate_states(s, configuration->settings, message.snapshot.states,
                                  CONTROL_TEXT);
    memcpy(message.snapshot.secret, s->secret, SNAPSHOT_SECRET_BYTES);
    int channel = supervisor_signer_channel(signer, w);
    if (channel < 0)
        return channel;
    const int fds[] = {configuration->files_fd, configuration->numbers_fd, channel};
    int r = child_send(&s->workers[w], &message, fds, 3);
    close(channel);
    explicit_bzero(message.snapshot.secret, SNAPSHOT_SECRET_BYTES);
    return r;
}

/* It turns, and does not do what it was told: a reload that waits for it would never end. */
void supervisor_kill_debtors(struct supervisor *s, int64_t now_ms)
{
    for (unsigned w = 0; w < s->n_workers; w++) {
        struct child *c = &s->workers[w];
        const char *why = c->control_fd >= 0 ? supervisor_owed_too_long(s, w, now_ms) : NULL;
        if (!why)
            continue;
        supervisor_kill_for(c, why);
        child_close_control(c);
        if (s->reload == RELOAD_SWITCHING)
            supervisor_reload_failed(
                s, "a worker does not take the new configuration and is replaced: reload again");
    }
}

/* ---- what it says ---- */

static void take_heartbeat(struct supervisor *s, const struct heard *h)
{
    const unsigned w = h->child->index;
    supervisor_worker_counters(s, w, &h->message->heartbeat.counters);
    s->oldest[w] = h->message->heartbeat.oldest;
    supervisor_owed_beat(s, w);
}

static void take_name(struct supervisor *s, const struct heard *h)
{
    supervisor_take_name(s, h->child->index, &h->message->name);
}

static void take_refused(struct supervisor *s, const struct heard *h)
{
    supervisor_take_refused(s, &h->message->refused);
}

static void take_hop(struct supervisor *s, const struct heard *h)
{
    supervisor_take_hop(s, h->child->index, &h->message->hop);
}

static void take_trunks(struct supervisor *s, const struct heard *h)
{
    supervisor_take_trunks(s, h->child->index, &h->message->trunks);
}

static void take_failed(struct supervisor *s, const struct heard *h)
{
    supervisor_take_failed(s, &h->message->failed);
}

static void take_snapshot_in_use(struct supervisor *s, const struct heard *h)
{
    const unsigned w = h->child->index;
    const uint64_t generation = h->message->snapshot_in_use.generation;
    if (!supervisor_snapshot_was_owed(s, w, generation, h->now_ms)) {
        supervisor_child_false(s, h->child, "that it serves a configuration that it was not given");
        return;
    }
    s->in_use[w] = generation;
    supervisor_worker_switched(s, w, h->now_ms);
}

static void take_snapshot_refused(struct supervisor *s, const struct heard *h)
{
    const uint64_t generation = h->message->snapshot_refused.generation;
    log_error("alarm", LOG_CSTR("child", h->child->role->name), LOG_NUMBER("pid", h->child->pid),
              LOG_CSTR("text", "the new configuration cannot be taken"));
    if (!supervisor_snapshot_was_owed(s, h->child->index, generation, h->now_ms)) {
        supervisor_child_false(s, h->child, "that it cannot take what it was not given");
        return;
    }
    supervisor_reload_failed(s, "a worker could not take the new configuration");
    child_kill(h->child, SIGKILL);
}

static void take_overlay_in_use(struct supervisor *s, const struct heard *h)
{
    const uint64_t generation = h->message->overlay_in_use.generation;
    if (supervisor_overlay_was_owed(s, h->child->index, generation, h->now_ms))
        supervisor_overlay_taken(s, h->child->index, generation);
    else
        supervisor_child_false(s, h->child, "that it has urgent changes that it was not given");
}

static void take_drained(struct supervisor *s, const struct heard *h)
{
    struct child *c = h->child;
    if (!s->stopping) {
        supervisor_child_false(s, c, "that its calls have ended, which was not asked");
        return;
    }
    c->drained = true;
    log_info("a child has finished its calls", LOG_CSTR("child", c->role->name),
             LOG_NUMBER("pid", c->pid));
}

static const struct word hears[] = {
    {CONTROL_HEARTBEAT, take_heartbeat},
    {CONTROL_NAME, take_name},
    {CONTROL_REFUSED, take_refused},
    {CONTROL_HOP, take_hop},
    {CONTROL_TRUNKS, take_trunks},
    {CONTROL_FAILED, take_failed},
    {CONTROL_SNAPSHOT_IN_USE, take_snapshot_in_use},
    {CONTROL_SNAPSHOT_REFUSED, take_snapshot_refused},
    {CONTROL_OVERLAY_IN_USE, take_overlay_in_use},
    {CONTROL_DRAINED, take_drained},
    {CONTROL_NO_WORD, NULL},
};

/* ---- its life ---- */

static unsigned kept(const struct supervisor *s)
{
    return s->n_workers;
}

/* The first workers wait for the first signer, so that the first call is signed. */
static bool may_start(const struct supervisor *s)
{
    return s->ready || s->signer->state == CHILD_SERVING;
}

static unsigned keep(struct supervisor *s, const struct child *c, int *fds)
{
    unsigned n = 0;
    _Static_assert(LISTENERS_MAX * TRANSPORTS + WORKERS_MAX + 3 <= CHILD_KEEP_MAX, "room for all");
    if (s->sockets_broken[c->index] > 0) /* it may have been for want of descriptors */
        supervisor_mend_sockets(s, c->index);
    for (unsigned i = 0; i < s->n_sockets; i++)
        for (unsigned t = 0; t < TRANSPORTS; t++)
            fds[n++] = s->sockets[i * s->n_workers + c->index].fd[t];
    for (unsigned w = 0; w < s->n_workers; w++)
        fds[n++] = w == c->index ? -1 : s->inboxes[w][1];
    fds[n++] = s->inboxes[c->index][0];
    fds[n++] = s->record_channels[c->index][1];
    fds[n++] = s->record_backlogs[c->index];
    return n;
}

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    struct listener_sockets sockets[LISTENERS_MAX];
    int others[WORKERS_MAX];
    for (unsigned i = 0; i < s->n_sockets; i++)
        sockets[i] = s->sockets[i * s->n_workers + c->index];
    for (unsigned w = 0; w < s->n_workers; w++)
        others[w] = w == c->index ? -1 : s->inboxes[w][1];
    return worker_main(&(struct worker_options){
        .control_fd = control_fd,
        .records_fd = s->record_channels[c->index][1],
        .backlog_fd = s->record_backlogs[c->index],
        .worker = c->index,
        .n_workers = s->n_workers,
        .sockets = sockets,
        .inbox_fd = s->inboxes[c->index][0],
        .others_fds = others,
        .dispatch_key = &s->dispatch_key,
    });
}

static int started(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    s->in_use[c->index] = 0;
    supervisor_owes_nothing(s, c->index);
    s->oldest[c->index] = s->current.generation;
    supervisor_send_names(s, c->index);
    int r = supervisor_send_overlay(s, c->index);
    return r == 0 ? supervisor_send_snapshot(s, c->index, &s->current, s->signer) : r;
}

static void serves(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    log_info("worker serves", LOG_NUMBER("pid", c->pid),
             LOG_NUMBER("generation", (int64_t)s->current.generation));
}

/* It said itself what is missing; another one would miss it too. */
static bool gave_up(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE;
}

static void gone(struct supervisor *s, struct child *c, const struct death *death)
{
    supervisor_worker_gone(s, c->index);
    supervisor_forget_hops(s, c->index);
    supervisor_forget_trunks(s, c->index);
    if (!s->ending)
        supervisor_mend_sockets(s, c->index);
    supervisor_numbers_in_force(s);
    if (s->reload == RELOAD_SWITCHING)
        supervisor_reload_failed(s, "a worker died while it took the new configuration");
    if (death->was_starting && gave_up(death->status) && !s->ready && !s->stopping)
        supervisor_fail_start(s, death->now_ms);
}

const struct duty duty_worker = {.kept = kept,
                                 .may_start = may_start,
                                 .keep = keep,
                                 .enter = enter,
                                 .started = started,
                                 .serves = serves,
                                 .hears = hears,
                                 .gone = gone};
