/*
 * The stop: no new calls, those that run may end, and then stird does. By the roles of the children
 * that drain.
 */
#include "loop.h"

#include "daemon/notify.h"

#include <signal.h>
#include <stird/base/log.h>

#define GOODBYE_MS 5000 /* more than the end can take after the drain */

struct stop {
    bool dismissed; /* all have drained, and were told to go */
    int64_t until_ms;
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

static const struct due drain_due = {tell_drain}, leave_due = {tell_leave};

static void begin_to_drain(struct supervisor *s, struct child *c, void *user)
{
    (void)user;
    if (!c->role->drains)
        return;
    if (c->state == CHILD_SERVING)
        supervisor_owe(s, c, &drain_due);
    else
        child_kill(c, SIGKILL);
}

static void let_leave(struct supervisor *s, struct child *c, void *user)
{
    (void)user;
    if (c->role->drains)
        supervisor_owe(s, c, &leave_due);
}

static void drain(struct supervisor *s, int64_t now_ms)
{
    int64_t limit_ms = s->current.settings->drain_timeout_ms + 1000;
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

/* ---- the part ---- */

static void on_wanted(struct supervisor *s, const struct news *news)
{
    if (s->stopping)
        supervisor_kill_all(s, news->now_ms);
    else
        drain(s, news->now_ms);
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    if (!s->stopping || s->ending)
        return;
    dismiss(s);
    if (still_draining(s).there == 0 || now_ms >= own(s)->until_ms)
        supervisor_end(s, now_ms);
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    (void)now_ms;
    return s->stopping && !s->ending ? own(s)->until_ms : INT64_MAX;
}

const struct part part_stop = {.name = "stop",
                               .bytes = sizeof(struct stop),
                               .deadline = deadline,
                               .tick = tick,
                               .on = {[EVENT_STOP_WANTED] = on_wanted}};
