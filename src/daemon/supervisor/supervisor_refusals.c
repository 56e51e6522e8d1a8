/*
 * Upstreams that refuse calls because these are signed: learned from what the workers count of
 * their final answers, to calls with a token of ours and to calls without one. Nothing is done
 * about it but to tell: an upstream's `retry_unsigned` or its trunk's `mode` is the operator's.
 */
#include "questions.h"

#include <stdlib.h>
#include <stird/base/json.h>
#include <stird/base/log.h>
#include <string.h>

#define LOOK_EVERY_MS 5000
#define ENOUGH        20     /* answers to signed calls, before anything is said of an upstream */
#define ENOUGH_OTHERS 10     /* to unsigned ones, to compare with */
#define MOST_PERCENT  90     /* of its answers: that is nearly every call */
#define STATUS_MOST   4096   /* octets of a status, which has room for so much (admin.h) */
#define FORGET_MS     900000 /* it answered no signed call since: nobody knows any more */

struct answers {
    uint64_t all, refused; /* refused: by codes that may be about the message */
};

/* What is known of one upstream, since the window began. */
struct judged {
    struct answers with, without; /* what was counted when it began */
    int64_t began_ms;
    bool refuses;
    unsigned code; /* refusal_place(): by which most */
};

struct refusals {
    struct judged *list; /* as the upstreams of the configuration in force; NULL: none yet */
    unsigned n, refusing;
    int64_t look_ms;
};

static struct refusals *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_refusals);
}

static struct answers answers_of(uint64_t all, const uint64_t refused[REFUSALS])
{
    struct answers a = {.all = all};
    for (unsigned i = 0; i < REFUSALS; i++)
        a.refused += refusal_may_be_of_message(i) ? refused[i] : 0;
    return a;
}

static unsigned most_of(const uint64_t refused[REFUSALS])
{
    unsigned most = REFUSALS - 1;
    for (unsigned i = 0; i < REFUSALS; i++)
        if (refusal_may_be_of_message(i) &&
            (!refusal_may_be_of_message(most) || refused[i] > refused[most]))
            most = i;
    return most;
}

static struct answers since(const struct answers *now, const struct answers *then)
{
    if (now->all < then->all || now->refused < then->refused)
        return *now; /* the sums began anew: its name had gone and come back */
    return (struct answers){now->all - then->all, now->refused - then->refused};
}

static bool is_nearly_all(const struct answers *a)
{
    return a->refused * 100 >= a->all * MOST_PERCENT;
}

static void say(const struct upstream *u, const struct judged *j, const struct answers *with)
{
    if (j->refuses)
        log_error("an upstream refuses nearly every signed call, and not those that are unsigned",
                  LOG_TEXT("upstream", u->name), LOG_TEXT("most_by", refusal_name(j->code)),
                  LOG_NUMBER("signed", (int64_t)with->all),
                  LOG_NUMBER("refused", (int64_t)with->refused));
    else
        log_info("an upstream does not refuse signed calls any more",
                 LOG_TEXT("upstream", u->name));
}

/* A window ends when it has enough to judge by; the one before counts until then. */
static void judge(struct judged *j, const struct upstream *u, const struct upstream_counters *c,
                  int64_t now_ms)
{
    const struct answers with_now = answers_of(c->answered_signed, c->refused_signed);
    const struct answers without_now = answers_of(c->answered_unsigned, c->refused_unsigned);
    const struct answers with = since(&with_now, &j->with),
                         without = since(&without_now, &j->without);
    const bool old = now_ms - j->began_ms >= FORGET_MS && with.all == 0;
    if (with.all < ENOUGH && !old)
        return;
    const bool refused = j->refuses,
               others_too = without.all >= ENOUGH_OTHERS && is_nearly_all(&without);
    j->refuses = with.all >= ENOUGH && is_nearly_all(&with) && !others_too;
    j->code = most_of(c->refused_signed);
    j->with = with_now;
    j->without = without_now;
    j->began_ms = now_ms;
    if (j->refuses != refused)
        say(u, j, &with);
}

static void look(struct supervisor *s, int64_t now_ms)
{
    struct refusals *r = own(s);
    struct upstreams_asked asked = {.n = r->n};
    asked.upstreams = calloc(r->n + 1, sizeof(*asked.upstreams));
    if (!asked.upstreams)
        return;
    supervisor_ask_upstreams(s, &asked);
    r->refusing = 0;
    for (unsigned i = 0; i < r->n; i++) {
        judge(&r->list[i], &s->current.settings->upstreams[i], &asked.upstreams[i], now_ms);
        r->refusing += r->list[i].refuses;
    }
    free(asked.upstreams);
}

/* ---- the part ---- */

/* What was known of the upstream of that name in the settings before, or NULL. */
static const struct judged *known_of(const struct refusals *r, const struct settings *before,
                                     struct str name)
{
    for (unsigned i = 0; before && i < r->n && i < before->n_upstreams; i++)
        if (str_eq(before->upstreams[i].name, name))
            return &r->list[i];
    return NULL;
}

/* Without memory for it nothing is judged; it is tried again. */
static void follow(struct supervisor *s, const struct settings *before, int64_t now_ms)
{
    struct refusals *r = own(s);
    const struct settings *settings = s->current.settings;
    struct judged *list = calloc(settings->n_upstreams + 1, sizeof(*list));
    for (unsigned i = 0; list && i < settings->n_upstreams; i++) {
        const struct judged *known = known_of(r, before, settings->upstreams[i].name);
        list[i] = known ? *known : (struct judged){.began_ms = now_ms};
    }
    free(r->list);
    r->list = list;
    r->n = list ? settings->n_upstreams : 0;
}

static void on_in_force(struct supervisor *s, const struct news *news)
{
    follow(s, news->before ? news->before->settings : NULL, news->now_ms);
    look(s, news->now_ms);
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    if (!own(s)->list)
        follow(s, NULL, now_ms);
    if (now_ms < own(s)->look_ms)
        return;
    own(s)->look_ms = now_ms + LOOK_EVERY_MS;
    look(s, now_ms);
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    (void)now_ms;
    return own(s)->look_ms;
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_signed_refused] = own(s)->refusing;
}

/* The upstreams that do, and by which code most. */
static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    (void)now_ms;
    const struct refusals *r = own(s);
    const size_t until = j->out->n + STATUS_MOST;
    unsigned shown = 0;
    json_put_key(j, STR("upstreams_refusing_signed"));
    json_begin_object(j);
    for (unsigned i = 0; i < r->n && j->out->n < until; i++) {
        if (!r->list[i].refuses)
            continue;
        json_put_key(j, s->current.settings->upstreams[i].name);
        json_put_string(j, refusal_name(r->list[i].code));
        shown++;
    }
    json_end_object(j);
    json_put_key(j, STR("refusing_signed_not_shown"));
    json_put_integer(j, r->refusing > shown ? (int64_t)(r->refusing - shown) : 0);
}

static void fini(struct supervisor *s)
{
    free(own(s)->list);
}

const struct part part_refusals = {.name = "refusals",
                                   .bytes = sizeof(struct refusals),
                                   .fini = fini,
                                   .deadline = deadline,
                                   .tick = tick,
                                   .on = {[EVENT_IN_FORCE] = on_in_force},
                                   .count = count,
                                   .put_status = put_status};
