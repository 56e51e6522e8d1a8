/* What children say, what is asked of them, and what their deaths lead to. */
#include "supervisor.h"

#include "daemon/roles.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGES_A_TURN 16 /* of one child */

/* ---- what children say ---- */

static bool is_worker(const struct supervisor *s, const struct child *c)
{
    return c >= s->workers && c < s->workers + s->n_workers;
}

void supervisor_child_false(struct supervisor *s, struct child *c, const char *what)
{
    log_error("a child says what is not so, or is not for it to say, and is replaced",
              LOG_CSTR("child", c->role->name), LOG_NUMBER("pid", c->pid), LOG_CSTR("what", what));
    s->false_children++;
    child_close_control(c);
    child_kill(c, SIGKILL);
}

static void take_ready(struct supervisor *s, struct child *c, const struct control_message *m,
                       int64_t now_ms)
{
    (void)m;
    if (c->state != CHILD_STARTING) {
        supervisor_child_false(s, c, "that it is ready, again");
        return;
    }
    child_serves(c, now_ms);
    if (c == &s->signer)
        supervisor_connect_workers(s);
    else if (c == &s->next_signer)
        supervisor_next_signer_serves(s, now_ms);
    else if (is_worker(s, c))
        log_info("worker serves", LOG_NUMBER("pid", c->pid),
                 LOG_NUMBER("generation", (int64_t)s->current.generation));
    supervisor_restart_children(s, now_ms);
}

/* It does not serve as it should: its death starts another, or ends the reload. */
static void take_alarm(struct supervisor *s, struct child *c, const struct control_message *m,
                       int64_t now_ms)
{
    log_error("alarm", LOG_CSTR("child", c->role->name), LOG_NUMBER("pid", c->pid),
              LOG_CSTR("text", m->text));
    if (c == &s->next_signer)
        supervisor_reload_problem(s, m->text);
    if (is_worker(s, c) && !supervisor_snapshot_was_owed(s, c->index, m->generation, now_ms)) {
        supervisor_child_false(s, c, "that it cannot take what it was not given");
        return;
    }
    if (is_worker(s, c))
        supervisor_reload_failed(s, "a worker could not take the new configuration");
    child_kill(c, SIGKILL);
}

static void take_heartbeat(struct supervisor *s, struct child *c, const struct control_message *m,
                           int64_t now_ms)
{
    (void)now_ms;
    s->oldest[c->index] = m->generation;
    counter_book_holds(s->book, c->index, m->generation);
    supervisor_owed_beat(s, c->index);
}

static void take_name(struct supervisor *s, struct child *c, const struct control_message *m,
                      int64_t now_ms)
{
    (void)now_ms;
    supervisor_take_name(s, c->index, &m->name);
}

static void take_refused(struct supervisor *s, struct child *c, const struct control_message *m,
                         int64_t now_ms)
{
    (void)c;
    (void)now_ms;
    supervisor_take_refused(s, &m->refused);
}

static void take_hop(struct supervisor *s, struct child *c, const struct control_message *m,
                     int64_t now_ms)
{
    (void)now_ms;
    supervisor_take_hop(s, c->index, &m->hop);
}

static void take_failed(struct supervisor *s, struct child *c, const struct control_message *m,
                        int64_t now_ms)
{
    (void)c;
    (void)now_ms;
    supervisor_take_failed(s, &m->failed);
}

static void take_snapshot_in_use(struct supervisor *s, struct child *c,
                                 const struct control_message *m, int64_t now_ms)
{
    if (!supervisor_snapshot_was_owed(s, c->index, m->generation, now_ms)) {
        supervisor_child_false(s, c, "that it serves a configuration that it was not given");
        return;
    }
    s->in_use[c->index] = m->generation;
    supervisor_worker_switched(s, c->index, now_ms);
}

static void take_overlay_in_use(struct supervisor *s, struct child *c,
                                const struct control_message *m, int64_t now_ms)
{
    if (supervisor_overlay_was_owed(s, c->index, m->generation, now_ms))
        supervisor_overlay_taken(s, c->index, m->generation);
    else
        supervisor_child_false(s, c, "that it has urgent changes that it was not given");
}

static void take_drained(struct supervisor *s, struct child *c, const struct control_message *m,
                         int64_t now_ms)
{
    (void)m;
    (void)now_ms;
    if (!s->stopping) {
        supervisor_child_false(s, c, "that its calls have ended, which was not asked");
        return;
    }
    s->drained[c->index] = true;
    log_info("a child has finished its calls", LOG_CSTR("child", c->role->name),
             LOG_NUMBER("pid", c->pid));
}

