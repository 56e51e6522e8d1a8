/* Starting children, and the channels between workers and signers. */
#include "supervisor.h"

#include "daemon/loader_process.h"
#include "daemon/roles.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/base/packet.h>
#include <string.h>
#include <unistd.h>

void supervisor_each_child(struct supervisor *s,
                           void (*visit)(struct supervisor *s, struct child *c, void *user),
                           void *user)
{
    for (unsigned w = 0; w < s->n_workers; w++)
        visit(s, &s->workers[w], user);
    visit(s, &s->signer, user);
    visit(s, &s->next_signer, user);
    for (unsigned i = 0; i < RETIRED_MAX; i++)
        visit(s, &s->retired[i], user);
    visit(s, &s->recorder, user);
    visit(s, &s->loader, user);
    visit(s, &s->checker, user);
}

/* ---- entries of the children: in the new process ---- */

struct worker_start {
    const struct supervisor *s;
    unsigned w;
    int counters_fd;
    struct listener_sockets sockets[LISTENERS_MAX];
    int others[WORKERS_MAX];
};

static int enter_worker(void *user, int control_fd)
{
    struct worker_start *start = user;
    static char name[24];
    snprintf(name, sizeof(name), "worker %u", start->w + 1);
    log_open(name, STDERR_FILENO, start->s->journal);
    return worker_main(&(struct worker_options){
        .control_fd = control_fd,
        .records_fd = start->s->record_channels[start->w][1],
        .backlog_fd = start->s->record_backlogs[start->w],
        .worker = start->w,
        .n_workers = start->s->n_workers,
        .sockets = start->sockets,
        .inbox_fd = start->s->inboxes[start->w][0],
        .others_fds = start->others,
        .dispatch_key = &start->s->dispatch_key,
        .counters_fd = start->counters_fd,
    });
}

struct signer_start {
    const struct supervisor *s;
    const struct settings *settings;
};

static int enter_signer(void *user, int control_fd)
{
    const struct signer_start *start = user;
    log_open("signer", STDERR_FILENO, start->s->journal);
    return signer_main(start->settings, control_fd);
}

static int enter_recorder(void *user, int control_fd)
{
    const struct supervisor *s = user;
    log_open("recorder", STDERR_FILENO, s->journal);
    return recorder_main(control_fd, s->record_tally_fd);
}

/* ---- starting ---- */

static int said(const struct child *c, int r)
{
    if (r)
        log_error("a child cannot be started", LOG_CSTR("child", c->role->name),
                  LOG_CSTR("error", strerror(-r)));
    else
        log_info("child started", LOG_CSTR("child", c->role->name), LOG_NUMBER("pid", c->pid));
    return r;
}

int supervisor_start_signer(struct supervisor *s, struct child *c,
                            const struct configuration *configuration, int64_t now_ms)
{
    struct signer_start start = {s, configuration->settings};
    return said(c, child_start(c, enter_signer, &start, NULL, 0, now_ms));
}

static int start_signer(struct supervisor *s, struct child *c, int64_t now_ms)
{
    return supervisor_start_signer(s, c, &s->current, now_ms);
}

static int start_worker(struct supervisor *s, struct child *c, int64_t now_ms)
{
    int keep[LISTENERS_MAX * TRANSPORTS + WORKERS_MAX + 4];
    unsigned n = 0;
    struct worker_start start = {.s = s, .w = c->index};
    if (s->sockets_broken[c->index] > 0) /* it may have been for want of descriptors */
        supervisor_mend_sockets(s, c->index);
    for (unsigned i = 0; i < s->n_sockets; i++) {
        start.sockets[i] = s->sockets[i * s->n_workers + c->index];
        for (unsigned t = 0; t < TRANSPORTS; t++)
            keep[n++] = start.sockets[i].fd[t];
    }
    for (unsigned w = 0; w < s->n_workers; w++)
        keep[n++] = start.others[w] = w == c->index ? -1 : s->inboxes[w][1];
    keep[n++] = s->inboxes[c->index][0];
    keep[n++] = s->record_channels[c->index][1];
    keep[n++] = s->record_backlogs[c->index];
    s->in_use[c->index] = 0;
    supervisor_owes_nothing(s, c->index);
    s->oldest[c->index] = s->current.generation;
    keep[n++] = start.counters_fd = counter_book_open(s->book, c->index);
    int r = start.counters_fd < 0 ? start.counters_fd
                                  : child_start(c, enter_worker, &start, keep, n, now_ms);
    if (start.counters_fd >= 0)
        close(start.counters_fd);
    r = said(c, r);
    if (r == 0)
        supervisor_send_names(s, c->index);
    if (r == 0)
        r = supervisor_send_overlay(s, c->index);
    if (r == 0)
        r = supervisor_send_snapshot(s, c->index, &s->current, &s->signer);
    return r;
}

