/* What the service manager is told. */
#include "supervisor.h"

#include "daemon/notify.h"

#include <stdio.h>

#define STATUS_EVERY_MS 5000

const char *supervisor_state_text(const struct supervisor *s)
{
    if (s->stopping)
        return "stopping";
    if (!s->ready)
        return "starting";
    if (s->signer.state != CHILD_SERVING)
        return "NO SIGNER";
    return "serving";
}

void supervisor_tell_status(struct supervisor *s, int64_t now_ms)
{
    if (now_ms < s->next_status_ms || !s->ready)
        return;
    s->next_status_ms = now_ms + STATUS_EVERY_MS;
    struct proxy_counters c = supervisor_counters(s);
    uint64_t deaths = s->signer.deaths + s->recorder.deaths;
    for (unsigned w = 0; w < s->n_workers; w++)
        deaths += s->workers[w].deaths;
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
    return s->signer.state == CHILD_NONE || !child_overdue(&s->signer, now_ms);
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
