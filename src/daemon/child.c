#include "child.h"

#include "privileges.h"
#include "rights.h"
#include "room.h"
#include "service_user.h"
#include "starvation.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/base/packet.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* A child that served this long has started well: its death does not count as one of a series. */
#define GOODBYE_MS     1000 /* for one that was let go, to end by itself */
#define SERVED_WELL_MS 500

/* A child without a processor gets at most this many times its limit: on a busy machine it may hang
   all the same. */
#define FORGIVEN_TIMES 10

#define ROOM 8 /* descriptors: its control socket, and those that it takes to make a message */

/* How long to wait before the n-th try in a row. */
static const int64_t restart_delay_ms[] = {0, 50, 200, 500, 1000};

void child_init(struct child *c, const struct child_role *role, unsigned index)
{
    *c = (struct child){.role = role, .pidfd = -1, .control_fd = -1, .index = index};
}

void child_renew(struct child *c)
{
    const uint64_t deaths = c->deaths, hangs_ever = c->hangs_ever;
    child_init(c, c->role, c->index);
    c->deaths = c->deaths_then = deaths;
    c->hangs_ever = hangs_ever;
}

void child_close_control(struct child *c)
{
    if (c->control_fd >= 0)
        close(c->control_fd);
    c->control_fd = -1;
}

void child_let_go(struct child *c, int64_t until_ms)
{
    c->kept = false;
    c->restart_at_ms = c->pinged_ms = 0;
    child_close_control(c);
    c->goodbye_ms = c->pid > 0 ? until_ms : 0;
}

bool child_is_missing(const struct child *c)
{
    return c->state != CHILD_SERVING &&
           !(c->state == CHILD_STARTING && c->deaths == c->deaths_then);
}

