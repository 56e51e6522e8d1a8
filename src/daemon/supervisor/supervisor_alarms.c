/* What each alarm counts. */
#include "supervisor.h"

#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/conf/settings_file.h>
#include <string.h>
#include <unistd.h>

#define LOOK_EVERY_MS 1000

/* The first one of all is still on its way: it has the limits of its start for that. */
static bool is_missing(const struct child *c)
{
    return c->state != CHILD_SERVING && !(c->state == CHILD_STARTING && c->deaths == 0);
}

static void count_missing(struct supervisor *s, struct child *c, void *user)
{
    *(uint64_t *)user += c->role->missed && supervisor_is_kept(s, c) && is_missing(c);
}

static void count_deaths(struct supervisor *s, struct child *c, void *user)
{
    (void)s;
    *(uint64_t *)user += c->kept ? c->deaths : 0;
}

uint64_t supervisor_count_deaths(const struct supervisor *s)
{
    uint64_t n = 0;
    supervisor_each_child((struct supervisor *)(uintptr_t)s, count_deaths, &n);
    return n;
}

static uint64_t missing(const struct supervisor *s)
{
    uint64_t n = 0;
    supervisor_each_child((struct supervisor *)(uintptr_t)s, count_missing, &n);
    return n;
}

static void count_change(void *user, const struct setting_change *change)
{
    (void)change;
    ++*(uint64_t *)user;
}

static uint64_t changes(const struct supervisor *s)
{
    uint64_t n = 0;
    settings_need_restart(s->current.settings, s->started_with, count_change, &n);
    return n;
}

/* Of the processes themselves and of the files. */
static void look_at_ourselves(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_no_signer] = s->signer->state != CHILD_SERVING;
    values[ALARM_child_missing] = missing(s);
    values[ALARM_child_replaced] = supervisor_count_deaths(s);
    values[ALARM_child_false] = s->false_children;
    values[ALARM_signatures_over_ceiling] = s->sign_requests_refused;
    values[ALARM_record_file] = s->record_file_fault;
    values[ALARM_reload_failed] = s->reload_failure[0] != '\0';
    values[ALARM_files_unreadable] = s->unreadable.n;
    values[ALARM_needs_restart] = changes(s);
    values[ALARM_urgent_changes] = s->urgent_changes_lost;
    values[ALARM_urgent_certificate] = s->current.urgent_faults;
    values[ALARM_urgent_customer] = s->current.urgent_unknown;
    values[ALARM_check_lists] = s->check_faults;
    values[ALARM_names_lost] = s->names_unsent;
    values[ALARM_control_refused] = s->refusals.of[CONTROL_REFUSED_OWN];
    values[ALARM_control_crowded] = s->refusals.of[CONTROL_REFUSED_CROWDED];
    values[ALARM_supervisor_lacks] = supervisor_lacked(s);
    values[ALARM_sockets_mended] = s->sockets_mended;
    values[ALARM_sockets_broken] = supervisor_sockets_broken(s);
    values[ALARM_log_dropped] = log_dropped();
}

static void look_at_workers(const struct supervisor *s, uint64_t values[ALARMS])
{
    const struct proxy_counters c = supervisor_counters(s);
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
    values[ALARM_emergency_by_to] = c.emergency_to_alarms;
    values[ALARM_emergency_no_trunk] = c.emergency_no_trunk;
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

void supervisor_look_for_alarms(struct supervisor *s, int64_t now_ms)
{
    if (now_ms >= s->next_alarms_ms)
        supervisor_look_for_alarms_now(s, now_ms);
}

void supervisor_look_for_alarms_now(struct supervisor *s, int64_t now_ms)
{
    uint64_t values[ALARMS] = {0};
    if (!s->ready || s->stopping)
        return;
    s->next_alarms_ms = now_ms + LOOK_EVERY_MS;
    look_at_ourselves(s, values);
    look_at_workers(s, values);
    supervisor_certificate_alarms(s, values);
    alarms_look(&s->alarms, values, now_ms, clock_real_s());
}
