/*
 * The lives of certificates for TLS: of SIP, of web, of repository. They end though nobody touches
 * a file, so this tells before they do, as for certificates that sign.
 */
#include "loop.h"

#include <stird/base/clock.h>
#include <stird/base/log.h>

#define LOOK_EVERY_MS 60000
#define AGAIN_S       86400

#define USES 3

struct tls_lives {
    struct told {
        enum certificate_life life;
        int64_t at_s; /* when it was said last; 0: never */
        int64_t not_after_s;
    } told[USES];
    int64_t next_ms;
};

struct use {
    const char *use, *key; /* what it is for, its setting */
    bool is_wanted;
    struct str file;
    const struct tls_dates *dates;
};

static struct tls_lives *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_tls_lives);
}

static void list_uses(const struct settings *s, struct use uses[USES])
{
    uses[0] = (struct use){"sip", "tls.certificate", true, s->tls_certificate, &s->tls_dates};
    uses[1] = (struct use){"web", "web.tls_certificate", s->web_port > 0, s->web_tls_certificate,
                           &s->web_tls_dates};
    uses[2] = (struct use){"repository", "repository.tls_certificate", s->repository_port > 0,
                           s->repository_tls_certificate, &s->repository_tls_dates};
}

static enum certificate_life life_of(const struct use *u, int64_t now_s)
{
    const struct tls_dates *d = u->dates;
    return u->is_wanted && d->known
               ? certificate_life_between(d->not_before_s, d->not_after_s, now_s)
               : LIFE_LONG;
}

static void say(const struct use *u, enum certificate_life life, int64_t now_s)
{
    static const char *const words[] = {
        [LIFE_A_THIRD] = "less than a third of a TLS certificate's life is left: get a new one",
        [LIFE_A_TENTH] = "less than a tenth of a TLS certificate's life is left: put a new one "
                         "there and reload",
        [LIFE_OVER] = "a TLS certificate has expired, and peers that look at it refuse it: put a "
                      "new one there and reload",
    };
    log_write(life == LIFE_A_THIRD ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, words[life],
              LOG_CSTR("setting", u->key), LOG_TEXT("file", u->file),
              LOG_NUMBER("days_left", (u->dates->not_after_s - now_s) / 86400));
}

/* Once a day, and when it gets worse; of another certificate anew. */
static void look_at(const struct use *u, struct told *told, int64_t now_s)
{
    const enum certificate_life life = life_of(u, now_s);
    const bool other = told->not_after_s != u->dates->not_after_s;
    const bool again = other || life > told->life || now_s >= told->at_s + AGAIN_S;
    told->not_after_s = u->dates->not_after_s;
    if (life == LIFE_LONG || !again)
        return;
    told->life = life;
    told->at_s = now_s;
    say(u, life, now_s);
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    struct use uses[USES];
    if (now_ms < own(s)->next_ms || !s->ready || s->stopping)
        return;
    own(s)->next_ms = now_ms + LOOK_EVERY_MS;
    list_uses(s->current.settings, uses);
    for (unsigned i = 0; i < USES; i++)
        look_at(&uses[i], &own(s)->told[i], clock_real_s());
}

/* Another configuration may have other certificates. */
static void look_soon(struct supervisor *s, const struct news *news)
{
    own(s)->next_ms = news->now_ms;
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    struct use uses[USES];
    list_uses(s->current.settings, uses);
    for (unsigned i = 0; i < USES; i++)
        values[ALARM_tls_certificate_life] += life_of(&uses[i], clock_real_s()) >= LIFE_A_TENTH;
}

static void put_number(struct json *j, const char *key, int64_t value)
{
    json_put_key(j, str_of(key));
    json_put_integer(j, value);
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    struct use uses[USES];
    (void)now_ms;
    list_uses(s->current.settings, uses);
    json_put_key(j, STR("tls_certificates"));
    json_begin_array(j);
    for (unsigned i = 0; i < USES; i++) {
        const struct tls_dates *d = uses[i].dates;
        if (!uses[i].is_wanted || !d->known)
            continue;
        json_begin_object(j);
        json_put_key(j, STR("use"));
        json_put_string(j, str_of(uses[i].use));
        json_put_key(j, STR("file"));
        json_put_string(j, uses[i].file);
        put_number(j, "not_before", d->not_before_s);
        put_number(j, "not_after", d->not_after_s);
        put_number(j, "days_left", (d->not_after_s - clock_real_s()) / 86400);
        json_end_object(j);
    }
    json_end_array(j);
}

const struct part part_tls_lives = {
    .name = "tls_lives",
    .bytes = sizeof(struct tls_lives),
    .tick = tick,
    .on = {[EVENT_IN_FORCE] = look_soon},
    .count = count,
    .put_status = put_status,
};
