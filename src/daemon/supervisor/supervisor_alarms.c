/* What each alarm counts. */
#include "questions.h"

#include <stird/base/clock.h>
#include <stird/base/log.h>

#define LOOK_EVERY_MS 1000

struct looked {
    struct alarms alarms;
    int64_t next_ms;
};

static struct looked *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_alarms);
}

static void look_at_workers(const struct supervisor *s, uint64_t values[ALARMS])
{
    struct proxy_counters c = {0};
    supervisor_ask_calls(s, &c);
    values[ALARM_signatures_failed] = c.sign_failures;
    values[ALARM_records_lost] = c.records_dropped;
    values[ALARM_worker_full] = c.full_worker;
    values[ALARM_trunk_memory] = c.full_trunk;
    values[ALARM_source_memory] = c.full_source;
    values[ALARM_call_memory] = c.full_call;
    values[ALARM_no_memory] = c.no_memory;
    values[ALARM_emergency_full] = c.full_emergency + c.full_emergency_trunk +
                                   c.full_emergency_source;
    values[ALARM_calls_limited] = c.limited;
    values[ALARM_rate_above] = c.rates_above;
    values[ALARM_rates_full] = c.rates_coarse + c.rates_calls_lost;
    values[ALARM_verification_guard] = c.verification_guard_active;
    values[ALARM_emergency_by_to] = c.emergency_to_alarms;
    values[ALARM_emergency_no_trunk] = c.emergency_no_trunk;
    values[ALARM_own_number_outside] = c.own_numbers_outside;
    values[ALARM_emergency_refused] = c.emergency_refused;
    values[ALARM_slow_readers] = c.slow_readers;
    values[ALARM_talkers] = c.talkers;
    values[ALARM_connections_refused] = c.connections_refused;
    values[ALARM_connections_not_opened] = c.connections_not_opened;
    values[ALARM_hops_lost] = c.hops_out;
    values[ALARM_names_unresolved] = c.names_unresolved;
    values[ALARM_health_refused] = c.health_refused;
    values[ALARM_clock_stepped] = c.clock_steps;
}

static void look(struct supervisor *s, int64_t now_ms)
{
    uint64_t values[ALARMS] = {0};
    if (!s->ready || s->stopping)
        return;
    own(s)->next_ms = now_ms + LOOK_EVERY_MS;
    for (const struct part *const *part = s->parts; *part; part++)
        if ((*part)->count)
            (*part)->count(s, values);
    alarms_look(&own(s)->alarms, values, now_ms, clock_real_s());
}

/* So that an answer to stirctl is not a second old. */
static void look_now(struct supervisor *s, const struct news *news)
{
    look(s, news->now_ms);
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    if (now_ms >= own(s)->next_ms)
        look(s, now_ms);
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_log_dropped] = log_dropped();
    look_at_workers(s, values);
}

static void add_counts(const struct supervisor *s, struct service_counters *c)
{
    c->alarms = alarms_on(&own(s)->alarms);
    c->log_lines_dropped = log_dropped();
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    (void)now_ms;
    json_put_key(j, STR("alarms"));
    alarms_put(&own(s)->alarms, j);
}

const struct part part_alarms = {.name = "alarms",
                                 .bytes = sizeof(struct looked),
                                 .tick = tick,
                                 .on = {[EVENT_ASKED] = look_now},
                                 .put_status = put_status,
                                 .count = count,
                                 .add_counts = add_counts};
