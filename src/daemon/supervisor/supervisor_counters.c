/*
 * What is counted, for stirctl, alarms and the status line: by the workers (counter_book.h), by the
 * supervisor itself.
 */
#include "supervisor_counters.h"

#include "supervisor_records.h"

#include <stird/base/json.h>
#include <stird/io/admin.h>

#define STATS_MAX  (ADMIN_REPLY_MAX / 3)  /* octets of the trunks, and of the upstreams, in stats */
#define STATUS_MAX (ADMIN_REPLY_MAX / 12) /* the same in a status, which says much else */

struct counted {
    struct counter_book *book;
};

struct counter_book *supervisor_counter_book(const struct supervisor *s)
{
    const struct counted *own = supervisor_part(s, &part_counters);
    return own->book;
}

bool supervisor_open_counters(struct supervisor *s, struct problems *problems)
{
    struct counted *own = supervisor_part(s, &part_counters);
    own->book = counter_book_new(s->n_workers);
    if (own->book)
        counter_book_in_force(own->book, s->current.settings);
    else
        problems->out_of_memory = true;
    return own->book != NULL;
}

struct proxy_counters supervisor_counters(const struct supervisor *s)
{
    struct proxy_counters sum = counter_book_sum(supervisor_counter_book(s));
    sum.records_dropped = counters_sum(sum.records_dropped, supervisor_records_lost(s));
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
    counter_book_add_up(supervisor_counter_book(s));
    begin(&p, j, STR("trunks"), room);
    for (unsigned i = 0; i < settings->n_trunks; i++)
        put_one(&p, settings->trunks[i].name, &counters_of_trunk,
                counter_book_trunk(supervisor_counter_book(s), settings->trunks[i].name));
    end(&p, STR("trunks_not_shown"));
    begin(&p, j, STR("upstreams"), room);
    for (unsigned i = 0; i < settings->n_upstreams; i++)
        put_one(&p, settings->upstreams[i].name, &counters_of_upstream,
                counter_book_upstream(supervisor_counter_book(s), settings->upstreams[i].name));
    end(&p, STR("upstreams_not_shown"));
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    (void)now_ms;
    json_put_key(j, STR("totals"));
    json_begin_object(j);
    put_parts(s, j, STATUS_MAX);
    json_end_object(j);
}

static void put_counts(const struct supervisor *s, struct json *j)
{
    put_parts(s, j, STATS_MAX);
}

/* ---- the part ---- */

static void fini(struct supervisor *s)
{
    counter_book_free(supervisor_counter_book(s));
}

static void on_gone(struct supervisor *s, const struct news *news)
{
    if (news->child->role->id == ROLE_WORKER)
        counter_book_gone(supervisor_counter_book(s), news->child->index);
}

static void follow(struct supervisor *s, const struct news *news)
{
    (void)news;
    counter_book_in_force(supervisor_counter_book(s), s->current.settings);
}

const struct part part_counters = {.name = "counters",
                                   .bytes = sizeof(struct counted),
                                   .fini = fini,
                                   .on = {[EVENT_CHILD_GONE] = on_gone, [EVENT_IN_FORCE] = follow},
                                   .put_status = put_status,
                                   .put_counts = put_counts};
