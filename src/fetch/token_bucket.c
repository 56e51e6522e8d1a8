#include "token_bucket.h"

#define ONE 1000

struct token_bucket token_bucket_full(const struct token_rate *rate, int64_t now_ms)
{
    return (struct token_bucket){.thousandths = (int64_t)rate->burst * ONE, .filled_ms = now_ms};
}

/* A token a second is a thousandth of it a millisecond. */
static void fill(struct token_bucket *b, const struct token_rate *rate, int64_t now_ms)
{
    const int64_t full = (int64_t)rate->burst * ONE, room = full - b->thousandths;
    const int64_t passed_ms = now_ms > b->filled_ms ? now_ms - b->filled_ms : 0;
    if (rate->per_s > 0 && passed_ms > room / rate->per_s)
        b->thousandths = full;
    else
        b->thousandths += passed_ms * rate->per_s;
    b->filled_ms = now_ms;
}

bool token_bucket_has(struct token_bucket *b, const struct token_rate *rate, int64_t now_ms)
{
    fill(b, rate, now_ms);
    return b->thousandths >= ONE;
}

bool token_bucket_take(struct token_bucket *b, const struct token_rate *rate, int64_t now_ms)
{
    if (!token_bucket_has(b, rate, now_ms))
        return false;
    b->thousandths -= ONE;
    return true;
}
