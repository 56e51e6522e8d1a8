#include <stird/core/verification_guard.h>

static void count(struct verification_guard *g, bool is_bad)
{
    uint64_t *word = &g->bad[g->next / 64];
    const uint64_t bit = UINT64_C(1) << g->next % 64;
    if (*word & bit)
        g->n_bad--;
    *word = is_bad ? *word | bit : *word & ~bit;
    g->n_bad += is_bad;
    g->n += g->n < GUARD_CALLS;
    g->next = (uint16_t)((g->next + 1) % GUARD_CALLS);
}

static bool are_too_many(const struct verification_guard *g, unsigned percent)
{
    const unsigned of = g->n > GUARD_LEAST ? g->n : GUARD_LEAST;
    return g->n_bad * 100u > of * percent;
}

bool verification_guard_is_on(const struct verification_guard *g, int64_t now_ms)
{
    return g->until_ms > 0 && now_ms < g->until_ms;
}

enum guard_answer verification_guard_judged(struct verification_guard *g, bool is_bad,
                                            unsigned percent, int64_t now_ms)
{
    count(g, is_bad);
    if (!is_bad)
        return GUARD_LETS;
    if (verification_guard_is_on(g, now_ms))
        return GUARD_KEEPS;
    if (!are_too_many(g, percent))
        return GUARD_LETS;
    g->until_ms = now_ms + GUARD_MS;
    return GUARD_TRIPS;
}
