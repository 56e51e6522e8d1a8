/* The children, by the table of their roles: started, started again, pinged, killed and buried. */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- places ---- */

void supervisor_make_places(struct supervisor *s, const struct child_role *table, unsigned n_roles)
{
    struct child *place = s->children;
    s->roles = table;
    s->n_roles = n_roles;
    for (unsigned role = 0; role < n_roles; role++)
        for (unsigned i = 0; i < table[role].places; i++) {
            assert(place < s->children + CHILDREN_MAX);
            child_init(place++, &table[role], i);
        }
}

struct child *supervisor_places(const struct supervisor *s, enum role role)
{
    struct child *place = (struct child *)(uintptr_t)s->children;
    for (unsigned r = 0; r < (unsigned)role; r++)
        place += s->roles[r].places;
    return place;
}

struct child *supervisor_kept(const struct supervisor *s, enum role role)
{
    struct child *places = supervisor_places(s, role);
    unsigned i = 0;
    while (i + 1 < s->roles[role].places && !places[i].kept)
        i++;
    return places[i].kept ? &places[i] : &places[0];
}

void supervisor_each_child(struct supervisor *s,
                           void (*visit)(struct supervisor *s, struct child *c, void *user),
                           void *user)
{
    for (unsigned i = 0; i < CHILDREN_MAX && s->children[i].role; i++)
        visit(s, &s->children[i], user);
}

/* ---- starting ---- */

/* In the new process. */
struct entry {
    const struct supervisor *s;
    const struct child *child;
    const struct kit *kit;
};

static int enter(void *user, int control_fd)
{
    const struct entry *entry = user;
    const struct child_role *role = entry->child->role;
    const char *noun = strchr(role->name, '-');
    static char name[24];
    snprintf(name, sizeof(name), "%s", noun ? noun + 1 : role->name);
    if (role->numbered)
        snprintf(name + strlen(name), sizeof(name) - strlen(name), " %u", entry->child->index + 1);
    log_open(name, STDERR_FILENO, entry->s->journal);
    if (entry->kit->log_held)
        log_hold_level(entry->kit->log_level);
    return role->duty->enter(entry->s, entry->child, control_fd);
}

static void say_start(const struct child *c, int r)
{
    if (r)
        log_error("a child cannot be started", LOG_CSTR("child", c->role->name),
                  LOG_CSTR("error", strerror(-r)));
    else
        log_info("child started", LOG_CSTR("child", c->role->name), LOG_NUMBER("pid", c->pid));
}

static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    const struct duty *duty = c->role->duty;
    int r = duty->equip ? duty->equip(s, c, kit) : 0;
    for (unsigned i = 0; r == 0 && s->parts[i]; i++)
        if (s->parts[i]->equip)
            r = s->parts[i]->equip(s, c, kit);
    return r;
}

static int give(struct supervisor *s, struct child *c, int64_t now_ms)
{
    const struct duty *duty = c->role->duty;
    int r = 0;
    for (unsigned i = 0; r == 0 && s->parts[i]; i++)
        if (s->parts[i]->give)
            r = s->parts[i]->give(s, c, now_ms);
    return r == 0 && duty->started ? duty->started(s, c, now_ms) : r;
}

int supervisor_start_child(struct supervisor *s, struct child *c, int64_t now_ms)
{
    struct kit kit = {.n = 0};
    struct entry entry = {s, c, &kit};
    c->drained = false;
    int r = equip(s, c, &kit);
    if (r == 0)
        r = child_start(c, enter, &entry, kit.fds, kit.n, now_ms);
    if (c->role->duty->kept)
        say_start(c, r);
    return r == 0 ? give(s, c, now_ms) : r;
}

/* A child that cannot even be forked, or could not be given what it needs, is tried again like one
   that died at once. */
static void start_again(struct supervisor *s, struct child *c, int64_t now_ms)
{
    int r = supervisor_start_child(s, c, now_ms);
    if (r && c->pid == 0)
        child_died(c, now_ms);
    if (r == 0 || c->pid == 0)
        return;
    log_error("a child is not told what it needs to begin, and is replaced",
              LOG_CSTR("child", c->role->name), LOG_NUMBER("pid", c->pid),
              LOG_CSTR("error", strerror(-r)));
    child_kill(c, SIGKILL);
}

bool supervisor_keeps(const struct supervisor *s, const struct child *c)
{
    return c->kept && !(s->stopping && c->role->drains);
}

static bool is_due(const struct supervisor *s, const struct child *c, int64_t now_ms)
{
    const struct duty *duty = c->role->duty;
    return supervisor_keeps(s, c) && c->state == CHILD_NONE && c->restart_at_ms &&
           c->restart_at_ms <= now_ms && (!duty->may_start || duty->may_start(s));
}

static void start_if_due(struct supervisor *s, struct child *c, void *user)
{
    const int64_t now_ms = *(const int64_t *)user;
    if (is_due(s, c, now_ms))
        start_again(s, c, now_ms);
}

