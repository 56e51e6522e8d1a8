#include <stird/fetch/keep.h>

#define RENEW_PERCENT 80

#define GROWS_FIRST_MS (30 * 1000)
#define GROWS_MOST_MS  (10 * 60 * 1000)

/* How long it may be kept, whatever its end. */
static int64_t time_s(const struct keep_rules *rules, const struct kept *kept)
{
    const int64_t s = kept->served_s < rules->least_s ? rules->least_s : kept->served_s;
    return s > rules->most_s ? rules->most_s : s;
}

int64_t keep_until_s(const struct keep_rules *rules, const struct kept *kept)
{
    const int64_t until_s = kept->fetched_s + time_s(rules, kept);
    return until_s < kept->ends_s ? until_s : kept->ends_s;
}

bool keep_is_of_the_future(const struct kept *kept, int64_t now_s)
{
    return kept->fetched_s > now_s + FETCH_CLOCK_SLACK_S;
}

void keep_as_due(const struct keep_rules *rules, struct kept *kept, int64_t now_s)
{
    kept->fetched_s = now_s - time_s(rules, kept) * RENEW_PERCENT / 100;
    if (kept->fetched_s < 0)
        kept->fetched_s = 0;
}

enum keep_state keep_state(const struct keep_rules *rules, const struct kept *kept, int64_t now_s)
{
    const int64_t until_s = keep_until_s(rules, kept);
    if (now_s >= kept->ends_s || now_s >= until_s + rules->stale_s)
        return KEEP_OVER;
    if (now_s >= until_s)
        return KEEP_STALE;
    if (keep_is_of_the_future(kept, now_s))
        return KEEP_RENEW;
    return now_s - kept->fetched_s < (until_s - kept->fetched_s) * RENEW_PERCENT / 100 ? KEEP_FRESH
                                                                                       : KEEP_RENEW;
}

enum kept_for { NOT, GROWS, GONE, GARBAGE, REFUSED };

static const struct {
    enum kept_for how;
    bool is_hosts_fault;
} rows[FETCH_OUTCOMES] = {
#define OUTCOME(name, word, kept, hosts, tells, text) [FETCH_##name] = {kept, hosts},
#include <stird/core/fetch_outcome.def>
#undef OUTCOME
};

static int64_t growing_ms(unsigned in_a_row)
{
    int64_t ms = GROWS_FIRST_MS;
    while (in_a_row-- > 1 && ms < GROWS_MOST_MS)
        ms *= 2;
    return ms < GROWS_MOST_MS ? ms : GROWS_MOST_MS;
}

int64_t keep_failure_ms(enum fetch_outcome outcome, unsigned in_a_row)
{
    static const int64_t fixed_ms[] = {
        [NOT] = 0, [GONE] = 60 * 1000, [GARBAGE] = 5 * 60 * 1000, [REFUSED] = 10 * 60 * 1000};
    enum kept_for how = rows[outcome].how;
    return how == GROWS ? growing_ms(in_a_row) : fixed_ms[how];
}

bool keep_is_hosts_fault(enum fetch_outcome outcome)
{
    return rows[outcome].is_hosts_fault;
}
