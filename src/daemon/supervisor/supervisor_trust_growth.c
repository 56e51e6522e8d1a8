#include "supervisor_trust_growth.h"

#include <stird/base/log.h>

#define LOOK_EVERY_MS 1000

/* A single one of a few is everyday life, and no sign of a forged list; all of a few is one. */
#define REVOKED_AT_ONCE         10
#define REVOKED_AT_ONCE_PERCENT 20
#define REVOKED_ALL_OF          3

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

bool trust_growth_is_much(const struct held_asked *before, const struct held_asked *now,
                          struct certificates_held *most)
{
    *most = (struct certificates_held){0, 0};
    for (unsigned w = 0; w < WORKERS_MAX; w++) {
        const struct certificates_held *was = &before->workers[w], *is = &now->workers[w];
        most->held = larger(most->held, larger(was->held, is->held));
        if (is->revoked > was->revoked)
            most->revoked = larger(most->revoked, is->revoked - was->revoked);
    }
    const bool all = most->revoked >= REVOKED_ALL_OF && most->revoked >= most->held;
    return all || (most->revoked >= REVOKED_AT_ONCE &&
                   most->revoked * 100 > most->held * REVOKED_AT_ONCE_PERCENT);
}

void trust_growth_begin(struct trust_growth *g, const struct supervisor *s)
{
    g->before = (struct held_asked){0};
    supervisor_ask_held(s, &g->before);
    g->told = false;
}

void trust_growth_forget(struct trust_growth *g, unsigned worker)
{
    g->before.workers[worker] = (struct certificates_held){0, 0};
}

/* A list of revocations may be forged, or a mistake: it counts all the same, and somebody is told.
 */
void trust_growth_look(struct trust_growth *g, const struct supervisor *s, int64_t now_ms)
{
    struct held_asked now = {0};
    struct certificates_held most;
    if (g->told || now_ms < g->next_look_ms)
        return;
    g->next_look_ms = now_ms + LOOK_EVERY_MS;
    supervisor_ask_held(s, &now);
    if (!trust_growth_is_much(&g->before, &now, &most))
        return;
    log_error("new revocation lists revoke many of the certificates that are in use: they count",
              LOG_NUMBER("revoked", (int64_t)most.revoked), LOG_NUMBER("of", (int64_t)most.held));
    g->told = true;
    g->times++;
}
