/*
 * What workers were given and have not said yet that they have: snapshots and urgent changes.
 *
 * A worker answers each, in their order, before it looks at anything else; so one whose loop turns
 * and that says nothing of it is none of ours any more. Its own heartbeats are counted beside the
 * time: a machine that stands still, or a supervisor that did, is no reason to end a worker.
 */
#include "supervisor.h"

#include <string.h>

#define ANSWER_LIMIT_MS 10000
#define ANSWER_BEATS    20

static void wait_anew(struct patience *p, bool any, int64_t now_ms)
{
    *p = (struct patience){.since_ms = any ? now_ms : 0};
}

static bool is_over(const struct patience *p, int64_t now_ms)
{
    return p->since_ms > 0 && p->beats >= ANSWER_BEATS && now_ms - p->since_ms >= ANSWER_LIMIT_MS;
}

void supervisor_owes_nothing(struct supervisor *s, unsigned w)
{
    s->owed[w] = (struct owed){.n_snapshots = 0};
}

bool supervisor_owes_snapshot(struct supervisor *s, unsigned w, uint64_t generation, int64_t now_ms)
{
    struct owed *o = &s->owed[w];
    if (o->n_snapshots == SNAPSHOTS_OWED_MAX)
        return false;
    if (o->n_snapshots == 0)
        wait_anew(&o->snapshot, true, now_ms);
    o->snapshots[o->n_snapshots++] = generation;
    return true;
}

bool supervisor_snapshot_was_owed(struct supervisor *s, unsigned w, uint64_t generation,
                                  int64_t now_ms)
{
    struct owed *o = &s->owed[w];
    if (o->n_snapshots == 0 || o->snapshots[0] != generation)
        return false;
    o->n_snapshots--;
    memmove(&o->snapshots[0], &o->snapshots[1], o->n_snapshots * sizeof(o->snapshots[0]));
    wait_anew(&o->snapshot, o->n_snapshots > 0, now_ms);
    return true;
}

void supervisor_owes_overlay(struct supervisor *s, unsigned w, int64_t now_ms)
{
    if (s->owed[w].overlay.since_ms == 0)
        wait_anew(&s->owed[w].overlay, true, now_ms);
}

bool supervisor_overlay_was_owed(struct supervisor *s, unsigned w, uint64_t generation,
                                 int64_t now_ms)
{
    if (generation <= s->overlay_in_use[w] || generation > s->overlay_generation)
        return false;
    wait_anew(&s->owed[w].overlay, generation < s->overlay_generation, now_ms);
    return true;
}

void supervisor_owed_beat(struct supervisor *s, unsigned w)
{
    s->owed[w].snapshot.beats++;
    s->owed[w].overlay.beats++;
}

const char *supervisor_owed_too_long(const struct supervisor *s, unsigned w, int64_t now_ms)
{
    if (is_over(&s->owed[w].snapshot, now_ms))
        return "it does not say that it has the configuration that it was given";
    if (is_over(&s->owed[w].overlay, now_ms))
        return "it does not say that it has the urgent changes that it was given";
    return NULL;
}
