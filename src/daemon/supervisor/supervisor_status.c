/* What the service manager is told, and what the workers count. */
#include "supervisor.h"

#include "daemon/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stird/base/json.h>
#include <stird/base/log.h>
#include <stird/core/reason.h>
#include <string.h>

#define STATUS_EVERY_MS 5000

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
    s->counters[w] = *now;
}

/* Its sums go on; its calls and connections are gone. */
void supervisor_worker_gone(struct supervisor *s, unsigned w)
{
    for (size_t i = 0; i < N_COUNTERS; i++) {
        if (counters[i].level)
            *counter_of(&s->counters[w], i) = 0;
    }
    add_counters(&s->counters_before, &s->counters[w]);
    s->counters[w] = (struct proxy_counters){0};
}

struct proxy_counters supervisor_counters(const struct supervisor *s)
{
    struct proxy_counters sum = s->counters_before;
    for (unsigned w = 0; w < s->n_workers; w++)
        add_counters(&sum, &s->counters[w]);
    if (s->record_tally)
        sum.records_dropped += s->record_tally->lost;
    return sum;
}

const char *supervisor_state_text(const struct supervisor *s)
{
    if (s->stopping)
        return "stopping";
    if (!s->ready)
        return "starting";
    if (s->signer->state != CHILD_SERVING)
        return "NO SIGNER";
    return "serving";
}

void supervisor_tell_status(struct supervisor *s, int64_t now_ms)
{
    if (now_ms < s->next_status_ms || !s->ready)
        return;
    s->next_status_ms = now_ms + STATUS_EVERY_MS;
    struct proxy_counters c = supervisor_counters(s);
    const uint64_t deaths = supervisor_count_deaths(s);
    char text[512];
    snprintf(
        text, sizeof(text),
        "%s; %u worker%s; %llu calls now; %llu INVITEs: %llu signed, %llu unsigned, %llu rejected, "
        "%llu signatures failed; configuration %llu, %llu number rows; %llu reloads, "
        "%llu failed; %llu children replaced; %llu calls above a limit; %llu clock steps; "
        "%u alarms",
        supervisor_state_text(s), s->n_workers, s->n_workers == 1 ? "" : "s",
        (unsigned long long)c.calls, (unsigned long long)c.invites,
        (unsigned long long)c.signed_calls, (unsigned long long)c.passed_calls,
        (unsigned long long)c.rejected_calls, (unsigned long long)c.sign_failures,
        (unsigned long long)s->current.generation, (unsigned long long)s->current.numbers.rows,
        (unsigned long long)s->reloads, (unsigned long long)s->failed_reloads,
        (unsigned long long)deaths, (unsigned long long)c.limited,
        (unsigned long long)c.clock_steps, alarms_on(&s->alarms));
    notify_status(text);
}

/*
 * The loops of the children feed it. A signer that is being replaced does not starve it: a restart
 * of everything would end the calls that now only go unsigned.
 */
static bool children_are_alive(const struct supervisor *s, int64_t now_ms)
{
    for (unsigned w = 0; w < s->n_workers; w++) {
        const struct child *c = &s->workers[w];
        if (!s->stopping && (c->state != CHILD_SERVING || child_overdue(c, now_ms)))
            return false;
    }
    return s->signer->state == CHILD_NONE || !child_overdue(s->signer, now_ms);
}

void supervisor_feed_watchdog(struct supervisor *s, int64_t now_ms)
{
    if (s->watchdog_every_ms == 0 || now_ms < s->next_watchdog_ms)
        return;
    s->next_watchdog_ms = now_ms + s->watchdog_every_ms;
    if (children_are_alive(s, now_ms))
        notify_watchdog();
    else
        s->next_watchdog_ms = now_ms + 100; /* soon after they are well again */
}

static void put_counts(struct json *j, const struct proxy_counters *c)
{
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

static void put_control_refusals(struct json *j, const struct control_refusals *r)
{
    static const char *const names[CONTROL_REFUSALS] = {
        [CONTROL_REFUSED_OWN] = "control_refused",
        [CONTROL_REFUSED_CROWDED] = "control_crowded",
        [CONTROL_REFUSED_UNREAD] = "control_unread",
        [CONTROL_REFUSED_STRANGER] = "control_strangers",
        [CONTROL_REFUSED_GONE] = "control_gone",
    };
    for (unsigned i = 0; i < CONTROL_REFUSALS; i++) {
        json_put_key(j, str_of(names[i]));
        json_put_integer(j, (int64_t)r->of[i]);
    }
}

void supervisor_put_statistics(const struct supervisor *s, struct json *j)
{
    const struct proxy_counters sum = supervisor_counters(s);
    put_counts(j, &sum);
    json_put_key(j, STR("reloads"));
    json_put_integer(j, (int64_t)s->reloads);
    json_put_key(j, STR("failed_reloads"));
    json_put_integer(j, (int64_t)s->failed_reloads);
    put_control_refusals(j, &s->refusals);
    json_put_key(j, STR("sign_requests_over_ceiling"));
    json_put_integer(j, (int64_t)s->sign_requests_refused);
    json_put_key(j, STR("children_false"));
    json_put_integer(j, (int64_t)s->false_children);
    json_put_key(j, STR("supervisor_lacks"));
    json_put_integer(j, (int64_t)supervisor_lacked(s));
    json_put_key(j, STR("sockets_mended"));
    json_put_integer(j, (int64_t)s->sockets_mended);
    json_put_key(j, STR("sockets_broken"));
    json_put_integer(j, (int64_t)supervisor_sockets_broken(s));
    supervisor_put_certificate_counts(s, j);
    json_put_key(j, STR("alarms"));
    json_put_integer(j, alarms_on(&s->alarms));
    json_put_key(j, STR("log_lines_dropped"));
    json_put_integer(j, (int64_t)log_dropped());
}
