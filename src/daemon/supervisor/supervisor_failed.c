/*
 * The last calls that failed: told by the workers, shown by `stirctl status`. What a broken worker
 * says of them is shown and used for nothing.
 */
#include "loop.h"

#include <stird/base/json.h>
#include <stird/io/record.h>

#define KEPT 20

struct failed {
    struct failed_call last[KEPT]; /* a ring */
    unsigned n;                    /* ever */
};

static struct failed *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_failed);
}

static void take_failed(struct supervisor *s, const struct heard *h)
{
    const struct failed_call *news = &h->message->failed;
    if (failed_call_is_sound(news))
        own(s)->last[own(s)->n++ % KEPT] = *news;
}

static void put_one(struct json *j, const struct failed_call *f)
{
    const struct {
        const char *key;
        struct str value;
    } texts[] = {{"call_id", str_of(f->call_id)},
                 {"trunk", str_of(f->trunk)},
                 {"result", cause_result((enum cause)f->cause)},
                 {"cause", cause_name((enum cause)f->cause)},
                 {"reason", reason_name((enum reason)f->reason)}};
    struct buf time = BUF_INIT;
    record_add_time(&time, f->ts_us);
    json_begin_object(j);
    json_put_key(j, STR("ts"));
    json_put_string(j, buf_str(&time));
    buf_fini(&time);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json_put_key(j, str_of(texts[i].key));
        json_put_string(j, texts[i].value);
    }
    json_put_key(j, STR("sip_status"));
    json_put_integer(j, f->sip_status);
    json_put_key(j, STR("count"));
    json_put_integer(j, f->count > 0 ? f->count : 1);
    json_end_object(j);
}

/* The last one first. */
static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    (void)now_ms;
    unsigned n = own(s)->n < KEPT ? own(s)->n : KEPT;
    json_put_key(j, STR("failed_calls"));
    json_begin_array(j);
    for (unsigned i = 1; i <= n; i++)
        put_one(j, &own(s)->last[(own(s)->n - i) % KEPT]);
    json_end_array(j);
}

static const struct word hears[] = {{ROLE_WORKER, CONTROL_FAILED, take_failed}, {.take = NULL}};

const struct part part_failed = {
    .name = "failed", .bytes = sizeof(struct failed), .hears = hears, .put_status = put_status};
