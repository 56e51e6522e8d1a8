#include "guards.h"

#include <stdlib.h>
#include <stird/base/container_of.h>
#include <stird/base/log.h>
#include <stird/core/verification_guard.h>
#include <string.h>

#include "context.h"

struct kept_guard {
    struct kept_guard *next;
    struct proxy *proxy;
    struct timer over; /* set while no call of the trunk is refused */
    struct verification_guard guard;
    char trunk[];
};

/* ---- which there are ---- */

static void guard_free(struct kept_guard *g)
{
    if (timer_is_set(&g->over)) {
        timer_clear(proxy_timers(g->proxy), &g->over);
        count_take(&proxy_counters(g->proxy)->verification_guard_active, 1);
    }
    free(g);
}

void guards_fini(struct guards *guards)
{
    while (guards->first) {
        struct kept_guard *g = guards->first;
        guards->first = g->next;
        guard_free(g);
    }
    guards->n = 0;
}

static bool is_trunk(const struct settings *s, struct str name)
{
    for (unsigned i = 0; i < s->n_trunks; i++)
        if (str_eq(s->trunks[i].name, name))
            return true;
    return false;
}

/* Those of trunks that the configuration does not have any more. */
static void forget_gone(struct guards *guards, const struct settings *s)
{
    struct kept_guard **link = &guards->first;
    while (*link) {
        struct kept_guard *g = *link;
        if (is_trunk(s, str_of(g->trunk))) {
            link = &g->next;
            continue;
        }
        *link = g->next;
        guards->n--;
        guard_free(g);
    }
}

static struct kept_guard *guard_new(struct proxy *p, struct str trunk)
{
    struct guards *guards = proxy_guards(p);
    const struct settings *s = proxy_settings(p);
    if (guards->n >= s->n_trunks)
        forget_gone(guards, s);
    /* A call that waited may be of a trunk that is gone. */
    struct kept_guard *g = guards->n < s->n_trunks ? calloc(1, sizeof(*g) + trunk.n + 1) : NULL;
    if (!g)
        return NULL;
    g->proxy = p;
    memcpy(g->trunk, trunk.p, trunk.n);
    g->next = guards->first;
    guards->first = g;
    guards->n++;
    return g;
}

/* NULL: no memory. */
static struct kept_guard *guard_of(struct proxy *p, struct str trunk)
{
    for (struct kept_guard *g = proxy_guards(p)->first; g; g = g->next)
        if (str_eq(str_of(g->trunk), trunk))
            return g;
    return guard_new(p, trunk);
}

/* ---- what they say ---- */

static void is_over(struct timer *timer, int64_t now_ms)
{
    struct kept_guard *g = container_of(timer, struct kept_guard, over);
    (void)now_ms;
    count_take(&proxy_counters(g->proxy)->verification_guard_active, 1);
    log_info("calls of a trunk that fail verification are refused again",
             LOG_CSTR("trunk", g->trunk));
}

static void trips(struct kept_guard *g, const struct context *c, unsigned percent)
{
    /* Between the end of its minute and the timer's next tick it may trip once more. */
    if (!timer_is_set(&g->over))
        count_add(&proxy_counters(g->proxy)->verification_guard_active, 1);
    timer_set(proxy_timers(g->proxy), &g->over, is_over, proxy_now_ms() + GUARD_MS);
    log_error("too many calls of a trunk fail verification: for a minute none is refused for it; "
              "is the clock right, are the authorities?",
              LOG_CSTR("trunk", g->trunk), LOG_NUMBER("of_calls", g->guard.n),
              LOG_NUMBER("failed", g->guard.n_bad), LOG_NUMBER("max_reject_percent", percent),
              LOG_TEXT("reason", reason_name(c->outcome->reason)),
              LOG_TEXT("call_id", c->call->call_id));
}

bool guards_let(struct context *c, bool is_bad)
{
    const struct trunk *trunk = c->call->trunk;
    const struct settings *s = c->snapshot->settings;
    const unsigned percent = s->verifications[trunk->verification].max_reject_percent;
    struct kept_guard *g = guard_of(c->proxy, trunk->name);
    if (!g)
        return true;
    const enum guard_answer answer = verification_guard_judged(&g->guard, is_bad, percent,
                                                               proxy_now_ms());
    if (answer == GUARD_TRIPS)
        trips(g, c, percent);
    return answer == GUARD_LETS;
}
