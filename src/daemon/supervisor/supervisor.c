#include "supervisor.h"

#include "daemon/family.h"
#include "daemon/notify.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define START_LIMIT_MS 20000
#define END_LIMIT_MS   1000
#define PAUSE_MS       100  /* more than a turn takes, less than any limit of a child */
#define BLIND_MS       20   /* between two turns when poll() fails: no spin, and no child waits */
#define GOODBYE_MS     5000 /* more than the end can take after the drain */

/* Signals, stirctl, directories, and a control socket for each child: see supervisor_each_child().
 */
#define WATCHED_MAX (3 + ADMIN_CLIENTS_MAX + CHILDREN_MAX)

struct watched {
    struct pollfd poll[WATCHED_MAX];
    struct child *child[WATCHED_MAX]; /* NULL: only there to wake the loop */
    unsigned n;
};

static void watch(struct watched *watched, int fd, short events, struct child *child)
{
    watched->poll[watched->n] = (struct pollfd){.fd = fd, .events = events};
    watched->child[watched->n] = child;
    watched->n++;
}

static void watch_child(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    if (c->control_fd >= 0)
        watch(user, c->control_fd, POLLIN, c);
}

static void earliest(int64_t *deadline_ms, int64_t other_ms)
{
    if (other_ms < *deadline_ms)
        *deadline_ms = other_ms;
}

static void earliest_of_child(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    earliest(user, child_deadline_ms(c));
}

static void watch_admin(const struct supervisor *s, struct watched *watched, int64_t now_ms)
{
    if (s->admin_fd >= 0 && now_ms >= s->callers_from_ms)
        watch(watched, s->admin_fd, POLLIN, NULL);
    for (unsigned i = 0; i < ADMIN_CLIENTS_MAX; i++) {
        if (s->clients[i].fd >= 0)
            watch(watched, s->clients[i].fd, POLLIN, NULL);
    }
}

/* At least twice a second, so that a deadline that is not listed here is a delay and no hang. */
static int wait_ms(struct supervisor *s, int64_t now_ms)
{
    int64_t deadline = now_ms + 500;
    supervisor_each_child(s, earliest_of_child, &deadline);
    earliest(&deadline, supervisor_retired_deadline(s));
    if (s->watchdog_every_ms)
        earliest(&deadline, s->next_watchdog_ms);
    if (s->callers_from_ms > now_ms)
        earliest(&deadline, s->callers_from_ms);
    if (s->stopping)
        earliest(&deadline, s->ending ? s->end_until_ms : s->drain_until_ms);
    /* One that is past waits for something else, such as a worker for a signer that does not start:
       looking again at once would be a busy loop. */
    return deadline > now_ms ? (int)(deadline - now_ms) : 10;
}

/* ---- the end ---- */

static void count_running(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    *(unsigned *)user += c->pid > 0;
}

static unsigned running(struct supervisor *s)
{
    unsigned n = 0;
    supervisor_each_child(s, count_running, &n);
    return n;
}

static void kill_child(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    child_kill(c, *(const int *)user);
}

/* A closed control socket tells the recorder to write what still waits, and then to end. */
static void let_go(struct supervisor *s, struct child *c, void *user)
{
    child_close_control(c);
    kill_child(s, c, user);
}

void supervisor_end(struct supervisor *s, int64_t now_ms)
{
    int signal = SIGTERM;
    s->stopping = s->ending = true;
    s->end_until_ms = now_ms + END_LIMIT_MS;
    supervisor_each_child(s, let_go, &signal);
}

void supervisor_fail_start(struct supervisor *s, int64_t now_ms)
{
    log_error("stird did not get ready and ends: see the lines above");
    s->start_failed = true;
    supervisor_end(s, now_ms);
}

static void kill_all(struct supervisor *s, int64_t now_ms)
{
    int signal = SIGKILL;
    s->stopping = s->ending = true;
    s->end_until_ms = now_ms + END_LIMIT_MS;
    supervisor_each_child(s, kill_child, &signal);
}

/* CONTROL_DRAIN to who drains. */
static void tell_drain(struct supervisor *s, struct child *c, void *user)
{
    const struct control_message message = {.type = CONTROL_DRAIN};
    (void)s;
    (void)user;
    if (c->role->drains)
        child_send(c, &message, NULL, 0);
}

static void begin_to_drain(struct supervisor *s, struct child *c, void *user)
{
    if (c->state == CHILD_SERVING)
        tell_drain(s, c, user);
    else if (c->role->drains)
        child_kill(c, SIGKILL);
}

static void drain(struct supervisor *s, int64_t now_ms)
{
    int64_t limit_ms = s->current.settings->drain_timeout_ms + 1000;
    log_info("stopping: running calls may end", LOG_NUMBER("limit_ms", limit_ms));
    notify_stopping(limit_ms + GOODBYE_MS);
    supervisor_reload_failed(s, "stird is stopping");
    s->stopping = true;
    s->drain_until_ms = now_ms + limit_ms;
    supervisor_each_child(s, begin_to_drain, NULL);
}

struct draining {
    unsigned there, not_done;
};

static void count_draining(struct supervisor *s, struct child *c, void *user)
{
    struct draining *d = user;
    (void)s;
    d->there += c->role->drains && c->pid > 0;
    d->not_done += c->role->drains && c->pid > 0 && !c->drained;
}

static struct draining still_draining(struct supervisor *s)
{
    struct draining d = {0};
    supervisor_each_child(s, count_draining, &d);
    return d;
}

/* None goes before the last call has ended: the messages of its Call-IDs would find nobody. */
static void dismiss(struct supervisor *s)
{
    if (s->dismissed || still_draining(s).not_done > 0)
        return;
    s->dismissed = true;
    supervisor_each_child(s, tell_drain, NULL);
}

