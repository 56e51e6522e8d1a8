#include "replay.h"

#include "session.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stird/core/policy.h>
#include <stird/io/record_file.h>
#include <string.h>
#include <time.h>

struct past_call {
    const struct trunk *trunk;
    const char *orig, *dest;
    int64_t at_s;
};

static const char *text_of(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text ? text : "";
}

static const struct trunk *find_trunk(const struct settings *s, const char *name)
{
    for (unsigned i = 0; i < s->n_trunks; i++)
        if (str_eq(s->trunks[i].name, str_of(name)))
            return &s->trunks[i];
    return NULL;
}

static bool is_digits(const char *text)
{
    return text[0] && text[strspn(text, "0123456789*#")] == '\0' && strlen(text) <= TN_MAX_DIGITS;
}

static bool time_of(const char *ts, int64_t *at_s)
{
    struct tm tm = {0};
    const char *end = strptime(ts, "%Y-%m-%dT%H:%M:%S", &tm);
    *at_s = end ? timegm(&tm) : 0;
    return end != NULL;
}

static bool read_record(const struct replay *r, const json_t *record, struct past_call *call)
{
    call->trunk = find_trunk(r->settings, text_of(record, "trunk"));
    call->orig = text_of(record, "orig_tn");
    call->dest = text_of(record, "dest_tn");
    return call->trunk && is_digits(call->orig) && is_digits(call->dest) &&
           time_of(text_of(record, "ts"), &call->at_s);
}

/* A telephone number is written with its plus, a short code as it is. */
static struct str uri_of(struct arena *arena, const char *digits)
{
    bool whole = strlen(digits) >= TN_MIN_DIGITS && !strpbrk(digits, "*#");
    return arena_printf(arena, "sip:%s%s@replay.invalid", whole ? "+" : "", digits);
}

static void write_level(char level[REPLAY_LEVEL_MAX], const struct outcome *o)
{
    if (o->verdict == VERDICT_SIGN)
        snprintf(level, REPLAY_LEVEL_MAX, "%c", o->claims.attest);
    else if (o->verdict == VERDICT_PASS)
        snprintf(level, REPLAY_LEVEL_MAX, "unsigned");
    else
        snprintf(level, REPLAY_LEVEL_MAX, "refused %d", o->sip_status % 1000);
}

static bool decide(const struct replay *r, const struct past_call *past,
                   const struct numbers *table, char level[REPLAY_LEVEL_MAX])
{
    struct outcome outcome = {.verdict = VERDICT_REJECT, .reason = REASON_INTERNAL};
    struct call call = {.arena = arena_new(4096), .now_s = past->at_s, .trunk = past->trunk};
    if (!call.arena)
        return false;
    call.from_uri = uri_of(call.arena, past->orig);
    call.to_uri = call.request_uri = uri_of(call.arena, past->dest);
    call.request_user = str_slice(call.to_uri, 4, str_find(call.to_uri, '@', 0));
    call.request_host = STR("replay.invalid");
    call.customer = numbers_customer(table, past->trunk->customer);
    policy_decide(r->settings, table, &call, &outcome);
    write_level(level, &outcome);
    arena_free(call.arena);
    return true;
}

static struct replay_change *find_change(struct replay *r, const struct replay_change *like)
{
    struct replay_change *list = (struct replay_change *)(void *)r->changes.p;
    for (size_t i = 0; i < r->changes.n / sizeof(*list); i++)
        if (str_eq(list[i].trunk, like->trunk) && strcmp(list[i].from, like->from) == 0 &&
            strcmp(list[i].to, like->to) == 0)
            return &list[i];
    return NULL;
}

static void count_change(struct replay *r, const json_t *record, struct replay_change *change)
{
    struct replay_change *same = find_change(r, change);
    const char *origid = text_of(record, "origid");
    if (same) {
        same->calls++;
        return;
    }
    change->calls = 1;
    snprintf(change->example, sizeof(change->example), "%s",
             origid[0] ? origid : text_of(record, "call_id"));
    snprintf(change->number, sizeof(change->number), "%s", text_of(record, "orig_tn"));
    buf_add(&r->changes, change, sizeof(*change));
}

static void count_skipped(struct replay *r, const struct past_call *past)
{
    r->skipped++;
    if (past->orig[0] == 'x' || past->dest[0] == 'x')
        r->masked++;
    else if (!past->trunk)
        r->without_trunk++;
}

static void replay_record(struct replay *r, const json_t *record)
{
    struct past_call past;
    struct replay_change change = {.calls = 0};
    if (!read_record(r, record, &past)) {
        count_skipped(r, &past);
        return;
    }
    if (!decide(r, &past, r->old, change.from) || !decide(r, &past, r->new, change.to)) {
        r->skipped++;
        return;
    }
    r->calls++;
    change.trunk = past.trunk->name;
    change.customer = past.trunk->customer;
    if (strcmp(change.from, change.to) != 0)
        count_change(r, record, &change);
}

static bool is_call(const struct record_line *line)
{
    return line->ended && !line->too_long && str_starts(line->text, STR("{\"kind\":\"call\","));
}

bool replay_file(struct replay *r, const char *path)
{
    struct record_line line;
    struct record_file *f = record_file_open(path);
    int got = f ? 1 : -errno;
    while (got > 0) {
        got = record_file_next(f, &line);
        if (got <= 0 || !is_call(&line))
            continue;
        json_t *record = json_loadb(line.text.p, line.text.n, JSON_REJECT_DUPLICATES, NULL);
        replay_record(r, record);
        json_decref(record);
    }
    record_file_close(f);
    if (got < 0)
        session_complain_of_file(path, got);
    return got == 0;
}

void replay_fini(struct replay *r)
{
    buf_fini(&r->changes);
}