static void take_rotate(struct supervisor *s, struct child *c, const struct control_message *m,
                        int64_t now_ms)
{
    (void)c;
    (void)m;
    (void)now_ms;
    supervisor_rotation_asked(s);
}

static void take_over_ceiling(struct supervisor *s, struct child *c,
                              const struct control_message *m, int64_t now_ms)
{
    (void)c;
    (void)now_ms;
    s->sign_requests_refused += m->generation;
}

/* child_heard() is all. */
static void take_pong(struct supervisor *s, struct child *c, const struct control_message *m,
                      int64_t now_ms)
{
    (void)s;
    (void)c;
    (void)m;
    (void)now_ms;
}

#define OF(role) (1u << ROLE_##role)

/* Who may say what; docs/security.md has the same table, with what becomes of a lie. Loader and
   checker have readers of their own. */
static const struct {
    enum control_type type;
    unsigned of;
    void (*take)(struct supervisor *s, struct child *c, const struct control_message *m,
                 int64_t now_ms);
} messages[] = {
    {CONTROL_READY, OF(WORKER) | OF(SIGNER) | OF(RECORDER), take_ready},
    {CONTROL_PONG, OF(SIGNER) | OF(RECORDER), take_pong},
    {CONTROL_HEARTBEAT, OF(WORKER), take_heartbeat},
    {CONTROL_NAME, OF(WORKER), take_name},
    {CONTROL_REFUSED, OF(WORKER), take_refused},
    {CONTROL_HOP, OF(WORKER), take_hop},
    {CONTROL_FAILED, OF(WORKER), take_failed},
    {CONTROL_SNAPSHOT_IN_USE, OF(WORKER), take_snapshot_in_use},
    {CONTROL_OVERLAY_IN_USE, OF(WORKER), take_overlay_in_use},
    {CONTROL_DRAINED, OF(WORKER), take_drained},
    {CONTROL_ROTATE, OF(RECORDER), take_rotate},
    {CONTROL_OVER_CEILING, OF(SIGNER), take_over_ceiling},
    {CONTROL_ALARM, OF(WORKER) | OF(SIGNER), take_alarm},
};

static void take_message(struct supervisor *s, struct child *c, const struct control_message *m,
                         int64_t now_ms)
{
    const unsigned role = 1u << (c->role - roles);
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        if (messages[i].type == m->type && (messages[i].of & role)) {
            messages[i].take(s, c, m, now_ms);
            return;
        }
    }
    supervisor_child_false(s, c, "a word that no child of its kind has");
}

static void replace_who_floods(struct supervisor *s, struct child *c)
{
    log_error("a child says more than a child of ours does and is replaced",
              LOG_CSTR("child", c->role->name), LOG_NUMBER("pid", c->pid));
    s->false_children++;
    child_close_control(c);
    child_kill(c, SIGKILL);
}

/* The descriptors are taken. */
static void hear(struct supervisor *s, struct child *c, struct control_message *m, int *fds,
                 unsigned n_fds, int64_t now_ms)
{
    if (!child_heard(c, now_ms))
        replace_who_floods(s, c);
    if (c == &s->loader && c->control_fd >= 0) {
        supervisor_loader_message(s, m, fds, n_fds, now_ms);
        return;
    }
    for (unsigned i = 0; i < n_fds; i++)
        close(fds[i]);
    if (c->control_fd < 0)
        return;
    if (c == &s->checker)
        supervisor_checker_message(s, m);
    else
        take_message(s, c, m, now_ms);
}

/* False: nothing more waits, or the socket is closed. */
static bool hear_one(struct supervisor *s, struct child *c, int64_t now_ms)
{
    struct control_message m;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds = 0;
    if (c->control_fd < 0)
        return false;
    int r = control_receive(c->control_fd, &m, fds, &n_fds);
    if (r == -ENOMSG && !child_counts(c, now_ms))
        replace_who_floods(s, c);
    if (r == -EBADMSG)
        supervisor_child_false(s, c, "octets that are no word, or descriptors that none has");
    if (r == -EAGAIN || r == -ENOMSG || r == -EBADMSG)
        return r != -EAGAIN;
    if (r <= 0) {
        child_close_control(c);
        child_kill(c, SIGKILL); /* nobody can reach it any more */
        return false;
    }
    hear(s, c, &m, fds, n_fds, now_ms);
    return true;
}

void supervisor_child_messages(struct supervisor *s, struct child *c, int64_t now_ms)
{
    for (unsigned i = 0; i < MESSAGES_A_TURN && hear_one(s, c, now_ms); i++)
        ;
}

/* All that waits there: the last words of a dead child come before the news of its death. */
static void hear_last_words(struct supervisor *s, struct child *c, int64_t now_ms)
{
    while (hear_one(s, c, now_ms))
        ;
}