static void go_on_stopping(struct supervisor *s, int64_t now_ms)
{
    if (s->stopping && !s->ending)
        dismiss(s);
    if (s->stopping && !s->ending && (still_draining(s).there == 0 || now_ms >= s->drain_until_ms))
        supervisor_end(s, now_ms);
    else if (s->ending && now_ms >= s->end_until_ms)
        kill_all(s, now_ms);
}

/* ---- signals ---- */

static void on_terminate(struct supervisor *s, int64_t now_ms)
{
    if (s->stopping)
        kill_all(s, now_ms);
    else
        drain(s, now_ms);
}

static const struct {
    int signal;
    void (*act)(struct supervisor *s, int64_t now_ms);
} signals[] = {
    {SIGCHLD, supervisor_reap},
    {SIGHUP, supervisor_reload},
    {SIGTERM, on_terminate},
    {SIGINT, on_terminate},
};

static void take_signals(struct supervisor *s, int64_t now_ms)
{
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
            if ((int)info.ssi_signo == signals[i].signal)
                signals[i].act(s, now_ms);
        }
    }
}

/* ---- the loop ---- */

static bool workers_serve(const struct supervisor *s)
{
    for (unsigned w = 0; w < s->n_workers; w++) {
        if (s->workers[w].state != CHILD_SERVING)
            return false;
    }
    return true;
}

static void tell_ready(struct supervisor *s)
{
    if (s->ready || s->stopping || !workers_serve(s))
        return;
    s->ready = true;
    supervisor_send_record_file(s); /* a start that fails leaves no line in it */
    log_info("ready", LOG_NUMBER("listeners", s->n_sockets),
             LOG_NUMBER("number_rows", (int64_t)s->current.numbers.rows));
    notify_ready();
    if (s->on_ready)
        s->on_ready(s->on_ready_user);
}

static void forgive(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    child_forgive_pause(c, *(const int64_t *)user);
}

/* The loop was to wake after WAIT ms. A whole machine may have stood still (a virtual one that was
   moved): what its children did not do meanwhile is no hang of theirs. */
static void notice_pause(struct supervisor *s, int64_t wait, int64_t now_ms)
{
    int64_t pause_ms = now_ms - s->turned_ms - wait;
    s->turned_ms = now_ms;
    if (pause_ms >= PAUSE_MS)
        supervisor_each_child(s, forgive, &pause_ms);
}

/* False: poll() does not tell whom to hear. WAIT: how long it was. */
static bool wait_for_news(struct supervisor *s, struct watched *watched, int *wait)
{
    if (poll(watched->poll, watched->n, *wait) >= 0 || errno == EINTR)
        return true;
    int error = errno;
    if (*wait > BLIND_MS)
        *wait = BLIND_MS;
    const struct timespec moment = {.tv_nsec = *wait * 1000000L};
    nanosleep(&moment, NULL);
    supervisor_lacks(s, LACK_POLL, error, clock_monotonic_ms());
    return false;
}

/* What comes in is read before any deadline is looked at: a supervisor that slept is not to think
   that the others did. Nor is one that cannot wait for them: it reads what each may have said. */
static void one_turn(struct supervisor *s)
{
    struct watched watched = {.n = 0};
    int64_t now_ms = clock_monotonic_ms();
    watch(&watched, s->signal_fd, POLLIN, NULL);
    watch_admin(s, &watched, now_ms);
    if (s->watch_fd >= 0)
        watch(&watched, s->watch_fd, POLLIN, NULL);
    supervisor_each_child(s, watch_child, &watched);
    int wait = wait_ms(s, now_ms);
    bool told = wait_for_news(s, &watched, &wait);

    now_ms = clock_monotonic_ms();
    notice_pause(s, wait, now_ms);
    for (unsigned i = 0; i < watched.n; i++) {
        if (watched.child[i] && (!told || watched.poll[i].revents))
            supervisor_child_messages(s, watched.child[i], now_ms);
    }
    take_signals(s, now_ms);
    supervisor_drop_retired(s, now_ms);
    supervisor_kill_overdue(s, now_ms);
    supervisor_kill_debtors(s, now_ms);
    supervisor_restart_children(s, now_ms);
    supervisor_ping_children(s, now_ms);
    supervisor_serve_admin(s, now_ms);
    supervisor_tend_certificates(s, now_ms);
    supervisor_tend_files(s, now_ms);
    if (s->reload_again)
        supervisor_reload(s, now_ms);
    tell_ready(s);
    notify_flush();
    supervisor_keep_untold(s, now_ms);
    supervisor_look_for_alarms(s, now_ms);
    supervisor_tell_status(s, now_ms);
    supervisor_feed_watchdog(s, now_ms);
    go_on_stopping(s, now_ms);
}

int supervisor_run(struct supervisor *s, bool journal, void (*ready)(void *user), void *user)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t start_until_ms = now_ms + START_LIMIT_MS;
    s->started_ms = s->turned_ms = now_ms;
    s->journal = journal;
    s->on_ready = ready;
    s->on_ready_user = user;
    s->watchdog_every_ms = notify_watchdog_interval_ms();
    log_set_level(s->current.settings->log_level);
    family_keep_orphans();
    supervisor_start_children(s, now_ms);
    supervisor_watch_certificates(s);
    while (!s->ending || running(s) > 0) {
        one_turn(s);
        now_ms = clock_monotonic_ms();
        if (!s->ready && !s->stopping && now_ms >= start_until_ms)
            supervisor_fail_start(s, now_ms);
    }
    supervisor_keep_last(s);
    log_info("stopped");
    return s->start_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
