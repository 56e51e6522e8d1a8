#include "fetch_reach.h"

#include <stird/fetch/fetch.h>

enum tells { SILENT, WELL, AMISS };

static const enum tells rows[FETCH_OUTCOMES] = {
#define OUTCOME(name, word, kept, hosts, tells, text) [FETCH_##name] = tells,
#include <stird/core/fetch_outcome.def>
#undef OUTCOME
};

/* FNV-1a of 64 bits, of the name in whatever case: two that fall together are one host less. */
static uint64_t digest_of(struct str host)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < host.n; i++)
        hash = (hash ^ (unsigned char)ascii_lower(host.p[i])) * UINT64_C(1099511628211);
    return hash;
}

bool fetch_reach_has(const struct fetch_reach *r, struct str host)
{
    const uint64_t digest = digest_of(host);
    for (unsigned i = 0; i < r->failed; i++)
        if (r->hosts[i] == digest)
            return true;
    return false;
}

bool fetch_reach_is_cut_off(const struct fetch_reach *r)
{
    return r->is_cut_off;
}

bool fetch_reach_is_amiss(enum fetch_outcome outcome)
{
    return rows[outcome] == AMISS;
}

/* None has failed yet, and nothing is suspected. */
static void begin_anew(struct fetch_reach *r)
{
    r->failed = 0;
    r->is_suspected = false;
    r->is_cut_off = false;
}

static void add(struct fetch_reach *r, struct str host, int64_t now_ms)
{
    r->amiss_ms = now_ms;
    if (r->failed == 0)
        r->since_ms = now_ms;
    if (r->failed < r->after && r->failed < FETCH_REACH_MAX && !fetch_reach_has(r, host))
        r->hosts[r->failed++] = digest_of(host);
}

/* Whether it is suspected from now on. */
static bool begin_suspicion(struct fetch_reach *r, int64_t now_ms)
{
    if (r->after == 0 || r->failed < r->after || r->is_cut_off || r->is_suspected ||
        r->probes > 0 || now_ms < r->suspect_ms)
        return false;
    r->suspect_ms = now_ms + FETCH_REACH_PAUSE_MS;
    r->is_suspected = true;
    return true;
}

enum fetch_reach_news fetch_reach_note(struct fetch_reach *r, struct str host,
                                       enum fetch_outcome outcome, int64_t now_ms)
{
    const bool was = r->is_cut_off;
    if (rows[outcome] == WELL)
        begin_anew(r);
    if (rows[outcome] != AMISS)
        return was && !r->is_cut_off ? FETCH_REACH_OVER : FETCH_REACH_SAME;
    r->last = outcome;
    add(r, host, now_ms);
    return begin_suspicion(r, now_ms) ? FETCH_REACH_SUSPECTED : FETCH_REACH_SAME;
}

static void believe_if_none_is_left(struct fetch_reach *r)
{
    if (!r->is_suspected || r->probes > 0)
        return;
    r->is_suspected = false;
    r->is_cut_off = true;
}

void fetch_reach_probed(struct fetch_reach *r, unsigned probes)
{
    r->probes += probes;
    believe_if_none_is_left(r);
}

void fetch_reach_probe_ended(struct fetch_reach *r)
{
    r->probes--;
    believe_if_none_is_left(r);
}

void fetch_reach_pass(struct fetch_reach *r, int64_t now_ms)
{
    if (r->is_cut_off && now_ms - r->amiss_ms >= FETCH_REACH_QUIET_MS)
        begin_anew(r);
}

/* Whether what may be again at *AT_MS may be now; then it may not for PAUSE_MS. */
static bool is_time(int64_t *at_ms, int64_t pause_ms, int64_t now_ms)
{
    if (now_ms < *at_ms)
        return false;
    *at_ms = now_ms + pause_ms;
    return true;
}

bool fetch_reach_may_probe(struct fetch_reach *r, int64_t now_ms)
{
    return r->is_cut_off && is_time(&r->probe_ms, FETCH_REACH_PROBE_MS, now_ms);
}

bool fetch_reach_may_ease(struct fetch_reach *r, int64_t now_ms)
{
    return is_time(&r->ease_ms, FETCH_REACH_EASE_MS, now_ms);
}

/* A breaker that is open is so by failures of that kind, mostly. */
enum fetch_outcome fetch_reach_while_cut_off(enum fetch_outcome outcome)
{
    const bool is_ours = rows[outcome] == AMISS || outcome == FETCH_BREAKER;
    return is_ours ? FETCH_CUT_OFF : outcome;
}

enum fetch_outcome fetch_reach_says(const struct fetch_reach *r, enum fetch_outcome outcome)
{
    return fetch_reach_is_cut_off(r) ? fetch_reach_while_cut_off(outcome) : outcome;
}
