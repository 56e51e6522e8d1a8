/* Limits that contradict each other: stird warns of them and goes on. */
#include <stird/core/budget.h>

#include "reader.h"

struct saying {
    struct reader *r;
    const struct object *root;
};

static void take(void *user, const char *key, struct str text)
{
    const struct saying *s = user;
    warn(s->r, s->root, place_of(s->root, key), "%.*s", STR_ARG(text));
}

/* limits.calls are those of all trunks and upstreams together. */
static void check_calls_of(struct reader *r, const struct objects *list, unsigned i, uint32_t calls,
                           uint32_t most)
{
    const struct object *o = list->items[i];
    if (calls > most)
        warn(r, o, place_of(o, "calls"),
             "calls: %u are never in progress: limits.calls of a worker is %u", calls, most);
}

/* A limit that another one keeps from ever being reached, or that lets one peer have all of it. */
struct over {
    const char *key;
    uint64_t value;
    const char *unit;  /* of both */
    const char *other; /* a setting that counts as given too; NULL: only KEY does */
    const char *most_is;
    uint64_t most;
    const char *why;
};

static uint32_t led(const struct settings *s)
{
    uint32_t half = (s->max_connections + 1) / 2;
    return s->max_led > 0 && s->max_led < half ? s->max_led : half;
}

static void check_over(struct reader *r, const struct object *root, const struct over *o)
{
    bool given = was_given(root, o->key), by_other = o->other && was_given(root, o->other);
    if (o->value <= o->most || !(given || by_other))
        return;
    warn(r, root, place_of(root, given ? o->key : o->other), "%s: %llu%s is above %s (%llu%s): %s",
         o->key, (unsigned long long)o->value, o->unit, o->most_is, (unsigned long long)o->most,
         o->unit, o->why);
}

static void check_each_over(struct reader *r, const struct object *root, const struct settings *s)
{
    const struct over rows[] = {
        {"limits.connections_per_source", s->max_connections_per_source, "", NULL,
         "limits.connections", s->max_connections, "one address may have them all"},
        {"limits.emergency", s->max_emergency, "", NULL, "limits.calls", s->max_calls,
         "emergency calls are calls in progress too; raise the latter, or lower this one"},
        {"limits.connections_led", s->max_led, "", NULL, "half of limits.connections",
         (s->max_connections + 1) / 2, "so many are never opened for what peers write"},
        {"limits.connections_per_peer", s->max_led_per_peer, "", NULL,
         "what limits.connections_led and half of limits.connections leave", led(s),
         "connections to one address may be all of these"},
        {"limits.per_trunk", s->trunk_percent, " %", "limits.per_source", "limits.per_source",
         s->source_percent, "a trunk that sends from one address never has so much"},
        {"limits.write_timeout", s->write_timeout_ms, " ms", "limits.idle_timeout",
         "limits.idle_timeout", s->idle_timeout_ms,
         "a connection whose peer is silent as well is closed before"},
        {"limits.unacknowledged", s->max_unacknowledged, "", NULL,
         "what a worker's part of limits.memory carries", budget_calls(s),
         "so many refusals never wait for their ACK; raise limits.memory, or lower this"},
        {"timers.next_hop", s->next_hop_timeout_ms, " ms", "timers.t1", "64 times timers.t1",
         UINT64_C(64) * s->t1_ms, "timer B gives a silent next hop up before"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_over(r, root, &rows[i]);
}

/* Calls that the trunks may have in progress at once cannot even begin within the longest ringing.
 */
static void check_signatures(struct reader *r, const struct object *root, const struct settings *s)
{
    static const char key[] = "signing.requests_per_second";
    uint64_t calls = settings_calls_of_trunks(s);
    if (calls == 0 || calls > s->max_calls)
        calls = s->max_calls;
    uint64_t least = (calls * 1000 + s->timer_c_ms - 1) / s->timer_c_ms;
    if (was_given(root, key) && s->sign_requests_per_second > 0 &&
        s->sign_requests_per_second < least)
        warn(r, root, place_of(root, key),
             "%s: with %u a second, %llu calls in progress (calls of the trunks, limits.calls) are "
             "never all signed, not even when each rings for timers.c: at least %llu; 0 is what "
             "the trunks need",
             key, s->sign_requests_per_second, (unsigned long long)calls,
             (unsigned long long)least);
}

static void check_records(struct reader *r, const struct object *root, const struct settings *s)
{
    static const char *const of_the_file[] = {"records.max_size", "records.max_age", "records.keep",
                                              "records.backlog", "records.tokens"};
    for (size_t i = 0; s->records_file.n == 0 && i < sizeof(of_the_file) / sizeof(of_the_file[0]);
         i++)
        if (was_given(root, of_the_file[i]))
            warn(r, root, place_of(root, of_the_file[i]),
                 "%s: there are no records (records.file is empty): it does nothing",
                 of_the_file[i]);
    if (s->records_file.n > 0 && s->record_tokens && s->mask_numbers)
        warn(r, root, place_of(root, "records.tokens"),
             "records.tokens: tokens say numbers, which records.mask_numbers hides: none is kept");
    if (s->records_file.n > 0 && s->records_keep > 0 && s->records_max_bytes == 0 &&
        s->records_max_age_ms == 0)
        warn(r, root, place_of(root, "records.keep"),
             "records.keep: no file ever moves aside, for records.max_size and records.max_age are "
             "0: set one of these; what another program rotates, that one removes");
}

void limits_find_conflicts(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    const struct object *root = &draft->object;
    if (r->problems->n > 0) /* among them may be a limit */
        return;
    budget_check(s, take, &(struct saying){r, root});
    check_each_over(r, root, s);
    check_signatures(r, root, s);
    check_records(r, root, s);
    for (unsigned i = 0; i < s->n_trunks; i++)
        check_calls_of(r, &draft->trunks, i, s->trunks[i].max_calls, s->max_calls);
    for (unsigned i = 0; i < s->n_upstreams; i++)
        check_calls_of(r, &draft->upstreams, i, s->upstreams[i].max_calls, s->max_calls);
}
