#include "undecided.h"

#include <stird/base/clock.h>
#include <stird/io/ledger.h>
#include <stird/base/container_of.h>
#include <stird/base/log.h>
#include <string.h>

#include "proxy_parts.h"
#include "lost_emergency.h"

#define SECOND_MS 1000

/* ---- one record, one line ---- */

static void write_record(struct proxy *p, const struct undecided *u, uint32_t count)
{
    const struct trunk trunk = {.name = u->trunk};
    const struct call call = {
        .call_id = u->call_id, .source = u->source, .trunk = u->trunk.n > 0 ? &trunk : NULL};
    const struct outcome outcome = {.verdict = VERDICT_REJECT,
                                    .reason = u->reason,
                                    .detail = u->detail,
                                    .emergency = u->emergency};
    const struct ledger_entry entry = {
        .settings = proxy_settings(p),
        .call = &call,
        .outcome = &outcome,
        .sip_status = u->sip_status,
        .cause = CAUSE_REJECTED,
        .ts_us = clock_real_us(),
        .sign_us = -1,
        .total_us = -1,
        .config_generation = proxy_snapshot(p)->generation,
        .numbers_generation = proxy_snapshot(p)->numbers_generation,
        .count = count,
    };
    proxy_write_record(p, &entry);
}

static void write_line(const struct proxy *p, const char *event, const struct undecided *u,
                       uint32_t count)
{
    struct buf source = BUF_INIT;
    struct str start_line = proxy_settings(p)->mask_numbers ? STR("") : u->start_line;
    address_add(&source, &u->source);
    log_info(event, LOG_TEXT("source", buf_str(&source)), LOG_TEXT("call_id", u->call_id),
             LOG_TEXT("trunk", u->trunk.n > 0 ? u->trunk : STR("-")),
             LOG_TEXT("reason", reason_name(u->reason)), LOG_TEXT("detail", u->detail),
             LOG_NUMBER("status", u->sip_status), LOG_NUMBER("count", count),
             LOG_TEXT("start_line", start_line));
    buf_fini(&source);
}

/* ---- many of one source ---- */

static size_t keep(char *room, size_t size, struct str text)
{
    struct str cut = str_slice(text, 0, size);
    if (cut.n > 0)
        memcpy(room, cut.p, cut.n);
    return cut.n;
}

static void remember(struct undecided_source *s, const struct undecided *u)
{
    s->source = u->source;
    s->reason = u->reason;
    s->sip_status = u->sip_status;
    s->call_id_bytes = keep(s->call_id, sizeof(s->call_id), u->call_id);
    s->trunk_bytes = keep(s->trunk, sizeof(s->trunk), u->trunk);
    s->detail_bytes = keep(s->detail, sizeof(s->detail), u->detail);
}

/* Tells of them as of the last one. */
static void tell_untold(struct undecided_source *s)
{
    const struct undecided last = {
        .source = s->source,
        .emergency = s->untold_emergency,
        .reason = s->reason,
        .sip_status = s->sip_status,
        .call_id = {s->call_id, s->call_id_bytes},
        .trunk = {s->trunk, s->trunk_bytes},
        .detail = {s->detail, s->detail_bytes},
    };
    if (s->untold == 0)
        return;
    write_line(s->proxy,
               s == &proxy_undecided(s->proxy)->others
                   ? "undecided requests of many sources; the last one"
                   : "undecided requests of one source; the last one",
               &last, s->untold);
    if (s->untold_invites > 0)
        write_record(s->proxy, &last, s->untold_invites);
    s->untold = s->untold_invites = 0;
    s->untold_emergency = false;
}

static void on_second(struct timer *timer, int64_t now_ms)
{
    struct undecided_source *s = container_of(timer, struct undecided_source, second);
    tell_untold(s);
    s->flood = s->requests > UNDECIDED_EACH;
    s->requests = 0;
    if (s->flood)
        timer_set(proxy_timers(s->proxy), timer, on_second, now_ms + SECOND_MS);
}

static bool same_source(const struct address *a, const struct address *b)
{
    const struct address first = address_counted(a), second = address_counted(b);
    return address_same_host(&first, &second);
}

static struct undecided_source *source_of(struct undecided_table *table,
                                          const struct address *address)
{
    struct undecided_source *unused = &table->others;
    for (unsigned i = 0; i < UNDECIDED_SOURCES; i++) {
        struct undecided_source *s = &table->sources[i];
        if (!timer_is_set(&s->second))
            unused = s;
        else if (same_source(address, &s->source))
            return s;
    }
    return unused;
}

bool undecided_alone(struct proxy *p, const struct undecided *u)
{
    struct undecided_source *s = source_of(proxy_undecided(p), &u->source);
    if (!timer_is_set(&s->second)) {
        *s = (struct undecided_source){.proxy = p, .source = u->source};
        timer_set(proxy_timers(p), &s->second, on_second, proxy_now_ms() + SECOND_MS);
    }
    s->requests++;
    if (!s->flood && s->requests <= UNDECIDED_EACH)
        return true;
    s->untold++;
    s->untold_invites += u->invite;
    s->untold_emergency |= u->emergency;
    remember(s, u);
    return false;
}

void undecided_tell(struct proxy *p, const struct undecided *u)
{
    if (u->invite) {
        count_add(&proxy_counters(p)->rejected_calls, 1);
        count_add(&proxy_counters(p)->by_reason[u->reason], 1);
        count_add(&proxy_counters(p)->by_cause[CAUSE_REJECTED], 1);
    }
    if (u->emergency)
        lost_emergency_note(p, u);
    if (!undecided_alone(p, u))
        return;
    write_line(p, u->start_line.n > 0 ? "malformed message" : "undecided request", u, 1);
    if (u->invite)
        write_record(p, u, 1);
}

void undecided_flush(struct proxy *p)
{
    for (unsigned i = 0; i < UNDECIDED_SOURCES; i++)
        tell_untold(&proxy_undecided(p)->sources[i]);
    tell_untold(&proxy_undecided(p)->others);
}