void supervisor_restart_children(struct supervisor *s, int64_t now_ms)
{
    if (!s->ending)
        supervisor_each_child(s, start_if_due, &now_ms);
}

static void begin_to_keep(struct supervisor *s, struct child *c, void *user)
{
    const struct duty *duty = c->role->duty;
    c->kept = duty->kept && c->index < duty->kept(s);
    c->restart_at_ms = c->kept ? *(const int64_t *)user : 0;
}

void supervisor_start_children(struct supervisor *s, int64_t now_ms)
{
    supervisor_each_child(s, begin_to_keep, &now_ms);
    supervisor_restart_children(s, now_ms);
}

/* ---- time ---- */

static void ping(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    const int64_t now_ms = *(const int64_t *)user;
    const struct control_message message = {.type = CONTROL_PING};
    const bool is_let_go = c->control_fd < 0; /* child_stays() ends it */
    if (c->state != CHILD_SERVING || is_let_go || !c->role->ping_every_ms ||
        now_ms < c->next_ping_ms)
        return;
    c->next_ping_ms = now_ms + c->role->ping_every_ms;
    if (c->pinged_ms) /* one ping is enough: the socket of a child that hangs must not fill up */
        return;
    int r = child_send(c, &message, NULL, 0);
    if (r == 0 || r == -EPIPE) /* otherwise it has nothing to answer; a child that cannot be reached
                                  never will */
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

void supervisor_kill_idle(struct supervisor *s, struct child *c, const char *why, int64_t now_ms)
{
    kill_for(c, why);
    child_close_control(c);
    supervisor_tell(s, EVENT_CHILD_IDLE, &(struct news){.child = c, .now_ms = now_ms});
}

static void kill_overdue(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    const int64_t now_ms = *(const int64_t *)user;
    if (child_stays(c, now_ms))
        child_kill(c, SIGKILL);
    if (c->pid <= 0 || !child_overdue(c, now_ms))
        return;
    child_forgive_starvation(c);
    const char *why = child_overdue(c, now_ms);
    if (!why)
        return;
    kill_for(c, why);
    child_was_overdue(c, now_ms);
}

void supervisor_kill_overdue(struct supervisor *s, int64_t now_ms)
{
    supervisor_each_child(s, kill_overdue, &now_ms);
}

/* ---- death ---- */

static void log_death(const struct supervisor *s, const struct child *c, int status)
{
    bool expected = s->ending || !supervisor_keeps(s, c);
    log_write(expected ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "child ended",
              LOG_CSTR("child", c->role->name), LOG_NUMBER("pid", c->pid),
              LOG_NUMBER(WIFSIGNALED(status) ? "signal" : "status",
                         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)));
}

struct corpse {
    pid_t pid;
    struct death death;
};

static void bury(struct supervisor *s, struct child *c, void *user)
{
    struct corpse *corpse = user;
    struct death *death = &corpse->death;
    if (c->pid != corpse->pid)
        return;
    supervisor_last_words(s, c, death->now_ms);
    death->was_starting = c->state == CHILD_STARTING;
    log_death(s, c, death->status);
    child_died(c, death->now_ms);
    s->buried[s->n_buried++ % BURIED_MAX] = corpse->pid;
    if (!supervisor_keeps(s, c))
        c->restart_at_ms = 0;
    if (c->role->duty->gone)
        c->role->duty->gone(s, c, death);
    supervisor_tell(s, EVENT_CHILD_GONE, &(struct news){.child = c, .now_ms = death->now_ms});
}

void supervisor_reap(struct supervisor *s, int64_t now_ms)
{
    struct corpse corpse = {.death = {.now_ms = now_ms}};
    while ((corpse.pid = waitpid(-1, &corpse.death.status, WNOHANG)) > 0)
        supervisor_each_child(s, bury, &corpse);
}

/* ---- how it stands ---- */

static void count_deaths(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    *(uint64_t *)user += c->deaths;
}

uint64_t supervisor_count_deaths(const struct supervisor *s)
{
    uint64_t n = 0;
    supervisor_each_child((struct supervisor *)(uintptr_t)s, count_deaths, &n);
    return n;
}

/* None of those that are kept of ROLE serves. */
static bool is_without(const struct supervisor *s, enum role role)
{
    const struct child *places = supervisor_places(s, role);
    unsigned kept = 0, serving = 0;
    for (unsigned i = 0; i < s->roles[role].places; i++) {
        kept += places[i].kept;
        serving += places[i].kept && places[i].state == CHILD_SERVING;
    }
    return kept > 0 && serving == 0;
}

const char *supervisor_state_text(const struct supervisor *s)
{
    if (s->stopping)
        return "stopping";
    if (!s->ready)
        return "starting";
    for (unsigned r = 0; r < s->n_roles; r++)
        if (s->roles[r].without && is_without(s, r))
            return s->roles[r].without;
    return "serving";
}
