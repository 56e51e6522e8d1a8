#include <stird/core/monitor_result.h>

#include <stird/core/outcome.h>
#include <stird/core/verification.h>
#include <string.h>

static const struct {
    const char *name, *text;
} words[MONITOR_FOUND] = {
    [MONITOR_NOT_PLACED] = {"not_placed", "it was not placed"},
    [MONITOR_NOT_ARRIVED] = {"not_arrived", "it did not arrive"},
    [MONITOR_FAILED] = {"failed", "it arrived with a token that is not good for it"},
    [MONITOR_UNSIGNED] = {"unsigned", "it arrived unsigned"},
    [MONITOR_OPEN] = {"open", "it arrived with a token that could not be judged here"},
    [MONITOR_SIGNED_AGAIN] = {"signed_again", "it arrived signed by somebody else"},
    [MONITOR_SIGNED] = {"signed", "it arrived as we signed it"},
};

struct str monitor_found_name(enum monitor_found found)
{
    return str_of(found < MONITOR_FOUND ? words[found].name : "");
}

struct str monitor_found_text(enum monitor_found found)
{
    return str_of(found < MONITOR_FOUND ? words[found].text : "");
}

/* The very token that left: nobody has another one with its certificate, origid and iat. */
static bool is_same(const struct monitor_token *sent, const struct monitor_token *t)
{
    return sent->attest != 0 && sent->origid[0] && sent->x5u[0] && sent->iat_s == t->iat_s &&
           strcmp(sent->origid, t->origid) == 0 && strcmp(sent->x5u, t->x5u) == 0;
}

/* NULL: it does not carry it. */
static const struct monitor_token *ours_of(const struct monitor_placed *placed,
                                           const struct monitor_arrival *a)
{
    const struct monitor_token *found = NULL;
    for (unsigned i = 0; placed && i < a->n_tokens; i++)
        if (is_same(&placed->token, &a->tokens[i]) && (!found || a->tokens[i].valid))
            found = &a->tokens[i];
    return found;
}

bool monitor_result_is_ours(const struct monitor_placed *placed,
                            const struct monitor_arrival *arrival)
{
    const struct monitor_token *ours = ours_of(placed, arrival);
    return ours && ours->valid;
}

/* How much there is to say that it is this call, and no other. */
static int evidence(const struct monitor_placed *placed, struct str from,
                    const struct monitor_arrival *a)
{
    const struct monitor_token *ours = ours_of(placed, a);
    if (ours)
        return ours->valid ? 3 : 2;
    return str_eq(str_of(a->calling), from);
}

/* The same, without what it left with. */
static int likeness(struct str from, const struct monitor_arrival *a)
{
    if (monitor_arrival_is_ours(a, false))
        return monitor_arrival_is_ours(a, true) ? 3 : 2;
    return str_eq(str_of(a->calling), from);
}

void monitor_result_keep(struct monitor_arrival *kept, unsigned *n, unsigned room, struct str from,
                         const struct monitor_arrival *arrival)
{
    unsigned least = 0;
    if (*n < room) {
        kept[(*n)++] = *arrival;
        return;
    }
    for (unsigned i = 1; i < *n; i++)
        if (likeness(from, &kept[i]) <= likeness(from, &kept[least]))
            least = i;
    if (*n > 0 && likeness(from, arrival) > likeness(from, &kept[least]))
        kept[least] = *arrival;
}

/* More of it; of as much the earlier one, in whatever order they were told. */
static bool is_better(const struct monitor_placed *placed, struct str from,
                      const struct monitor_arrival *a, const struct monitor_arrival *best)
{
    const int more = evidence(placed, from, a) - evidence(placed, from, best);
    return more > 0 || (more == 0 && a->at_ms < best->at_ms);
}

static bool others_are_good(const struct monitor_arrival *a, const struct monitor_token *ours)
{
    for (unsigned i = 0; i < a->n_tokens; i++)
        if (&a->tokens[i] != ours && a->tokens[i].valid)
            return true;
    return false;
}

static enum monitor_found found_of(const struct monitor_arrival *a)
{
    if (a->headers == 0)
        return MONITOR_UNSIGNED;
    if (a->class == VERIFICATION_PASSED)
        return MONITOR_SIGNED_AGAIN;
    return a->class == VERIFICATION_OPEN ? MONITOR_OPEN : MONITOR_FAILED;
}

static void tell_arrival(struct monitor_result *r, struct str from,
                         const struct monitor_placed *placed, const struct monitor_arrival *a)
{
    const struct monitor_token *ours = ours_of(placed, a);
    const bool good = ours && ours->valid;
    r->found = good ? MONITOR_SIGNED : found_of(a);
    r->level = good ? ours->attest : r->found == MONITOR_SIGNED_AGAIN ? a->level : 0;
    r->also_signed = good && others_are_good(a, ours);
    r->ours_spoilt = ours && !ours->valid;
    r->number_changed = !str_eq(str_of(a->calling), from);
    r->reason = (enum reason)a->reason;
    r->check = (enum verify_check)a->check;
    r->delay_ms = placed && a->at_ms > placed->begun_ms ? a->at_ms - placed->begun_ms : 0;
    memcpy(r->calling, a->calling, sizeof(r->calling));
    memcpy(r->trunk, a->trunk, sizeof(r->trunk));
    memcpy(r->signer, a->signer, sizeof(r->signer));
}

void monitor_result_judge(struct monitor_result *r, struct str from,
                          const struct monitor_placed *placed,
                          const struct monitor_arrival *arrivals, unsigned n)
{
    const struct monitor_arrival *best = NULL;
    *r = (struct monitor_result){.found = MONITOR_NOT_PLACED,
                                 .reason = REASON_INTERNAL,
                                 .check = VERIFY_CHECKS,
                                 .delay_ms = -1};
    if (placed)
        r->reason = (enum reason)placed->reason;
    if (!placed || placed->fault != MONITOR_BEGAN || !placed->upstream[0])
        return;
    r->sent_level = placed->token.attest;
    r->found = MONITOR_NOT_ARRIVED;
    for (unsigned i = 0; i < n; i++)
        if (!best || is_better(placed, from, &arrivals[i], best))
            best = &arrivals[i];
    if (best)
        tell_arrival(r, from, placed, best);
}

static bool is_at_least(uint8_t level, char most)
{
    return level >= 'A' && level <= most;
}

bool monitor_result_meets(const struct monitor_result *r, enum monitor_expect expect)
{
    const bool ours = r->found == MONITOR_SIGNED && !r->number_changed;
    switch (expect) {
    case MONITOR_EXPECTS_A:
        return ours && is_at_least(r->level, 'A');
    case MONITOR_EXPECTS_B:
        return ours && is_at_least(r->level, 'B');
    case MONITOR_EXPECTS_C:
        return ours && is_at_least(r->level, 'C');
    case MONITOR_EXPECTS_SIGNED:
        return r->found >= MONITOR_SIGNED_AGAIN && !r->number_changed;
    case MONITOR_EXPECTS_ARRIVAL:
        return r->found > MONITOR_NOT_ARRIVED && !r->number_changed;
    }
    return false;
}
