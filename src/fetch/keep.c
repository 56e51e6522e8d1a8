#include <stird/fetch/keep.h>

#define RENEW_PERCENT 80
#define CLOCK_SLACK_S 300 /* a clock may be set back so far without anything being fetched anew */

#define GROWS_FIRST_MS (30 * 1000)
#define GROWS_MOST_MS  (10 * 60 * 1000)

int64_t keep_until_s(const struct keep_rules *rules, const struct kept *kept)
{
    int64_t time_s = kept->served_s;
    if (time_s < rules->least_s)
        time_s = rules->least_s;
    if (time_s > rules->most_s)
        time_s = rules->most_s;
    int64_t until_s = kept->fetched_s + time_s;
    return until_s < kept->ends_s ? until_s : kept->ends_s;
}

enum keep_state keep_state(const struct keep_rules *rules, const struct kept *kept, int64_t now_s)
{
    const int64_t until_s = keep_until_s(rules, kept);
    if (now_s >= kept->ends_s || now_s >= until_s + rules->stale_s)
        return KEEP_OVER;
    if (now_s >= until_s)
        return KEEP_STALE;
    if (now_s < kept->fetched_s - CLOCK_SLACK_S)
        return KEEP_RENEW;
    return now_s - kept->fetched_s < (until_s - kept->fetched_s) * RENEW_PERCENT / 100 ? KEEP_FRESH
                                                                                       : KEEP_RENEW;
}

enum kept_for { NOT, GROWS, GONE, GARBAGE, REFUSED };

static const struct {
    enum kept_for how;
    bool is_hosts_fault;
} rows[FETCH_OUTCOMES] = {
#define OUTCOME(name, word, kept, hosts, text) [FETCH_##name] = {kept, hosts},
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
