/* The state of stird for `stirctl status`, as JSON. */
#include "supervisor.h"

#include <stird/base/clock.h>
#include <stird/base/json.h>
#include <unistd.h>

#define SECONDS_A_DAY 86400

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

static void put_child(struct json *j, const struct child *c, int64_t now_ms)
{
    static const char *const states[] = {
        [CHILD_NONE] = "none", [CHILD_STARTING] = "starting", [CHILD_SERVING] = "serving"};
    json_begin_object(j);
    put_text(j, STR("state"), str_of(states[c->state]));
    if (c->pid > 0) {
        put_integer(j, STR("pid"), c->pid);
        put_integer(j, STR("up_s"), (now_ms - c->started_ms) / 1000);
    }
    put_integer(j, STR("deaths"), (int64_t)c->deaths);
    put_integer(j, STR("hangs"), (int64_t)c->hangs_ever);
    json_end_object(j);
}

static void put_children(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    json_put_key(j, STR("workers"));
    json_begin_array(j);
    for (unsigned w = 0; w < s->n_workers; w++)
        put_child(j, &s->workers[w], now_ms);
    json_end_array(j);
    json_put_key(j, STR("signer"));
    put_child(j, &s->signer, now_ms);
    json_put_key(j, STR("recorder"));
    put_child(j, &s->recorder, now_ms);
}

static void put_configuration(const struct supervisor *s, struct json *j)
{
    json_put_key(j, STR("configuration"));
    json_begin_object(j);
    put_text(j, STR("file"), s->path);
    put_integer(j, STR("generation"), (int64_t)s->current.generation);
    put_integer(j, STR("read_at"), s->current.read_at_s);
    put_integer(j, STR("reloads"), (int64_t)s->reloads);
    put_integer(j, STR("failed_reloads"), (int64_t)s->failed_reloads);
    json_put_key(j, STR("reloading"));
    json_put_bool(j, s->reload != RELOAD_NONE);
    json_put_key(j, STR("last_failure"));
    if (s->reload_failure[0])
        json_put_string(j, str_of(s->reload_failure));
    else
        json_put_null(j);
    json_end_object(j);
}

static void put_numbers(const struct supervisor *s, struct json *j)
{
    json_put_key(j, STR("numbers"));
    json_begin_object(j);
    put_integer(j, STR("rows"), (int64_t)s->current.numbers.rows);
    put_integer(j, STR("segments"), (int64_t)s->current.numbers.segments);
    put_integer(j, STR("customers"), (int64_t)s->current.numbers.customers);
    put_integer(j, STR("urgent_changes"), (int64_t)overlay_count(s->overlay));
    json_end_object(j);
}

void supervisor_put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    json_begin_object(j);
    put_text(j, STR("state"), str_of(supervisor_state_text(s)));
    put_text(j, STR("version"), STR(STIRD_VERSION));
    put_text(j, STR("node"), s->current.settings->node);
    put_integer(j, STR("pid"), getpid());
    put_integer(j, STR("up_s"), (now_ms - s->started_ms) / 1000);
    json_put_key(j, STR("alarms"));
    alarms_put(&s->alarms, j);
    put_configuration(s, j);
    put_numbers(s, j);
    supervisor_put_certificates(s, j);
    put_children(s, j, now_ms);
    supervisor_put_failed(s, j);
    supervisor_put_hops(s, j, now_ms);
    supervisor_put_trunks(s, j);
    supervisor_put_totals(s, j);
    json_end_object(j);
}
