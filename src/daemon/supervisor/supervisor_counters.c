/* What the workers count, summed over all that there are and were. */
#include "supervisor_counters.h"

#include "supervisor_records.h"

#include <stddef.h>
#include <stird/base/json.h>
#include <stird/core/reason.h>

struct counted {
    struct proxy_counters now[WORKERS_MAX]; /* of each one's last heartbeat */
    struct proxy_counters before;           /* of workers that are gone */
};

static struct counted *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_counters);
}

/* Each counter by its name in the statistics; a level is of now, the others only grow. */
static const struct {
    const char *name;
    size_t offset;
    bool level;
} counters[] = {
#define ROW(name, level) {#name, offsetof(struct proxy_counters, name), level},
#define COUNTER(name)    ROW(name, false)
#define LEVEL(name)      ROW(name, true)
#include <stird/core/proxy_counters.def>
};
#define N_COUNTERS (sizeof(counters) / sizeof(counters[0]))

static uint64_t *counter_of(const struct proxy_counters *c, size_t i)
{
    return (uint64_t *)(void *)((char *)(uintptr_t)c + counters[i].offset);
}

/* With those of lists: all that the struct holds are counters. */
static void add_counters(struct proxy_counters *sum, const struct proxy_counters *more)
{
    uint64_t *to = (uint64_t *)(void *)sum;
    const uint64_t *from = (const uint64_t *)(const void *)more;
    for (size_t i = 0; i < PROXY_COUNTERS; i++)
        to[i] += from[i];
}

void supervisor_worker_counters(struct supervisor *s, unsigned w, const struct proxy_counters *now)
{
    own(s)->now[w] = *now;
}

/* Its sums go on; its calls and connections are gone. */
static void forget(struct supervisor *s, const struct news *news)
{
    if (news->child->role->id != ROLE_WORKER)
        return;
    const unsigned w = news->child->index;
    for (size_t i = 0; i < N_COUNTERS; i++) {
        if (counters[i].level)
            *counter_of(&own(s)->now[w], i) = 0;
    }
    add_counters(&own(s)->before, &own(s)->now[w]);
    own(s)->now[w] = (struct proxy_counters){0};
}

struct proxy_counters supervisor_counters(const struct supervisor *s)
{
    struct proxy_counters sum = own(s)->before;
    for (unsigned w = 0; w < s->n_workers; w++)
        add_counters(&sum, &own(s)->now[w]);
    sum.records_dropped += supervisor_records_lost(s);
    return sum;
}

static void put_counts(const struct supervisor *s, struct json *j)
{
    const struct proxy_counters sum = supervisor_counters(s), *c = &sum;
    static const char level_names[PROXY_LEVELS] = {'A', 'B', 'C'};
    for (size_t i = 0; i < N_COUNTERS; i++) {
        json_put_key(j, str_of(counters[i].name));
        json_put_integer(j, (int64_t)*counter_of(c, i));
    }
    json_put_key(j, STR("attestations"));
    json_begin_object(j);
    for (size_t i = 0; i < PROXY_LEVELS; i++) {
        json_put_key(j, (struct str){&level_names[i], 1});
        json_put_integer(j, (int64_t)c->by_level[i]);
    }
    json_end_object(j);
    json_put_key(j, STR("reasons"));
    json_begin_object(j);
    for (size_t i = 0; i < PROXY_REASONS; i++) {
        if (c->by_reason[i] == 0)
            continue;
        json_put_key(j, reason_name((enum reason)i));
        json_put_integer(j, (int64_t)c->by_reason[i]);
    }
    json_end_object(j);
    json_put_key(j, STR("causes"));
    json_begin_object(j);
    for (size_t i = 0; i < CAUSES; i++) {
        if (c->by_cause[i] == 0)
            continue;
        json_put_key(j, cause_name((enum cause)i));
        json_put_integer(j, (int64_t)c->by_cause[i]);
    }
    json_end_object(j);
}

const struct part part_counters = {.name = "counters",
                                   .bytes = sizeof(struct counted),
                                   .on = {[EVENT_CHILD_GONE] = forget},
                                   .put_counts = put_counts};
