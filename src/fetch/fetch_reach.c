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

static void add(struct fetch_reach *r, struct str host)
{
    const uint64_t digest = digest_of(host);
    for (unsigned i = 0; i < r->failed; i++)
        if (r->hosts[i] == digest)
            return;
    if (r->failed < r->after && r->failed < FETCH_REACH_MAX)
        r->hosts[r->failed++] = digest;
}

bool fetch_reach_is_cut_off(const struct fetch_reach *r)
{
    return r->after > 0 && r->failed >= r->after;
}

bool fetch_reach_is_amiss(enum fetch_outcome outcome)
{
    return rows[outcome] == AMISS;
}

bool fetch_reach_note(struct fetch_reach *r, struct str host, enum fetch_outcome outcome)
{
    const bool was = fetch_reach_is_cut_off(r);
    if (rows[outcome] == AMISS)
        r->last = outcome;
    if (rows[outcome] == AMISS)
        add(r, host);
    else if (rows[outcome] == WELL)
        r->failed = 0;
    return was && !fetch_reach_is_cut_off(r);
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
