/*
 * Sources that were not heard, or not let through: told by the workers, asked for by `stirctl
 * sources`. When there are more of a kind than there is room for, those that were quiet for the
 * longest go, and are counted.
 */
#include "asker.h"

#include <stird/base/json.h>
#include <stird/io/admin.h>
#include <stird/io/record.h>

#define KEPT 64 /* of a kind */

/* A source that workers do not hear, or do not let through. */
struct refused_sum {
    struct refused_source last; /* how often it was refused, over all workers; 0: this place is
                                   free */
    uint64_t count;
};

struct refused {
    struct refused_sum kept[UNHEARD_KINDS][KEPT]; /* the last ones */
    uint64_t unlisted[UNHEARD_KINDS];             /* how often sources were refused that have no
                                                     place */
};

static struct refused *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_refused);
}

static struct refused_sum *place_of(struct supervisor *s, const struct refused_source *news)
{
    struct refused_sum *kept = own(s)->kept[news->refusal], *oldest = &kept[0];
    for (unsigned i = 0; i < KEPT; i++) {
        struct refused_sum *sum = &kept[i];
        if (sum->count > 0 && refused_source_same(&sum->last, news))
            return sum;
        if (oldest->count > 0 && (sum->count == 0 || sum->last.last_s < oldest->last.last_s))
            oldest = sum;
    }
    own(s)->unlisted[news->refusal] += oldest->count;
    oldest->count = 0;
    return oldest;
}

static void take_refused(struct supervisor *s, const struct heard *h)
{
    const struct refused_source *news = &h->message->refused;
    if (!refused_source_is_sound(news))
        return;
    struct refused_sum *sum = place_of(s, news);
    int64_t first_s = sum->count > 0 && sum->last.first_s < news->first_s ? sum->last.first_s
                                                                          : news->first_s;
    own(s)->unlisted[news->refusal] += news->unlisted;
    sum->count += news->count;
    sum->last = *news;
    sum->last.first_s = first_s;
}

static void put_time(struct json *j, struct str key, int64_t time_s)
{
    struct buf text = BUF_INIT;
    record_add_time(&text, time_s * 1000000);
    json_put_key(j, key);
    json_put_string(j, buf_str(&text));
    buf_fini(&text);
}

static struct str listener_name(const struct supervisor *s, unsigned listener)
{
    const struct settings *settings = s->current.settings;
    return settings && listener < settings->n_listeners ? settings->listeners[listener].name
                                                        : STR("");
}

static void put_one(const struct supervisor *s, struct json *j, const struct refused_sum *sum)
{
    const struct refused_source *r = &sum->last;
    struct buf source = BUF_INIT;
    address_add(&source, &r->source);
    json_begin_object(j);
    json_put_key(j, STR("source"));
    json_put_string(j, buf_str(&source));
    json_put_key(j, STR("transport"));
    json_put_string(j, transport_name((enum transport)r->transport));
    json_put_key(j, STR("listener"));
    json_put_string(j, listener_name(s, r->listener));
    json_put_key(j, STR("method"));
    json_put_string(j, str_of(r->method));
    json_put_key(j, STR("why"));
    json_put_string(j, unheard_name((enum unheard)r->refusal));
    json_put_key(j, STR("text"));
    json_put_string(j, unheard_text((enum unheard)r->refusal));
    json_put_key(j, STR("count"));
    json_put_integer(j, (int64_t)sum->count);
    put_time(j, STR("first"), r->first_s);
    put_time(j, STR("last"), r->last_s);
    json_end_object(j);
    buf_fini(&source);
}

/* All places in one row: those of the first kind, then those of the next. */
static const struct refused_sum *sum_at(const struct supervisor *s, unsigned i)
{
    return &own(s)->kept[i / KEPT][i % KEPT];
}

#define SUMS (UNHEARD_KINDS * KEPT)

/* The latest one that was heard of comes first. */
static const struct refused_sum *next_older(const struct supervisor *s, bool *told)
{
    const struct refused_sum *next = NULL;
    unsigned at = 0;
    for (unsigned i = 0; i < SUMS; i++) {
        const struct refused_sum *sum = sum_at(s, i);
        if (sum->count == 0 || told[i] || (next && sum->last.last_s <= next->last.last_s))
            continue;
        next = sum;
        at = i;
    }
    told[at] = true;
    return next;
}

/* By kind, how often sources were refused that had to make room for others. */
static void put_unlisted(const struct supervisor *s, struct json *j)
{
    json_begin_object(j);
    for (unsigned kind = 0; kind < UNHEARD_KINDS; kind++) {
        if (own(s)->unlisted[kind] == 0)
            continue;
        json_put_key(j, unheard_name((enum unheard)kind));
        json_put_integer(j, (int64_t)own(s)->unlisted[kind]);
    }
    json_end_object(j);
}

static void put_refused(const struct supervisor *s, struct json *j)
{
    bool told[SUMS] = {false};
    const struct refused_sum *sum;
    json_begin_object(j);
    json_put_key(j, STR("sources"));
    json_begin_array(j);
    while ((sum = next_older(s, told)))
        put_one(s, j, sum);
    json_end_array(j);
    json_put_key(j, STR("not_listed"));
    put_unlisted(s, j);
    json_end_object(j);
}

static void act_sources(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    (void)text, (void)now_ms;
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    put_refused(s, &j);
    asker_answer_json(a, 0, &out);
    buf_fini(&out);
}

static const struct ask asks[] = {{ADMIN_SOURCES, act_sources, CONTROL_LOOK}, {.act = NULL}};

static const struct word hears[] = {{ROLE_WORKER, CONTROL_REFUSED, take_refused}, {.take = NULL}};

const struct part part_refused = {
    .name = "refused", .bytes = sizeof(struct refused), .hears = hears, .asks = asks};