static int start_recorder(struct supervisor *s, struct child *c, int64_t now_ms)
{
    const struct control_message message = {.type = CONTROL_RECORD_SOURCE};
    int r = said(c, child_start(c, enter_recorder, s, &s->record_tally_fd, 1, now_ms));
    if (r)
        return r;
    r = supervisor_send_record_file(s);
    for (unsigned w = 0; r == 0 && w < s->n_workers; w++)
        r = child_send(c, &message, &s->record_channels[w][0], 1);
    return r;
}

/* A child that cannot even be forked, or is of no use, is tried again like one that died at once.
 */
static void start_again(struct supervisor *s, struct child *c, int64_t now_ms,
                        int (*start)(struct supervisor *s, struct child *c, int64_t now_ms))
{
    int r = start(s, c, now_ms);
    if (r && c->pid == 0)
        child_died(c, now_ms);
    if (r == 0 || c->pid == 0)
        return;
    log_error("a child is not told what it needs to begin, and is replaced",
              LOG_CSTR("child", c->role->name), LOG_NUMBER("pid", c->pid),
              LOG_CSTR("error", strerror(-r)));
    child_kill(c, SIGKILL);
}

static bool is_due(const struct child *c, int64_t now_ms)
{
    return c->state == CHILD_NONE && c->restart_at_ms && c->restart_at_ms <= now_ms;
}

void supervisor_restart_children(struct supervisor *s, int64_t now_ms)
{
    if (s->ending)
        return;
    if (is_due(&s->signer, now_ms))
        start_again(s, &s->signer, now_ms, start_signer);
    if (is_due(&s->recorder, now_ms))
        start_again(s, &s->recorder, now_ms, start_recorder);
    for (unsigned w = 0; w < s->n_workers && !s->stopping; w++) {
        /* The first workers wait for the first signer, so that the first call is signed. */
        if (is_due(&s->workers[w], now_ms) && (s->ready || s->signer.state == CHILD_SERVING))
            start_again(s, &s->workers[w], now_ms, start_worker);
    }
}

void supervisor_start_children(struct supervisor *s, int64_t now_ms)
{
    if (s->records_file >= 0)
        s->recorder.restart_at_ms = now_ms;
    s->signer.restart_at_ms = now_ms;
    for (unsigned w = 0; w < s->n_workers; w++)
        s->workers[w].restart_at_ms = now_ms;
    supervisor_restart_children(s, now_ms);
}

/* ---- channels between workers and signers ---- */

/* The worker's end of a new channel. A signer that is not there gives one that is closed. */
static int new_channel(struct child *signer, unsigned w)
{
    const struct control_message message = {.type = CONTROL_CHANNEL, .worker = w};
    int fds[2];
    int r = control_pair(fds);
    if (r)
        return r;
    if (signer->state == CHILD_SERVING)
        child_send(signer, &message, &fds[0], 1);
    packet_refuse_rights(fds[0]);
    packet_refuse_rights(fds[1]);
    close(fds[0]);
    return fds[1];
}

int supervisor_send_snapshot(struct supervisor *s, unsigned w,
                             const struct configuration *configuration, struct child *signer)
{
    struct control_message message = {
        .type = CONTROL_SNAPSHOT,
        .worker = w,
        .generation = configuration->generation,
        .numbers_generation = configuration->generation,
        .read_at_s = configuration->read_at_s,
    };
    if (s->path.n >= sizeof(message.path))
        return -ENAMETOOLONG;
    if (!supervisor_owes_snapshot(s, w, configuration->generation, clock_monotonic_ms()))
        return -EBUSY;
    memcpy(message.path, s->path.p, s->path.n);
    supervisor_certificate_states(s, configuration->settings, message.text, sizeof(message.text));
    memcpy(message.secret, s->secret, SNAPSHOT_SECRET_BYTES);
    int channel = new_channel(signer, w);
    if (channel < 0)
        return channel;
    int counters = counter_book_open_parts(s->book, w, configuration->generation,
                                           configuration->settings);
    const int fds[] = {configuration->files_fd, configuration->numbers_fd, channel, counters};
    int r = counters < 0 ? counters : child_send(&s->workers[w], &message, fds, 4);
    close(channel);
    if (counters >= 0)
        close(counters);
    explicit_bzero(message.secret, sizeof(message.secret));
    return r;
}

void supervisor_connect_workers(struct supervisor *s)
{
    for (unsigned w = 0; w < s->n_workers; w++) {
        if (s->workers[w].pid == 0)
            continue;
        struct control_message message = {
            .type = CONTROL_SIGNER, .worker = w, .generation = s->current.generation};
        int channel = new_channel(&s->signer, w);
        if (channel < 0) {
            log_error("no channel to the signer", LOG_CSTR("error", strerror(-channel)));
            continue;
        }
        int r = child_send(&s->workers[w], &message, &channel, 1);
        close(channel);
        if (r == 0 || r == -EPIPE)
            continue;
        log_error("a worker is not told of its signer and is replaced", LOG_NUMBER("worker", w + 1),
                  LOG_CSTR("error", strerror(-r)));
        child_kill(&s->workers[w], SIGKILL);
    }
}
