/* What the service manager is told. */
#include "questions.h"
#include "worker_places.h"

#include "daemon/descriptor_store.h"
#include "daemon/notify.h"

#include <stdio.h>

#define STATUS_EVERY_MS 5000
#define AGAIN_MS        20 /* until sockets are told again that it had no room for */

struct told {
    int64_t watchdog_every_ms, next_watchdog_ms, next_status_ms;
    const char *state; /* as it was told last */
    bool all_kept;     /* it was told of all sockets that it is to keep */
};

static struct told *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_service_manager);
}

static void tell_status(struct supervisor *s, int64_t now_ms)
{
    const char *state = supervisor_state_text(s);
    if (!s->ready || (now_ms < own(s)->next_status_ms && state == own(s)->state))
        return;
    own(s)->state = state;
    own(s)->next_status_ms = now_ms + STATUS_EVERY_MS;
    const uint64_t deaths = supervisor_count_deaths(s);
    const struct service_counters all = supervisor_counts(s);
    struct proxy_counters c = {0};
    supervisor_ask_calls(s, &c);
    char text[512];
    snprintf(
        text, sizeof(text),
        "%s; %u worker%s; %llu calls now; %llu INVITEs: %llu signed, %llu unsigned, %llu rejected, "
        "%llu signatures failed; configuration %llu, %llu number rows; %llu reloads, "
        "%llu failed; %llu children replaced; %llu calls above a limit; %llu clock steps; "
        "%u alarms",
        state, worker_count(s), worker_count(s) == 1 ? "" : "s", (unsigned long long)c.calls,
        (unsigned long long)c.invites, (unsigned long long)c.signed_calls,
        (unsigned long long)c.passed_calls, (unsigned long long)c.rejected_calls,
        (unsigned long long)c.sign_failures, (unsigned long long)s->current.generation,
        (unsigned long long)s->current.numbers.rows, (unsigned long long)all.reloads,
        (unsigned long long)all.failed_reloads, (unsigned long long)deaths,
        (unsigned long long)c.limited, (unsigned long long)c.clock_steps, (unsigned)all.alarms);
    notify_status(text);
}

/*
 * The loops of the children feed it. A signer that is being replaced does not starve it: a restart
 * of everything would end the calls that now only go unsigned.
 */
static bool children_are_alive(const struct supervisor *s, int64_t now_ms)
{
    for (unsigned w = 0; w < worker_count(s); w++) {
        const struct child *c = worker_at(s, w);
        if (!s->stopping && (c->state != CHILD_SERVING || child_overdue(c, now_ms)))
            return false;
    }
    const struct child *signer = supervisor_kept(s, ROLE_SIGNER);
    return signer->state == CHILD_NONE || !child_overdue(signer, now_ms);
}

static void feed_watchdog(struct supervisor *s, int64_t now_ms)
{
    if (own(s)->watchdog_every_ms == 0 || now_ms < own(s)->next_watchdog_ms)
        return;
    own(s)->next_watchdog_ms = now_ms + own(s)->watchdog_every_ms;
    if (children_are_alive(s, now_ms))
        notify_watchdog();
    else
        own(s)->next_watchdog_ms = now_ms + 100; /* soon after they are well again */
}

/* ---- the part ---- */

static void begin(struct supervisor *s, const struct news *news)
{
    (void)news;
    own(s)->watchdog_every_ms = notify_watchdog_interval_ms();
}

static void tell_soon(struct supervisor *s, const struct news *news)
{
    (void)news;
    own(s)->next_status_ms = 0;
}

static void tell_ready(struct supervisor *s, const struct news *news)
{
    (void)s;
    (void)news;
    notify_ready();
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    if (!own(s)->all_kept)
        return now_ms + AGAIN_MS;
    return own(s)->watchdog_every_ms ? own(s)->next_watchdog_ms : INT64_MAX;
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    tell_status(s, now_ms);
    feed_watchdog(s, now_ms);
    notify_flush();
    own(s)->all_kept = descriptor_store_flush();
}

const struct part part_service_manager = {
    .name = "service_manager",
    .bytes = sizeof(struct told),
    .deadline = deadline,
    .tick = tick,
    .on = {[EVENT_BEGINS] = begin, [EVENT_READY] = tell_ready, [EVENT_RELOAD_ENDS] = tell_soon},
};
