#include "loop.h"

#include "daemon/family.h"

#include <assert.h>
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

#define START_LIMIT_MS 50000 /* less than TimeoutStartSec of systemd/stird.service */
#define END_LIMIT_MS   1000
#define PAUSE_MS       100 /* more than a turn takes, less than any limit of a child */
#define BLIND_MS       20  /* between two turns when poll() fails: no spin, and no child waits */

/* Signals, what parts watch, and a control socket for each child. */
#define PARTS_WATCH_MAX 64
#define WATCHED_MAX     (1 + PARTS_WATCH_MAX + CHILDREN_MAX)

struct watched {
    struct pollfd poll[WATCHED_MAX];
    struct child *child[WATCHED_MAX]; /* NULL: only there to wake the loop */
    unsigned n;
};

/* ---- parts ---- */

static unsigned count_parts(const struct part *const *parts)
{
    unsigned n = 0;
    while (parts[n])
        n++;
    return n;
}

void supervisor_unmake(struct supervisor *s)
{
    unsigned n = s->part_states ? count_parts(s->parts) : 0;
    for (unsigned i = n; i-- > 0;)
        if (s->parts[i]->fini)
            s->parts[i]->fini(s);
    for (unsigned i = 0; i < n; i++)
        free(s->part_states[i]);
    free(s->part_states);
    if (s->signal_fd >= 0)
        close(s->signal_fd);
    free(s);
}

static bool make_states(struct supervisor *s)
{
    unsigned n = count_parts(s->parts);
    void **states = calloc(n + 1, sizeof(*states));
    bool good = states != NULL;
    for (unsigned i = 0; good && i < n; i++)
        good = (states[i] = calloc(1, s->parts[i]->bytes + 1)) != NULL;
    for (unsigned i = 0; !good && states && i < n; i++)
        free(states[i]);
    if (good)
        s->part_states = states;
    else
        free(states);
    return good;
}

struct supervisor *supervisor_make(const struct child_role *table, unsigned n_roles,
                                   const struct part *const *parts)
{
    struct supervisor *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->signal_fd = -1;
    s->parts = parts;
    supervisor_make_places(s, table, n_roles);
    if (!make_states(s)) {
        free(s);
        return NULL;
    }
    for (unsigned i = 0; parts[i]; i++)
        if (parts[i]->init)
            parts[i]->init(s);
    return s;
}

void *supervisor_part(const struct supervisor *s, const struct part *part)
{
    unsigned i = 0;
    while (s->parts[i] != part) {
        assert(s->parts[i]);
        i++;
    }
    return s->part_states[i];
}

void supervisor_tell(struct supervisor *s, enum event event, const struct news *news)
{
    for (unsigned i = 0; s->parts[i]; i++)
        if (s->parts[i]->on[event])
            s->parts[i]->on[event](s, news);
}

/* ---- what the loop waits for ---- */

static void watch(struct watched *watched, int fd, struct child *child)
{
    assert(watched->n < WATCHED_MAX);
    watched->poll[watched->n] = (struct pollfd){.fd = fd, .events = POLLIN};
    watched->child[watched->n] = child;
    watched->n++;
}

void supervisor_watch(struct watched *watched, int fd)
{
    watch(watched, fd, NULL);
}

static void watch_child(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    if (c->control_fd >= 0)
        watch(user, c->control_fd, c);
}

