#include "fetch_shares.h"

#define ONE        1000
#define LENT_PART  10 /* of the burst: what one finds that comes anew */
#define FRESH_PART 5  /* of what comes: for those who come anew */
#define SPARE_PART 2  /* of the burst: what is left to calls that wait */

struct fetch_shares fetch_shares_full(const struct token_rate *rate, int64_t now_ms)
{
    return (struct fetch_shares){.common = (int64_t)rate->burst * ONE, .filled_ms = now_ms};
}

static int64_t full(const struct token_rate *rate)
{
    return (int64_t)rate->burst * ONE;
}

/* What one of N may have: his part of the burst, and a token at least. */
static int64_t share_most(const struct token_rate *rate, unsigned n)
{
    const int64_t part = full(rate) / n;
    return part > ONE ? part : ONE;
}

/* What all have that share. */
static int64_t shared(const struct fetch_shares *s)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < s->n; i++)
        sum += s->list[i].thousandths;
    return sum;
}

/* Adds to what is nobody's, which with all shares is no more than the burst. */
static void add_common(struct fetch_shares *s, const struct token_rate *rate, int64_t more)
{
    const int64_t most = full(rate) - shared(s) - s->fresh;
    if (s->common + more <= most)
        s->common += more;
    else if (s->common < most)
        s->common = most;
}

static int64_t lent_to_one(const struct token_rate *rate)
{
    const int64_t part = full(rate) / LENT_PART;
    return part > ONE ? part : ONE;
}

/* Whether there is no more to be lent. */
static bool is_lent_out(const struct fetch_shares *s, const struct token_rate *rate)
{
    return s->common - lent_to_one(rate) < -full(rate);
}

/* What nobody has a use for. Where nothing else is left to them it is for those who come anew: one
   who asks seldom lives of what he saved while he was here. */
static void give_back(struct fetch_shares *s, const struct token_rate *rate, int64_t more)
{
    const int64_t room = lent_to_one(rate) + ONE - s->fresh;
    if (is_lent_out(s, rate) && room > 0) {
        const int64_t part = more < room ? more : room;
        s->fresh += part;
        more -= part;
    }
    add_common(s, rate, more);
}

static void leave(struct fetch_shares *s, const struct token_rate *rate, unsigned i)
{
    const int64_t had = s->list[i].thousandths;
    s->list[i] = s->list[--s->n];
    give_back(s, rate, had);
}

/* A token a second is a thousandth of it a millisecond; no more than fills all that there is. */
static int64_t gained(const struct fetch_shares *s, const struct token_rate *rate, int64_t now_ms)
{
    const int64_t most = (FETCH_SHARES + 2) * (full(rate) + ONE);
    const int64_t passed_ms = now_ms > s->filled_ms ? now_ms - s->filled_ms : 0;
    if (rate->per_s == 0)
        return 0;
    return passed_ms > most / rate->per_s ? most : passed_ms * rate->per_s;
}

/* Of MORE that comes, what is kept for those who come anew where nothing else is left to them. */
static int64_t fill_fresh(struct fetch_shares *s, const struct token_rate *rate, int64_t more)
{
    if (!is_lent_out(s, rate)) { /* they borrow: what was kept for them is there for all */
        const int64_t kept = s->fresh;
        s->fresh = 0;
        return -kept;
    }
    const int64_t room = ONE - s->fresh;
    s->fresh_rest += more;
    int64_t part = s->fresh_rest / FRESH_PART;
    s->fresh_rest %= FRESH_PART;
    if (part > room)
        part = room > 0 ? room : 0;
    s->fresh += part;
    return part;
}

static void fill(struct fetch_shares *s, const struct token_rate *rate, int64_t now_ms)
{
    const unsigned n = s->n;
    int64_t left = gained(s, rate, now_ms);
    left += s->rest - fill_fresh(s, rate, left);
    const int64_t each = n > 0 ? left / n : 0;
    s->rest = n > 0 ? left % n : 0;
    left -= s->rest;
    s->filled_ms = now_ms;
    for (unsigned i = 0; i < n; i++) {
        const int64_t room = share_most(rate, n) - s->list[i].thousandths;
        const int64_t more = each < room ? each : room > 0 ? room : 0;
        s->list[i].thousandths += more;
        left -= more;
    }
    give_back(s, rate, left);
    for (unsigned i = s->n; i-- > 0;)
        if (now_ms - s->list[i].asked_ms > FETCH_SHARES_IDLE_MS)
            leave(s, rate, i);
}

static void make_room(struct fetch_shares *s, const struct token_rate *rate)
{
    unsigned oldest = 0;
    if (s->n < FETCH_SHARES)
        return;
    for (unsigned i = 1; i < s->n; i++)
        if (s->list[i].asked_ms < s->list[oldest].asked_ms)
            oldest = i;
    leave(s, rate, oldest);
}

static unsigned join(struct fetch_shares *s, const struct token_rate *rate, uint32_t trunk)
{
    const int64_t lent = lent_to_one(rate);
    make_room(s, rate);
    const unsigned i = s->n++;
    s->list[i].trunk = trunk;
    s->list[i].thousandths = 0;
    if (rate->burst > 0 && !is_lent_out(s, rate)) {
        s->list[i].thousandths = lent;
        s->common -= lent;
    } else if (s->fresh >= ONE) {
        s->list[i].thousandths = ONE;
        s->fresh -= ONE;
    }
    return i;
}

static unsigned share_of(struct fetch_shares *s, const struct token_rate *rate, uint32_t trunk,
                         int64_t now_ms)
{
    unsigned i = 0;
    fill(s, rate, now_ms);
    while (i < s->n && s->list[i].trunk != trunk)
        i++;
    if (i == s->n)
        i = join(s, rate, trunk);
    s->list[i].asked_ms = now_ms;
    return i;
}

bool fetch_shares_has(struct fetch_shares *s, const struct token_rate *rate, uint32_t trunk,
                      int64_t now_ms)
{
    const unsigned i = share_of(s, rate, trunk, now_ms);
    return s->list[i].thousandths >= ONE || s->common >= ONE;
}

bool fetch_shares_has_spare(struct fetch_shares *s, const struct token_rate *rate, uint32_t trunk,
                            int64_t now_ms)
{
    return fetch_shares_has(s, rate, trunk, now_ms) &&
           (s->common + shared(s)) * SPARE_PART >= full(rate);
}

bool fetch_shares_take(struct fetch_shares *s, const struct token_rate *rate, uint32_t trunk,
                       int64_t now_ms)
{
    const unsigned i = share_of(s, rate, trunk, now_ms);
    if (s->list[i].thousandths >= ONE)
        s->list[i].thousandths -= ONE;
    else if (s->common >= ONE)
        s->common -= ONE;
    else
        return false;
    return true;
}
