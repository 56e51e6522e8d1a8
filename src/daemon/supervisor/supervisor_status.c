/* The state of stird for `stirctl status`, and its counts for `stirctl stats`, as JSON: each part
 * says its own. */
#include "asker.h"
#include "questions.h"

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
    for (const struct part *const *part = s->parts; *part; part++)
        if ((*part)->put_status)
            (*part)->put_status(s, j, now_ms);
    json_end_object(j);
}

static void answer_status(const struct supervisor *s, struct status_asked *asked)
{
    struct json j = json_writer(asked->out, false);
    put_status(s, &j, asked->now_ms);
}

static void act_status(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    (void)text;
    struct buf out = BUF_INIT;
    supervisor_tell(s, EVENT_ASKED, &(struct news){.now_ms = now_ms});
    answer_status(s, &(struct status_asked){&out, now_ms});
    asker_answer_json(a, 0, &out);
    buf_fini(&out);
}

/* What stird counts of itself. */
static void put_service(const struct supervisor *s, struct json *j)
{
    const struct service_counters all = supervisor_counts(s);
    counters_put(&counters_of_service, (const uint64_t *)(const void *)&all, j);
}

static void act_stats(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    (void)text;
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    supervisor_tell(s, EVENT_ASKED, &(struct news){.now_ms = now_ms});
    struct proxy_counters calls = {0};
    supervisor_ask_calls(s, &calls);
    json_begin_object(&j);
    counters_put(&counters_of_all, (const uint64_t *)(const void *)&calls, &j);
    put_service(s, &j);
    for (const struct part *const *part = s->parts; *part; part++)
        if ((*part)->put_counts)
            (*part)->put_counts(s, &j);
    json_end_object(&j);
    asker_answer_json(a, 0, &out);
    buf_fini(&out);
}

static const struct ask asks[] = {{ADMIN_STATUS, act_status, CONTROL_LOOK},
                                  {ADMIN_STATS, act_stats, CONTROL_LOOK},
                                  {.act = NULL}};

const struct part part_status = {.name = "status", .asks = asks, .answers_status = answer_status};
