/*
 * What is counted, for stirctl, alarms and the status line: by the workers (counter_book.h), by the
 * supervisor itself.
 */
#include "questions.h"
#include "worker_places.h"

#include "daemon/counter_book.h"

#include <stird/base/json.h>
#include <stird/io/admin.h>
#include <string.h>
#include <unistd.h>

#define STATS_MAX  (ADMIN_REPLY_MAX / 3)  /* octets of the trunks, and of the upstreams, in stats */
#define STATUS_MAX (ADMIN_REPLY_MAX / 12) /* the same in a status, which has much else to say */

struct counted {
    struct counter_book *book;
    int fds[WORKERS_MAX]; /* the page of a worker that is about to start; -1: none */
};

static struct counted *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_counters);
}

static bool open_book(struct supervisor *s, struct problems *problems)
{
    own(s)->book = counter_book_new(worker_count(s));
    if (own(s)->book)
        counter_book_in_force(own(s)->book, s->current.settings);
    else
        problems->out_of_memory = true;
    return own(s)->book != NULL;
}

/* ---- of the workers ---- */

static void close_page(struct supervisor *s, unsigned w)
{
    int *fd = &own(s)->fds[w];
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    if (c->role->id != ROLE_WORKER)
        return 0;
    close_page(s, c->index);
    const int fd = own(s)->fds[c->index] = counter_book_open(own(s)->book, c->index);
    if (fd < 0)
        return fd;
    kit_keep(kit, fd);
    kit->worker->counters_fd = fd;
    return 0;
}

static int give(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    if (c->role->id == ROLE_WORKER)
        close_page(s, c->index);
    return 0;
}

/* Puts in the pages of that configuration's trunks and upstreams; a handout that is not sent leaves
   none. */
static void put_in(struct supervisor *s, const struct news *news)
{
    struct handout *h = news->handout;
    if (h->error)
        return;
    const int fd = counter_book_open_parts(own(s)->book, h->worker->index,
                                           h->configuration->settings, &h->snapshot->page);
    h->counters_fd = fd < 0 ? -1 : fd;
    h->error = fd < 0 ? fd : 0;
}

static void take_back(struct supervisor *s, const struct news *news)
{
    if (news->handout->counters_fd >= 0)
        counter_book_take_back(own(s)->book, news->handout->worker->index);
}

static void take_heartbeat(struct supervisor *s, const struct heard *h)
{
    counter_book_holds(own(s)->book, h->child->index, h->message->heartbeat.held, CONTROL_HELD_MAX);
}

static const struct word hears[] = {{ROLE_WORKER, CONTROL_HEARTBEAT, take_heartbeat},
                                    {.take = NULL}};

/* ---- for others ---- */

/* The sums over all workers, those that are gone included. */
static void answer_calls(const struct supervisor *s, struct proxy_counters *c)
{
    const struct proxy_counters sum = counter_book_sum(own(s)->book);
    counters_add(&counters_of_all, (uint64_t *)(void *)c, (const uint64_t *)(const void *)&sum);
}

static void answer_held(const struct supervisor *s, struct held_asked *asked)
{
    for (unsigned w = 0; w < worker_count(s); w++) {
        const struct proxy_counters *c = counter_book_worker(own(s)->book, w);
        if (c)
            asked->workers[w] = (struct certificates_held){c->certificates_held,
                                                           c->certificates_newly_revoked};
    }
}

static void answer_trunks(const struct supervisor *s, struct trunks_asked *asked)
{
    counter_book_add_up(own(s)->book);
    for (unsigned i = 0; i < asked->n; i++) {
        const struct trunk_counters *c = counter_book_trunk(own(s)->book,
                                                            s->current.settings->trunks[i].name);
        asked->trunks[i].calls = c ? c->calls : 0;
    }
}

