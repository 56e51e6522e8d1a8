#include "full.h"

#include <stddef.h>
#include <stird/base/log.h>
#include <string.h>

#include "proxy_parts.h"

#define SAID_EVERY_MS 60000

#define EMERGENCIES "emergency calls are refused: "

static const struct full {
    enum reason reason;
    size_t counter; /* of struct proxy_counters */
    bool emergency, by_source;
    const char *line;
} fulls[] = {
    {REASON_CALL_MEMORY, offsetof(struct proxy_counters, full_call), false, true,
     "requests are refused: those inside one call hold as much as one call may"},
    {REASON_TRUNK_MEMORY, offsetof(struct proxy_counters, full_trunk), false, false,
     "requests are refused: those of one trunk hold as much as one may (limits.per_trunk)"},
    {REASON_SOURCE_MEMORY, offsetof(struct proxy_counters, full_source), false, true,
     "requests are refused: those of one source hold as much as one may (limits.per_source)"},
    {REASON_OVERLOADED, offsetof(struct proxy_counters, full_worker), false, false,
     "requests are refused: there are as many as limits.calls or limits.memory allow"},
    {REASON_OUT_OF_MEMORY, offsetof(struct proxy_counters, no_memory), false, true,
     "there is no memory: messages are refused or dropped, emergency calls too"},
    /* It is easy to make a call that passes for an emergency call, and such calls then take the
       place of others. */
    {REASON_EMERGENCY_TRUNK, offsetof(struct proxy_counters, full_emergency_trunk), true, false,
     EMERGENCIES "one trunk has as many as one may (limits.per_trunk)"},
    {REASON_EMERGENCY_SOURCE, offsetof(struct proxy_counters, full_emergency_source), true, true,
     EMERGENCIES "one source has as many as one may (limits.per_source)"},
    {REASON_EMERGENCY_FULL, offsetof(struct proxy_counters, full_emergency), true, false,
     EMERGENCIES "there are as many as limits.emergency allows, or they hold all memory that is "
                 "theirs"},
};

static const struct full *find(enum reason reason)
{
    for (unsigned i = 0; i < sizeof(fulls) / sizeof(fulls[0]); i++)
        if (fulls[i].reason == reason)
            return &fulls[i];
    return NULL;
}

/* The alarm of REASON and NAME; NULL: all places are taken by alarms of the last minute. */
static struct full_alarm *alarm_of(struct full_table *table, enum reason reason, struct str name,
                                   int64_t now_ms)
{
    struct full_alarm *unused = NULL;
    for (unsigned i = 0; i < FULL_ALARMS; i++) {
        struct full_alarm *a = &table->alarms[i];
        if (a->quiet_until_ms > 0 && a->reason == reason &&
            str_eq((struct str){a->name, a->name_bytes}, name))
            return a;
        if (now_ms >= a->quiet_until_ms)
            unused = a;
    }
    if (unused) {
        *unused = (struct full_alarm){.reason = reason, .name_bytes = name.n};
        memcpy(unused->name, name.p, name.n);
    }
    return unused;
}

static void say(struct proxy *p, const struct full_request *r, const struct full *full,
                uint64_t refused)
{
    struct buf source = BUF_INIT;
    enum limit_kind kind = full->emergency ? LIMIT_TRUNK_EMERGENCY : LIMIT_TRUNK_CALLS;
    uint64_t octets = full->emergency ? proxy_holdings(p)->octets[HOLDING_EMERGENCY]
                                      : holdings_octets(proxy_holdings(p));
    address_add(&source, &r->source);
    log_error(full->line, LOG_TEXT("reason", reason_name(full->reason)),
              LOG_TEXT("trunk", r->trunk.n > 0 ? r->trunk : STR("-")),
              LOG_TEXT("source", buf_str(&source)), LOG_NUMBER("refused", (int64_t)refused),
              LOG_NUMBER("in_progress", (int64_t)proxy_limits(p)->taken[kind]),
              LOG_NUMBER("of_trunk", limits_now(proxy_limits(p), kind, r->trunk)),
              LOG_NUMBER("octets", (int64_t)octets), LOG_TEXT("call_id", r->call_id));
    buf_fini(&source);
}

void full_refused(struct proxy *p, enum reason reason, const struct full_request *r)
{
    const struct full *full = find(reason);
    int64_t now_ms = proxy_now_ms();
    if (!full)
        return;
    count_add((uint64_t *)(void *)((char *)proxy_counters(p) + full->counter), 1);
    struct str name = full->by_source || r->trunk.n == 0 ? limits_source_name(&r->source)
                                                         : r->trunk;
    struct full_alarm *a = alarm_of(proxy_full(p), reason, str_slice(name, 0, FULL_NAME_BYTES),
                                    now_ms);
    if (!a)
        return;
    a->refused++;
    if (now_ms < a->quiet_until_ms)
        return;
    say(p, r, full, a->refused);
    a->quiet_until_ms = now_ms + SAID_EVERY_MS;
    a->refused = 0;
}
