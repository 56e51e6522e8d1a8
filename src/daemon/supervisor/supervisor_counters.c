/*
 * What is counted, for stirctl, alarms and the status line: by the workers (counter_book.h), by the
 * supervisor itself.
 */
#include "supervisor.h"

#include <stird/base/json.h>
#include <stird/base/log.h>
#include <stird/io/admin.h>

#define STATS_MAX  (ADMIN_REPLY_MAX / 3)  /* octets of the trunks, and of the upstreams, in stats */
#define STATUS_MAX (ADMIN_REPLY_MAX / 12) /* the same in a status, which says much else */

bool supervisor_open_counters(struct supervisor *s, struct problems *problems)
{
    s->book = counter_book_new(s->n_workers);
    if (s->book)
        counter_book_in_force(s->book, s->current.settings);
    else
        problems->out_of_memory = true;
    return s->book != NULL;
}

struct proxy_counters supervisor_counters(const struct supervisor *s)
{
    struct proxy_counters sum = counter_book_sum(s->book);
    if (s->record_tally)
        sum.records_dropped += s->record_tally->lost;
    return sum;
}

/* ---- of trunks and upstreams, by their names ---- */

struct put {
    struct json *j;
    size_t until;
    uint64_t not_shown;
};

/* With what is not 0; NUMBERS may be NULL. */
static void put_one(struct put *p, struct str name, const struct counter_table *table,
                    const void *numbers)
{
    if (p->j->out->n > p->until) {
        p->not_shown++;
        return;
    }
    json_put_key(p->j, name);
    json_begin_object(p->j);
    if (numbers)
        counters_put_some(table, numbers, p->j);
    json_end_object(p->j);
}

static void begin(struct put *p, struct json *j, struct str key, size_t room)
{
    *p = (struct put){.j = j, .until = j->out->n + room};
    json_put_key(j, key);
    json_begin_object(j);
}

static void end(const struct put *p, struct str key)
{
    json_end_object(p->j);
    json_put_key(p->j, key);
    json_put_integer(p->j, (int64_t)p->not_shown);
}

/* Members of an object; each kind has ROOM octets. */
static void put_parts(const struct supervisor *s, struct json *j, size_t room)
{
    const struct settings *settings = s->current.settings;
    struct put p;
    counter_book_add_up(s->book);
    begin(&p, j, STR("trunks"), room);
    for (unsigned i = 0; i < settings->n_trunks; i++)
        put_one(&p, settings->trunks[i].name, &counters_of_trunk,
                counter_book_trunk(s->book, settings->trunks[i].name));
    end(&p, STR("trunks_not_shown"));
    begin(&p, j, STR("upstreams"), room);
    for (unsigned i = 0; i < settings->n_upstreams; i++)
        put_one(&p, settings->upstreams[i].name, &counters_of_upstream,
                counter_book_upstream(s->book, settings->upstreams[i].name));
    end(&p, STR("upstreams_not_shown"));
}

void supervisor_put_totals(const struct supervisor *s, struct json *j)
{
    json_put_key(j, STR("totals"));
    json_begin_object(j);
    put_parts(s, j, STATUS_MAX);
    json_end_object(j);
}

/* ---- all ---- */

static struct service_counters of_service(const struct supervisor *s)
{
    return (struct service_counters){
        .reloads = s->reloads,
        .failed_reloads = s->failed_reloads,
        .control_refused = s->refusals.of[CONTROL_REFUSED_OWN],
        .control_crowded = s->refusals.of[CONTROL_REFUSED_CROWDED],
        .control_unread = s->refusals.of[CONTROL_REFUSED_UNREAD],
        .control_strangers = s->refusals.of[CONTROL_REFUSED_STRANGER],
        .control_gone = s->refusals.of[CONTROL_REFUSED_GONE],
        .sign_requests_over_ceiling = s->sign_requests_refused,
        .children_false = s->false_children,
        .supervisor_lacks = supervisor_lacked(s),
        .sockets_mended = s->sockets_mended,
        .sockets_broken = supervisor_sockets_broken(s),
        .alarms = alarms_on(&s->alarms),
        .log_lines_dropped = log_dropped(),
    };
}

void supervisor_put_statistics(const struct supervisor *s, struct json *j)
{
    const struct proxy_counters sum = supervisor_counters(s);
    const struct service_counters own = of_service(s);
    counters_put(&counters_of_all, (const uint64_t *)(const void *)&sum, j);
    counters_put(&counters_of_service, (const uint64_t *)(const void *)&own, j);
    supervisor_put_certificate_counts(s, j);
    put_parts(s, j, STATS_MAX);
}