static void answer_upstreams(const struct supervisor *s, struct upstreams_asked *asked)
{
    counter_book_add_up(own(s)->book);
    for (unsigned i = 0; i < asked->n; i++) {
        const struct upstream_counters *c = counter_book_upstream(
            own(s)->book, s->current.settings->upstreams[i].name);
        if (c)
            asked->upstreams[i] = *c;
    }
}

static void put_part(struct counted_parts *to, unsigned most, struct str name,
                     const struct counter_table *table, const void *numbers)
{
    static const char nul;
    const size_t bytes = table->n * sizeof(uint64_t);
    if (to->n == most) {
        to->left_out++;
        return;
    }
    to->n++;
    buf_add_str(&to->names, name);
    buf_add(&to->names, &nul, 1);
    char *room = buf_room(&to->numbers, bytes);
    if (!room)
        return;
    if (numbers)
        memcpy(room, numbers, bytes);
    else
        memset(room, 0, bytes);
    buf_grew(&to->numbers, bytes);
}

static void answer_parts(const struct supervisor *s, struct parts_asked *asked)
{
    const struct settings *settings = s->current.settings;
    counter_book_add_up(own(s)->book);
    for (unsigned i = 0; i < settings->n_trunks; i++) {
        const struct str name = settings->trunks[i].name;
        put_part(&asked->trunks, asked->most, name, &counters_of_trunk,
                 counter_book_trunk(own(s)->book, name));
    }
    for (unsigned i = 0; i < settings->n_upstreams; i++) {
        const struct str name = settings->upstreams[i].name;
        put_part(&asked->upstreams, asked->most, name, &counters_of_upstream,
                 counter_book_upstream(own(s)->book, name));
    }
}

/* ---- of trunks and upstreams, by their names ---- */

struct put {
    struct json *j;
    size_t until;
    uint64_t not_shown;
};

/* Only with what is not 0; NUMBERS may be NULL. */
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

/* Puts members of an object; each kind has ROOM octets. */
static void put_parts(const struct supervisor *s, struct json *j, size_t room)
{
    const struct settings *settings = s->current.settings;
    struct put p;
    counter_book_add_up(own(s)->book);
    begin(&p, j, STR("trunks"), room);
    for (unsigned i = 0; i < settings->n_trunks; i++)
        put_one(&p, settings->trunks[i].name, &counters_of_trunk,
                counter_book_trunk(own(s)->book, settings->trunks[i].name));
    end(&p, STR("trunks_not_shown"));
    begin(&p, j, STR("upstreams"), room);
    for (unsigned i = 0; i < settings->n_upstreams; i++)
        put_one(&p, settings->upstreams[i].name, &counters_of_upstream,
                counter_book_upstream(own(s)->book, settings->upstreams[i].name));
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

static void init(struct supervisor *s)
{
    memset(own(s)->fds, -1, sizeof(own(s)->fds));
}

static void fini(struct supervisor *s)
{
    for (unsigned w = 0; w < WORKERS_MAX; w++)
        close_page(s, w);
    counter_book_free(own(s)->book);
}

static void on_gone(struct supervisor *s, const struct news *news)
{
    if (news->child->role->id == ROLE_WORKER)
        counter_book_gone(own(s)->book, news->child->index);
}

static void follow(struct supervisor *s, const struct news *news)
{
    (void)news;
    counter_book_in_force(own(s)->book, s->current.settings);
}

const struct part part_counters = {
    .name = "counters",
    .bytes = sizeof(struct counted),
    .init = init,
    .open = open_book,
    .fini = fini,
    .equip = equip,
    .give = give,
    .hears = hears,
    .on = {[EVENT_CHILD_GONE] = on_gone,
           [EVENT_HANDOUT] = put_in,
           [EVENT_HANDOUT_LOST] = take_back,
           [EVENT_IN_FORCE] = follow},
    .put_status = put_status,
    .put_counts = put_counts,
    .answers_calls = answer_calls,
    .answers_held = answer_held,
    .answers_trunks = answer_trunks,
    .answers_upstreams = answer_upstreams,
    .answers_parts = answer_parts,
};