/* ---- time ---- */

static void ping(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    const int64_t now_ms = *(const int64_t *)user;
    const struct control_message message = {.type = CONTROL_PING};
    if (c->state != CHILD_SERVING || !c->role->ping_every_ms || now_ms < c->next_ping_ms)
        return;
    c->next_ping_ms = now_ms + c->role->ping_every_ms;
    if (c->pinged_ms) /* one is enough: the socket of a child that hangs is not filled */
        return;
    child_send(c, &message, NULL, 0);
    c->pinged_ms = now_ms;
}

void supervisor_ping_children(struct supervisor *s, int64_t now_ms)
{
    supervisor_each_child(s, ping, &now_ms);
}

static void kill_for(struct child *c, const char *why)
{
    log_error("a child is killed", LOG_CSTR("child", c->role->name), LOG_NUMBER("pid", c->pid),
              LOG_CSTR("why", why));
    child_kill(c, SIGKILL);
}

static void kill_overdue(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    const int64_t now_ms = *(const int64_t *)user;
    if (c->pid <= 0 || !child_overdue(c, now_ms))
        return;
    child_forgive_starvation(c);
    const char *why = child_overdue(c, now_ms);
    if (!why)
        return;
    kill_for(c, why);
    child_was_overdue(c, now_ms);
}

/* It turns, and does not do what it was told: a reload that waits for it would never end. */
static void kill_who_owes(struct supervisor *s, int64_t now_ms)
{
    for (unsigned w = 0; w < s->n_workers; w++) {
        struct child *c = &s->workers[w];
        const char *why = c->control_fd >= 0 ? supervisor_owed_too_long(s, w, now_ms) : NULL;
        if (!why)
            continue;
        kill_for(c, why);
        child_close_control(c);
        if (s->reload == RELOAD_SWITCHING)
            supervisor_reload_failed(
                s, "a worker does not take the new configuration and is replaced: reload again");
    }
}

void supervisor_kill_overdue(struct supervisor *s, int64_t now_ms)
{
    supervisor_each_child(s, kill_overdue, &now_ms);
    kill_who_owes(s, now_ms);
}

/* ---- death ---- */

struct death {
    pid_t pid;
    int status;
    int64_t now_ms;
};

static void log_death(const struct supervisor *s, const struct child *c, int status)
{
    bool expected = s->ending || c->restart_at_ms == 0;
    log_write(expected ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "child ended",
              LOG_CSTR("child", c->role->name), LOG_NUMBER("pid", c->pid),
              LOG_NUMBER(WIFSIGNALED(status) ? "signal" : "status",
                         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)));
}

/* Loader, next and retired signers are not started again. */
static bool is_permanent(const struct supervisor *s, const struct child *c)
{
    return c == &s->signer || c == &s->recorder || (is_worker(s, c) && !s->stopping);
}

/* It said itself what is missing; another one would miss it too. */
static bool gave_up(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE;
}

static void bury(struct supervisor *s, struct child *c, void *user)
{
    const struct death *death = user;
    if (c->pid != death->pid)
        return;
    hear_last_words(s, c, death->now_ms);
    bool permanent = is_permanent(s, c);
    bool cannot_start = is_worker(s, c) && c->state == CHILD_STARTING && gave_up(death->status);
    c->restart_at_ms = permanent;
    log_death(s, c, death->status);
    child_died(c, death->now_ms);
    s->buried[s->n_buried++ % BURIED_MAX] = death->pid;
    if (!permanent)
        c->restart_at_ms = 0;
    if (is_worker(s, c)) {
        counter_book_gone(s->book, c->index);
        supervisor_forget_hops(s, c->index);
        if (!s->ending)
            supervisor_mend_sockets(s, c->index);
        supervisor_numbers_in_force(s);
        if (s->reload == RELOAD_SWITCHING)
            supervisor_reload_failed(s, "a worker died while it took the new configuration");
    }
    if (cannot_start && !s->ready && !s->stopping)
        supervisor_fail_start(s, death->now_ms);
    if (c == &s->checker)
        supervisor_admin_checked(s, "the checker ended before it was done");
    if (c == &s->loader && s->reload == RELOAD_LOADING)
        supervisor_reload_failed(s, "the loader died");
    if (c == &s->next_signer && s->reload != RELOAD_NONE)
        supervisor_reload_failed(s, "the new signer did not start: see its lines above");
}

void supervisor_reap(struct supervisor *s, int64_t now_ms)
{
    struct death death = {.now_ms = now_ms};
    while ((death.pid = waitpid(-1, &death.status, WNOHANG)) > 0)
        supervisor_each_child(s, bury, &death);
}
