#include "wait.h"

#include <assert.h>
#include <stddef.h>
#include <stird/base/container_of.h>

#include "proxy_parts.h"

void wait_init(struct wait *w, struct proxy *proxy, void (*over)(struct wait *w))
{
    *w = (struct wait){.proxy = proxy, .over = over};
}

/* Ends it: from here on it may wait for something else. */
static void end(struct wait *w, enum wait_end how)
{
    w->on = false;
    w->come = false;
    w->end = how;
    timer_clear(proxy_timers(w->proxy), &w->deadline);
}

static void take_back(struct wait *w)
{
    if (w->what->cancel && !w->come)
        w->what->cancel(w);
}

static void on_deadline(struct timer *timer, int64_t now_ms)
{
    struct wait *w = container_of(timer, struct wait, deadline);
    (void)now_ms;
    take_back(w);
    end(w, WAIT_TOO_LATE);
    w->over(w);
}

static void on_refused(struct timer *timer, int64_t now_ms)
{
    (void)now_ms;
    wait_wake(container_of(timer, struct wait, deadline), WAIT_REFUSED);
}

static void on_answered(struct timer *timer, int64_t now_ms)
{
    (void)now_ms;
    wait_wake(container_of(timer, struct wait, deadline), WAIT_ANSWERED);
}

void wait_begin(struct wait *w, const struct wait_kind *what, int64_t deadline_ms)
{
    assert(!w->on);
    w->what = what;
    w->on = w->begins = true;
    timer_set(proxy_timers(w->proxy), &w->deadline, on_deadline, deadline_ms);
}

bool wait_stands(struct wait *w)
{
    w->begins = false;
    return w->on;
}

bool wait_is_for(const struct wait *w, const struct wait_kind *what)
{
    return w->on && w->what == what;
}

enum wait_end wait_ended(struct wait *w, const struct wait_kind *what)
{
    if (w->on || w->what != what)
        return WAIT_NONE;
    w->what = NULL;
    return w->end;
}

void wait_wake(struct wait *w, enum wait_end how)
{
    struct proxy *p = w->proxy;
    if (!w->on)
        return;
    end(w, how);
    if (w->begins)
        return;
    w->over(w);
    proxy_arm_timers(p);
}

void wait_wake_soon(struct wait *w, enum wait_end how, int64_t now_ms)
{
    if (!w->on)
        return;
    w->come = true;
    timer_set(proxy_timers(w->proxy), &w->deadline, how == WAIT_ANSWERED ? on_answered : on_refused,
              now_ms);
    proxy_arm_timers(w->proxy);
}

void wait_hurry(struct wait *w, int64_t now_ms)
{
    if (w->on && !w->come && w->what->is_dispensable)
        timer_set(proxy_timers(w->proxy), &w->deadline, on_deadline, now_ms);
}

void wait_cancel(struct wait *w)
{
    if (!w->on)
        return;
    take_back(w);
    end(w, WAIT_NONE);
}
