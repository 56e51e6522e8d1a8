/*
 * The stop: no new calls, those that run may end, and then stird does. By the roles of the children
 * that drain. Where it is the first half of a restart they yield instead (sip/yielding.h): the next
 * stird gets the sockets, and what waits in them.
 */
#include "asker.h"

#include "daemon/descriptor_store.h"
#include "daemon/manager_job.h"
#include "daemon/notify.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/io/admin.h>
#include <string.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#define GOODBYE_MS   5000 /* more than the end can take after the drain */
#define YIELD_MS     3000 /* more than a worker takes for it */
#define ANNOUNCED_MS 15000
#define ANSWER_MS    500 /* of the service manager */
#define LOOK_MS      10

struct stop {
    char program[PATH_MAX];
    char unit[256]; /* of systemd; empty: none */
    bool dismissed; /* all have drained, and were told to go */
    int64_t until_ms;
    bool yields;                /* it is a restart */
    int64_t announced_until_ms; /* a stop until then is one */
    struct manager_job *asked;  /* what kind of stop it is; NULL: nobody is asked */
    int64_t answer_until_ms;
};

static struct stop *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_stop);
}

static int tell_drain(struct supervisor *s, struct child *c)
{
    (void)s;
    return child_send(c, &(const struct control_message){.type = CONTROL_DRAIN}, NULL, 0);
}

static int tell_leave(struct supervisor *s, struct child *c)
{
    (void)s;
    return child_send(c, &(const struct control_message){.type = CONTROL_LEAVE}, NULL, 0);
}

static int tell_yield(struct supervisor *s, struct child *c)
{
    (void)s;
    return child_send(c, &(const struct control_message){.type = CONTROL_YIELD}, NULL, 0);
}

static const struct due drain_due = {tell_drain}, leave_due = {tell_leave},
                        yield_due = {tell_yield};

static void begin_to_drain(struct supervisor *s, struct child *c, void *user)
{
    (void)user;
    if (!c->role->drains)
        return;
    if (c->state == CHILD_SERVING)
        supervisor_owe(s, c, own(s)->yields ? &yield_due : &drain_due);
    else
        child_kill(c, SIGKILL);
}

static void let_leave(struct supervisor *s, struct child *c, void *user)
{
    (void)user;
    if (c->role->drains)
        supervisor_owe(s, c, &leave_due);
}

static void drain(struct supervisor *s, bool yields, int64_t now_ms)
{
    int64_t limit_ms = yields ? YIELD_MS : s->current.settings->drain_timeout_ms + 1000;
    own(s)->yields = yields;
    if (yields)
        log_info("stopping for a restart: what arrives from now on waits for the next start",
                 LOG_NUMBER("limit_ms", limit_ms));
    else
        log_info("stopping: running calls may end", LOG_NUMBER("limit_ms", limit_ms));
    notify_stopping(limit_ms + GOODBYE_MS);
    supervisor_tell(s, EVENT_STOPPING, &(struct news){.now_ms = now_ms});
    s->stopping = true;
    own(s)->until_ms = now_ms + limit_ms;
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

/* No worker goes before the last call has ended: messages with its Call-IDs would find nobody. */
static void dismiss(struct supervisor *s)
{
    if (own(s)->dismissed || still_draining(s).not_done > 0)
        return;
    own(s)->dismissed = true;
    supervisor_each_child(s, let_leave, NULL);
}

/* ---- a stop, or a restart? ---- */

static void forget_question(struct supervisor *s)
{
    manager_job_free(own(s)->asked);
    own(s)->asked = NULL;
}

/* Without a store there is nothing to yield to. */
static bool ask_manager(struct supervisor *s, int64_t now_ms)
{
    own(s)->asked = descriptor_store_is_kept() ? manager_job_ask() : NULL;
    own(s)->answer_until_ms = now_ms + ANSWER_MS;
    return own(s)->asked != NULL;
}

static void hear_manager(struct supervisor *s, int64_t now_ms)
{
    enum manager_says says = own(s)->asked ? manager_job_answer(own(s)->asked) : MANAGER_STOPS;
    if (!own(s)->asked || (says == MANAGER_SAYS_NOTHING && now_ms < own(s)->answer_until_ms))
        return;
    forget_question(s);
    drain(s, says == MANAGER_RESTARTS, now_ms);
}

static void on_wanted(struct supervisor *s, const struct news *news)
{
    const int64_t now_ms = news->now_ms;
    const bool asked = own(s)->asked != NULL;
    forget_question(s);
    if (s->stopping)
        supervisor_kill_all(s, now_ms);
    else if (now_ms < own(s)->announced_until_ms && descriptor_store_is_kept())
        drain(s, true, now_ms);
    else if (asked || !ask_manager(s, now_ms))
        drain(s, false, now_ms);
}

static bool ends_with(struct str text, const char *end)
{
    const size_t n = strlen(end);
    return text.n >= n && memcmp(text.p + text.n - n, end, n) == 0;
}

/*
 * The program as it is installed, which later may be a newer one, and our unit. Both are read at
 * the start: later this process may not look, and of a program that was replaced the kernel says
 * "PATH (deleted)", or only "/".
 */
static void init(struct supervisor *s)
{
    struct stop *t = own(s);
    const ssize_t n = readlink("/proc/self/exe", t->program, sizeof(t->program) - 1);
    char *unit = NULL;
    t->program[n > 0 ? n : 0] = '\0';
    sd_pid_get_unit(0, &unit);
    if (unit && ends_with(str_of(unit), ".service"))
        snprintf(t->unit, sizeof(t->unit), "%s", unit);
    free(unit);
}

/* stirctl restart: the stop that follows is one half of a restart. */
static void act_restart(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    struct buf reply = BUF_INIT;
    struct json j = json_writer(&reply, false);
    if (str_eq(text, STR("now")))
        own(s)->announced_until_ms = now_ms + ANNOUNCED_MS;
    json_begin_object(&j);
    json_put_key(&j, STR("program"));
    json_put_string(&j, str_of(own(s)->program));
    json_put_key(&j, STR("configuration"));
    json_put_string(&j, s->path);
    json_put_known_text(&j, STR("unit"), str_of(own(s)->unit));
    json_end_object(&j);
    asker_answer_json(a, 0, &reply);
    buf_fini(&reply);
}

static const struct ask asks[] = {{ADMIN_RESTART, act_restart, CONTROL_CHANGE}, {.act = NULL}};

/* ---- the part ---- */

static void tick(struct supervisor *s, int64_t now_ms)
{
    hear_manager(s, now_ms);
    if (!s->stopping || s->ending)
        return;
    dismiss(s);
    if (still_draining(s).there == 0 || now_ms >= own(s)->until_ms)
        supervisor_end(s, now_ms);
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    if (own(s)->asked)
        return now_ms + LOOK_MS;
    return s->stopping && !s->ending ? own(s)->until_ms : INT64_MAX;
}

static void watch(const struct supervisor *s, struct watched *watched, int64_t now_ms)
{
    (void)now_ms;
    if (own(s)->asked)
        supervisor_watch(watched, manager_job_fd(own(s)->asked));
}

const struct part part_stop = {.name = "stop",
                               .bytes = sizeof(struct stop),
                               .init = init,
                               .fini = forget_question,
                               .watch = watch,
                               .deadline = deadline,
                               .tick = tick,
                               .on = {[EVENT_STOP_WANTED] = on_wanted},
                               .asks = asks};
