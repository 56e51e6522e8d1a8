#include "yielding.h"

#include <stird/base/container_of.h>
#include <stird/sip/proxy.h>

#include "context.h"

#define LOOK_EVERY_MS 10

bool yielding_is_on(const struct proxy *p)
{
    return proxy_yielding(p)->on;
}

bool yielding_leaves(const struct proxy *p, const struct flow *from)
{
    return proxy_yielding(p)->on && !flow_is_reliable(from);
}

bool yielding_leaves_request(const struct proxy *p, const struct message *m,
                             const struct flow *from)
{
    const bool may_be_emergency = str_eq(m->method, STR("INVITE")) && m->to_tag.n == 0;
    return yielding_leaves(p, from) && !may_be_emergency;
}

/* An INVITE without a word of its next hop may have been lost on its way, and fails over. */
static bool waits(const struct context *c)
{
    bool heard = false;
    for (const struct attempt *a = c->attempts; a; a = a->next)
        heard |= a->heard != HEARD_NOTHING;
    return !c->finished && (c->sent_us < 0 || (c->invite && !heard));
}

static bool is_quiet(struct proxy *p)
{
    for (const struct context *c = *proxy_contexts(p); c; c = c->next)
        if (waits(c))
            return false;
    return true;
}

static void look(struct timer *timer, int64_t now_ms)
{
    struct yielding *y = container_of(timer, struct yielding, look);
    void (*done)(void *user) = y->done;
    if (!is_quiet(y->proxy) && now_ms < y->until_ms) {
        timer_set(proxy_timers(y->proxy), timer, look, now_ms + LOOK_EVERY_MS);
        return;
    }
    y->done = NULL;
    if (done)
        done(y->user);
}

/* Asked again, it begins anew: an emergency call may have come. */
void proxy_yield(struct proxy *p, void (*done)(void *user), void *user)
{
    struct yielding *y = proxy_yielding_of(p);
    const int64_t now_ms = proxy_now_ms();
    net_stop_accepting(proxy_net(p));
    if (!y->on)
        y->until_ms = now_ms + YIELD_LIMIT_MS;
    *y = (struct yielding){.on = true, .until_ms = y->until_ms, .look = y->look, .proxy = p};
    y->done = done;
    y->user = user;
    timer_set(proxy_timers(p), &y->look, look, now_ms + LOOK_EVERY_MS);
    for (struct context *c = *proxy_contexts(p); c; c = c->next)
        wait_hurry(&c->wait, now_ms);
    proxy_arm_timers(p);
}

static bool comes_again(const struct context *c)
{
    return yielding_leaves(c->proxy, &c->from) && c->sent_us < 0 && c->server &&
           !server_transaction_has_responded(c->server);
}

void yielding_end(struct proxy *p)
{
    if (!yielding_is_on(p))
        return;
    transactions_say_again(proxy_transactions(p));
    for (struct context *c = *proxy_contexts(p); c; c = c->next) {
        if (c->finished || !comes_again(c))
            continue;
        c->call = NULL; /* its record is the next process's */
        context_finish(c, 0);
    }
}