static void watch_all(struct supervisor *s, struct watched *watched, int64_t now_ms)
{
    watch(watched, s->signal_fd, NULL);
    for (unsigned i = 0; s->parts[i]; i++)
        if (s->parts[i]->watch)
            s->parts[i]->watch(s, watched, now_ms);
    supervisor_each_child(s, watch_child, watched);
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

/* At least twice a second, so that a deadline that is not listed here is a delay and no hang. */
static int wait_ms(struct supervisor *s, int64_t now_ms)
{
    int64_t deadline = now_ms + 500;
    supervisor_each_child(s, earliest_of_child, &deadline);
    for (unsigned i = 0; s->parts[i]; i++)
        if (s->parts[i]->deadline)
            earliest(&deadline, s->parts[i]->deadline(s, now_ms));
    if (s->ending)
        earliest(&deadline, s->end_until_ms);
    /* A deadline in the past waits for something else, as one child does for another that does not
       start: to look again at once would be a busy loop. */
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

void supervisor_kill_all(struct supervisor *s, int64_t now_ms)
{
    int signal = SIGKILL;
    s->stopping = s->ending = true;
    s->end_until_ms = now_ms + END_LIMIT_MS;
    supervisor_each_child(s, kill_child, &signal);
}

static void go_on_ending(struct supervisor *s, int64_t now_ms)
{
    if (s->ending && now_ms >= s->end_until_ms)
        supervisor_kill_all(s, now_ms);
}

/* ---- signals ---- */

static void on_hangup(struct supervisor *s, int64_t now_ms)
{
    supervisor_tell(s, EVENT_RELOAD_WANTED, &(struct news){.now_ms = now_ms});
}

static void on_terminate(struct supervisor *s, int64_t now_ms)
{
    supervisor_tell(s, EVENT_STOP_WANTED, &(struct news){.now_ms = now_ms});
}

static const struct {
    int signal;
    void (*act)(struct supervisor *s, int64_t now_ms);
} signals[] = {
    {SIGCHLD, supervisor_reap},
    {SIGHUP, on_hangup},
    {SIGTERM, on_terminate},
    {SIGINT, on_terminate},
};

int supervisor_take_signals(struct supervisor *s)
{
    sigset_t set;
    sigemptyset(&set);
    for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaddset(&set, signals[i].signal);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
        s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signal_fd < 0 ? -errno : 0;
}

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

static void count_awaited(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    *(unsigned *)user += c->role->awaited && c->kept && c->state != CHILD_SERVING;
}

static void tell_ready(struct supervisor *s, int64_t now_ms)
{
    unsigned awaited = 0;
    supervisor_each_child(s, count_awaited, &awaited);
    if (s->ready || s->stopping || awaited > 0)
        return;
    s->ready = true;
    supervisor_tell(s, EVENT_READY, &(struct news){.now_ms = now_ms});
    if (s->on_ready)
        s->on_ready(s->on_ready_user);
}

static void forgive(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    child_forgive_pause(c, *(const int64_t *)user);
}

/* The loop was to wake after WAIT ms. The whole machine may have stood still (a virtual one that
   was moved): children that did nothing meanwhile did not hang. */
static void notice_pause(struct supervisor *s, int64_t wait, int64_t now_ms)
{
    int64_t pause_ms = now_ms - s->turned_ms - wait;
    s->turned_ms = now_ms;
    if (pause_ms >= PAUSE_MS)
        supervisor_each_child(s, forgive, &pause_ms);
}

/* False: poll() failed and does not tell whom to hear. WAIT: how long it was to wait. */
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

/* Reads what came in before it looks at any deadline: a supervisor that slept must not think that
   the others did. One whose poll() fails does the same: it reads what each may have said. */
void supervisor_turn(struct supervisor *s)
{
    struct watched watched = {.n = 0};
    int64_t now_ms = clock_monotonic_ms();
    watch_all(s, &watched, now_ms);
    int wait = wait_ms(s, now_ms);
    bool told = wait_for_news(s, &watched, &wait);

    now_ms = clock_monotonic_ms();
    notice_pause(s, wait, now_ms);
    for (unsigned i = 0; i < watched.n; i++) {
        if (watched.child[i] && (!told || watched.poll[i].revents))
            supervisor_child_messages(s, watched.child[i], now_ms);
    }
    take_signals(s, now_ms);
    supervisor_kill_overdue(s, now_ms);
    supervisor_restart_children(s, now_ms);
    supervisor_ping_children(s, now_ms);
    supervisor_tell_owed(s);
    tell_ready(s, now_ms);
    for (unsigned i = 0; s->parts[i]; i++)
        if (s->parts[i]->tick)
            s->parts[i]->tick(s, now_ms);
    go_on_ending(s, now_ms);
}

int supervisor_run(struct supervisor *s, bool journal, void (*ready)(void *user), void *user)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t start_until_ms = now_ms + START_LIMIT_MS;
    s->started_ms = s->turned_ms = now_ms;
    s->journal = journal;
    s->on_ready = ready;
    s->on_ready_user = user;
    family_keep_orphans();
    supervisor_tell(s, EVENT_BEGINS, &(struct news){.now_ms = now_ms});
    supervisor_start_children(s, now_ms);
    while (!s->ending || running(s) > 0) {
        supervisor_turn(s);
        now_ms = clock_monotonic_ms();
        if (!s->ready && !s->stopping && now_ms >= start_until_ms)
            supervisor_fail_start(s, now_ms);
    }
    supervisor_tell(s, EVENT_ENDED, &(struct news){.now_ms = now_ms});
    log_info("stopped");
    return s->start_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
