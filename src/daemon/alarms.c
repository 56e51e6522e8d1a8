#include "alarms.h"

#include <stird/base/log.h>
#include <stird/core/counters.h>

enum rule { WHILE, QUIET };

static const struct {
    const char *name, *text;
    enum rule rule;
} kinds[ALARMS] = {
#define ALARM(name, rule, text) {#name, text, rule},
#include "alarms.def"
#undef ALARM
};

static void begin(unsigned i, struct alarm *a, int64_t now_s)
{
    a->on = true;
    a->since_s = now_s;
    log_error(kinds[i].text, LOG_CSTR("alarm", kinds[i].name),
              LOG_NUMBER("count", (int64_t)a->count));
}

static void end(unsigned i, struct alarm *a, int64_t now_s)
{
    log_info("an alarm is over", LOG_CSTR("alarm", kinds[i].name),
             LOG_NUMBER("seconds", now_s - a->since_s), LOG_NUMBER("count", (int64_t)a->count));
    a->on = false;
    a->count = 0;
}

/* How many there are to tell of now; 0: nothing new. */
static uint64_t news(enum rule rule, struct alarm *a, uint64_t value)
{
    uint64_t more = rule == WHILE ? value : value > a->seen ? value - a->seen : 0;
    a->seen = value;
    return more;
}

static bool is_over(enum rule rule, const struct alarm *a, int64_t now_ms)
{
    return rule == WHILE || now_ms - a->last_ms >= ALARM_QUIET_MS;
}

static void look(unsigned i, struct alarm *a, uint64_t value, int64_t now_ms, int64_t now_s)
{
    enum rule rule = kinds[i].rule;
    uint64_t more = news(rule, a, value);
    if (more > 0) {
        a->count = rule == WHILE ? more : counters_sum(a->count, more);
        a->last_s = now_s;
        a->last_ms = now_ms;
    }
    if (more > 0 && !a->on)
        begin(i, a, now_s);
    else if (more == 0 && a->on && is_over(rule, a, now_ms))
        end(i, a, now_s);
}

void alarms_look(struct alarms *a, const uint64_t values[ALARMS], int64_t now_ms, int64_t now_s)
{
    for (unsigned i = 0; i < ALARMS; i++)
        look(i, &a->rows[i], values[i], now_ms, now_s);
}

unsigned alarms_on(const struct alarms *a)
{
    unsigned n = 0;
    for (unsigned i = 0; i < ALARMS; i++)
        n += a->rows[i].on;
    return n;
}

static void put_number(struct json *j, const char *key, int64_t value)
{
    json_put_key(j, str_of(key));
    json_put_integer(j, value);
}

void alarms_put(const struct alarms *a, struct json *j)
{
    json_begin_array(j);
    for (unsigned i = 0; i < ALARMS; i++) {
        const struct alarm *row = &a->rows[i];
        if (!row->on)
            continue;
        json_begin_object(j);
        json_put_key(j, STR("name"));
        json_put_string(j, str_of(kinds[i].name));
        json_put_key(j, STR("text"));
        json_put_string(j, str_of(kinds[i].text));
        put_number(j, "since", row->since_s);
        put_number(j, "last", row->last_s);
        put_number(j, "count", (int64_t)row->count);
        json_end_object(j);
    }
    json_end_array(j);
}
