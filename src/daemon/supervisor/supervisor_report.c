/* The state of stird for `stirctl status`, and its counts for `stirctl stats`, as JSON: each part
 * says its own. */
#include "loop.h"

#include "supervisor_admin.h"
#include "supervisor_alarms.h"
#include "supervisor_counters.h"
#include "supervisor_status.h"

#include <stird/base/json.h>
#include <stird/io/admin.h>
#include <unistd.h>

static void put_integer(struct json *j, struct str key, int64_t value)
{
    json_put_key(j, key);
    json_put_integer(j, value);
}

static void put_text(struct json *j, struct str key, struct str value)
{
    json_put_key(j, key);
    json_put_string(j, value);
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    json_begin_object(j);
    put_text(j, STR("state"), str_of(supervisor_state_text(s)));
    put_text(j, STR("version"), STR(STIRD_VERSION));
    put_text(j, STR("node"), s->current.settings->node);
    put_integer(j, STR("pid"), getpid());
    put_integer(j, STR("up_s"), (now_ms - s->started_ms) / 1000);
    json_put_key(j, STR("alarms"));
    alarms_put(supervisor_alarms(s), j);
    for (const struct part *const *part = s->parts; *part; part++)
        if ((*part)->put_status)
            (*part)->put_status(s, j, now_ms);
    json_end_object(j);
}

static void act_status(struct supervisor *s, struct admin_client *c, struct str text,
                       int64_t now_ms)
{
    (void)text;
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    supervisor_look_for_alarms(s, now_ms);
    put_status(s, &j, now_ms);
    supervisor_admin_answer_json(c, 0, &out);
    buf_fini(&out);
}

/* What stird counts of itself. */
static void put_service(const struct supervisor *s, struct json *j)
{
    struct service_counters all = {0};
    for (const struct part *const *part = s->parts; *part; part++)
        if ((*part)->add_counts)
            (*part)->add_counts(s, &all);
    counters_put(&counters_of_service, (const uint64_t *)(const void *)&all, j);
}

static void act_stats(struct supervisor *s, struct admin_client *c, struct str text, int64_t now_ms)
{
    (void)text;
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    supervisor_look_for_alarms(s, now_ms);
    const struct proxy_counters calls = supervisor_counters(s);
    json_begin_object(&j);
    counters_put(&counters_of_all, (const uint64_t *)(const void *)&calls, &j);
    put_service(s, &j);
    for (const struct part *const *part = s->parts; *part; part++)
        if ((*part)->put_counts)
            (*part)->put_counts(s, &j);
    json_end_object(&j);
    supervisor_admin_answer_json(c, 0, &out);
    buf_fini(&out);
}

static const struct ask asks[] = {{ADMIN_STATUS, act_status, CONTROL_LOOK},
                                  {ADMIN_STATS, act_stats, CONTROL_LOOK},
                                  {.act = NULL}};

const struct part part_report = {.name = "report", .asks = asks};
