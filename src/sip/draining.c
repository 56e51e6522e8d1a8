#include "draining.h"

#include <stird/base/container_of.h>
#include <stird/core/settings.h>
#include <stird/sip/proxy.h>

#include "context.h"
#include "placing.h"

bool proxy_is_draining(const struct proxy *p)
{
    return proxy_draining(p)->on;
}

void draining_end(struct draining *d)
{
    d->done = NULL;
}

static void on_drained(struct timer *timer, int64_t now_ms)
{
    struct draining *d = container_of(timer, struct draining, limit);
    void (*done)(void *user) = d->done;
    /* An emergency call came. */
    if (proxy_counters(d->proxy)->calls > 0 && now_ms < d->until_ms) {
        timer_set(proxy_timers(d->proxy), timer, on_drained, d->until_ms);
        return;
    }
    d->done = NULL;
    if (done)
        done(d->user);
}

/* Its ACK is still under way, and whatever else the two have to say at the beginning. */
void proxy_call_ended(struct proxy *p)
{
    struct draining *d = proxy_draining_of(p);
    if (!d->on || proxy_counters(p)->calls > 0 || !d->done)
        return;
    int64_t due_ms = proxy_now_ms() + 2 * (int64_t)proxy_settings(p)->t1_ms;
    if (due_ms < d->limit.due_ms)
        timer_set(proxy_timers(p), &d->limit, on_drained, due_ms);
}

/* Once more, it ends when it was to end: whoever waits for the process counts from the first time.
 */
void proxy_drain(struct proxy *p, void (*done)(void *user), void *user)
{
    struct draining *d = proxy_draining_of(p);
    const bool ends_own = placing_end_all(p);
    if (!d->on)
        d->ends_ms = proxy_now_ms() + proxy_settings(p)->drain_timeout_ms;
    d->on = true;
    d->done = done;
    d->user = user;
    d->proxy = p;
    d->until_ms = proxy_counters(p)->calls > 0 ? d->ends_ms
                  : ends_own ? proxy_now_ms() + 2 * (int64_t)proxy_settings(p)->t1_ms
                             : proxy_now_ms();
    timer_set(proxy_timers(p), &d->limit, on_drained, d->until_ms);
    for (struct context *c = *proxy_contexts(p); c; c = c->next)
        wait_hurry(&c->wait, proxy_now_ms());
    proxy_arm_timers(p);
}