/* A terminal's ^C and hang-up reach the whole group, but only the supervisor acts on them. */
static void reset_signals(void)
{
    static const int ignored[] = {SIGINT, SIGHUP, SIGPIPE};
    sigset_t none;
    sigemptyset(&none);
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    for (unsigned i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        signal(ignored[i], SIG_IGN);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

uint64_t child_descriptors(uint64_t of_all)
{
    return of_all >= 4096 ? of_all - 2048 : of_all >= 1024 ? of_all / 4 * 3 : of_all;
}

/* Whether it might leave many descriptors under way. All might but the loader, which has to send
   what it has read, and reads nothing of the network. */
static bool may_fill(const struct child *c)
{
    return !(c->role->may & MAY_LOAD);
}

static int take_fewer_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return -errno;
    rlim_t hard = limit.rlim_max;
    limit.rlim_cur = limit.rlim_max = child_descriptors(limit.rlim_cur);
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return 0;
    limit.rlim_max = hard; /* as valgrind wants it; no child may call setrlimit later */
    return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

_Noreturn static void become_child(const struct child *c, pid_t parent, child_main *main,
                                   void *user, int control_fd, int *keep, unsigned n_keep)
{
    /* The parent may have died before the kernel was told what to do then. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) || getppid() != parent)
        _exit(EXIT_FAILURE);
    prctl(PR_SET_NAME, c->role->name, 0, 0, 0);
    reset_signals();
    if (privileges_close_others(keep, n_keep) || (may_fill(c) && take_fewer_descriptors()))
        _exit(EXIT_FAILURE);
    if (c->role->user == USER_AT_ONCE && service_user_become())
        _exit(EXIT_FAILURE);
    unsetenv("NOTIFY_SOCKET");
    control_say_only(c->role->early);
    _exit(main(user, control_fd));
}

/* Whether there are descriptors for what a child is told next: one that cannot be told would be
   forked and killed again and again. */
static int find_room(void)
{
    return room_for_descriptors(ROOM);
}

int child_start(struct child *c, child_main *main, void *user, const int *keep, unsigned n_keep,
                int64_t now_ms)
{
    int kept[CHILD_KEEP_MAX + 2], control[2];
    if (c->role->may == 0)
        return -EINVAL;
    if (n_keep > CHILD_KEEP_MAX)
        return -E2BIG;
    int r = find_room();
    if (r)
        return r;
    if (n_keep > 0)
        memcpy(kept, keep, n_keep * sizeof(*keep));
    r = control_pair(control);
    if (r)
        return r;
    if (may_fill(c))
        packet_refuse_rights(control[0]);
    kept[n_keep] = control[1];
    kept[n_keep + 1] = log_journal_fd();
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become_child(c, parent, main, user, control[1], kept, n_keep + 2);
    r = pid < 0 ? -errno : 0;
    close(control[1]);
    if (r) {
        close(control[0]);
        return r;
    }
    c->pid = pid;
    c->pidfd = pidfd_open(pid, 0); /* a kernel before 5.3 has none */
    c->control_fd = control[0];
    c->state = CHILD_STARTING;
    c->started_ms = c->heard_ms = now_ms;
    c->pinged_ms = c->restart_at_ms = c->goodbye_ms = 0;
    c->starved_ms = c->starved_before_ms = c->paused_ms = 0;
    c->heard = 0;
    c->n_owed = 0;
    return 0;
}

int child_send(struct child *c, const struct control_message *message, const int *fds,
               unsigned n_fds)
{
    int r = c->control_fd >= 0 ? control_send(c->control_fd, message, fds, n_fds) : -EPIPE;
    if (r == -EAGAIN) {
        log_error("a child does not read its control socket and is replaced",
                  LOG_CSTR("child", c->role->name), LOG_NUMBER("pid", c->pid));
        child_kill(c, SIGKILL);
    }
    return r;
}

static void heard_at(struct child *c, int64_t now_ms)
{
    c->heard_ms = now_ms;
    c->starved_ms = c->paused_ms = 0;
    if (c->role->silence_ms > 0)
        c->starved_before_ms = starvation_ms(c->pid);
}

void child_serves(struct child *c, int64_t now_ms)
{
    c->state = CHILD_SERVING;
    c->served_ms = now_ms;
    heard_at(c, now_ms);
    c->next_ping_ms = now_ms + c->role->ping_every_ms;
}

bool child_heard(struct child *c, int64_t now_ms)
{
    heard_at(c, now_ms);
    c->pinged_ms = 0;
    if (c->state == CHILD_SERVING && now_ms - c->served_ms >= c->role->patience_ms)
        c->hangs = 0;
    return child_counts(c, now_ms);
}

bool child_counts(struct child *c, int64_t now_ms)
{
    if (now_ms - c->counted_from_ms >= 1000) {
        c->counted_from_ms = now_ms;
        c->heard = 0;
    }
    return ++c->heard <= (c->role->words > 0 ? c->role->words : CHILD_WORDS);
}

void child_kill(const struct child *c, int signal)
{
    if (c->pid <= 0)
        return;
    /* Without a pidfd: the number goes to no other process before we have waited for this one. */
    if (c->pidfd >= 0)
        pidfd_send_signal(c->pidfd, signal, NULL, 0);
    else
        kill(c->pid, signal);
}

void child_died(struct child *c, int64_t now_ms)
{
    const unsigned last = sizeof(restart_delay_ms) / sizeof(restart_delay_ms[0]) - 1;
    bool served_well = c->state == CHILD_SERVING && now_ms - c->served_ms >= SERVED_WELL_MS;
    child_close_control(c);
    c->restart_at_ms = now_ms + restart_delay_ms[c->early_deaths < last ? c->early_deaths : last];
    c->early_deaths = served_well ? 0 : c->early_deaths + 1;
    if (served_well)
        c->restart_at_ms = now_ms;
    c->deaths += c->kept; /* nobody misses one that was let go */
    if (c->pidfd >= 0)
        close(c->pidfd);
    c->pidfd = -1;
    c->pid = 0;
    c->state = CHILD_NONE;
    c->pinged_ms = c->goodbye_ms = 0;
}

/* A recorder must not be killed over and over because its disk is slow. */
static int64_t silence_limit_ms(const struct child *c)
{
    int64_t limit = c->role->silence_ms, most = c->role->patience_ms;
    for (unsigned i = 0; i < c->hangs && limit < most; i++)
        limit *= 2;
    return most > 0 && limit > most ? most : limit;
}

static int64_t start_or_silence_limit_ms(const struct child *c)
{
    const struct child_role *role = c->role;
    const int64_t forgiven = c->starved_ms + c->paused_ms;
    if (c->state == CHILD_STARTING)
        return role->start_limit_ms ? c->started_ms + role->start_limit_ms + forgiven : INT64_MAX;
    if (c->state == CHILD_NONE || role->silence_ms == 0)
        return INT64_MAX;
    if (role->ping_every_ms == 0)
        return c->heard_ms + role->silence_ms + forgiven;
    return c->pinged_ms ? c->pinged_ms + silence_limit_ms(c) + forgiven : INT64_MAX;
}

int64_t child_deadline_ms(const struct child *c)
{
    int64_t deadline = start_or_silence_limit_ms(c);
    if (c->goodbye_ms && c->goodbye_ms < deadline)
        deadline = c->goodbye_ms;
    if (c->state == CHILD_NONE && c->restart_at_ms)
        deadline = c->restart_at_ms;
    if (c->state == CHILD_SERVING && c->role->ping_every_ms && c->next_ping_ms < deadline)
        deadline = c->next_ping_ms;
    return deadline;
}

const char *child_overdue(const struct child *c, int64_t now_ms)
{
    if (now_ms < start_or_silence_limit_ms(c))
        return NULL;
    if (c->state == CHILD_STARTING)
        return "it did not get ready in time";
    return c->role->ping_every_ms ? "it does not answer" : "its event loop stands still";
}

void child_forgive_starvation(struct child *c)
{
    const struct child_role *role = c->role;
    int64_t limit = c->state == CHILD_STARTING ? role->start_limit_ms : role->silence_ms;
    int64_t starved = starvation_ms(c->pid) - c->starved_before_ms;
    c->starved_ms = starved < limit * FORGIVEN_TIMES ? starved : limit * FORGIVEN_TIMES;
}

void child_forgive_pause(struct child *c, int64_t ms)
{
    c->paused_ms += ms;
}

bool child_stays(struct child *c, int64_t now_ms)
{
    if (c->pid <= 0 || c->control_fd >= 0)
        return false;
    bool due = c->goodbye_ms > 0 && now_ms >= c->goodbye_ms;
    if (due || c->goodbye_ms == 0)
        c->goodbye_ms = now_ms + GOODBYE_MS;
    return due;
}

void child_was_overdue(struct child *c, int64_t now_ms)
{
    if (c->state == CHILD_SERVING) {
        c->hangs++;
        c->hangs_ever += c->kept;
    }
    c->heard_ms = c->started_ms = now_ms; /* once is enough: its death is on the way */
    c->pinged_ms = 0;
}
