/*
 * The memory in which workers count rates (rates.h): a section of each place for a worker, which
 * the next worker at that place goes on with. The supervisor only reads it, for stirctl.
 */
#include "asker.h"
#include "worker_places.h"

#include <stird/base/chance.h>
#include <stird/io/admin.h>
#include <stird/io/rates_page.h>
#include <sys/mman.h>
#include <unistd.h>

struct rated {
    int fd; /* -1: not yet */
    struct rates_shape shape;
    struct rates rates;
};

static struct rated *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_rates);
}

static void init(struct supervisor *s)
{
    own(s)->fd = -1;
}

/* No child but a worker has it. */
static bool map(struct rated *r)
{
    return r->fd >= 0 && rates_page_map(&r->rates, r->fd, &r->shape, RATES_READ_ONLY) &&
           madvise((void *)(uintptr_t)r->rates.all,
                   rates_section_bytes(&r->shape) * r->shape.workers, MADV_DONTFORK) == 0;
}

static bool open_memory(struct supervisor *s, struct problems *problems)
{
    struct rated *r = own(s);
    r->shape = (struct rates_shape){.workers = worker_count(s),
                                    .numbers = s->current.settings->rates_numbers,
                                    .calls = s->current.settings->rates_calls};
    bool good = chance_fill(&r->shape.seed, sizeof(r->shape.seed));
    if (good)
        r->fd = rates_page_memory(&r->shape);
    good = good && map(r);
    if (!good)
        problems->out_of_memory = true;
    return good;
}

static void fini(struct supervisor *s)
{
    rates_page_unmap(&own(s)->rates);
    if (own(s)->fd >= 0)
        close(own(s)->fd);
}

static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    if (c->role->id != ROLE_WORKER)
        return 0;
    kit_keep(kit, own(s)->fd);
    kit->worker->rates_fd = own(s)->fd;
    kit->worker->rates_shape = &own(s)->shape;
    return 0;
}

/* ---- what stirctl asks ---- */

static const struct rule *find_rule(const struct settings *settings, struct str name)
{
    for (unsigned i = 0; i < settings->n_rate_rules; i++)
        if (str_eq(settings->rules[settings->rate_rules[i]].name, name))
            return &settings->rules[settings->rate_rules[i]];
    return NULL;
}

static void put_counts(struct json *j, const struct rate_counts *counts)
{
    static const char *const names[RATE_EVENTS] = {[RATE_CALL] = "calls",
                                                   [RATE_ANSWERED] = "answered",
                                                   [RATE_UNANSWERED] = "unanswered",
                                                   [RATE_SHORT] = "short"};
    json_begin_object(j);
    for (unsigned e = 0; e < RATE_EVENTS; e++) {
        json_put_key(j, str_of(names[e]));
        json_put_integer(j, (int64_t)counts->n[e]);
    }
    json_put_key(j, STR("held"));
    json_put_bool(j, counts->held);
    json_put_key(j, STR("coarse"));
    json_put_bool(j, counts->coarse);
    json_end_object(j);
}

static void act(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    struct str number = text, name = str_cut(&number, '\t'), customer = str_cut(&number, '\t');
    const struct rule *rule = find_rule(s->current.settings, name);
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    if (!rule) {
        asker_answer(a, ASKER_REFUSED, STR("no rule of that name asks for a rate"));
        return;
    }
    const struct rate_rule counted = {rule->rate_id, rule->window_ms};
    const struct rate_who who = rates_who(&own(s)->rates, customer, number);
    const struct rate_counts counts = rates_look(&own(s)->rates, &counted, &who, now_ms);
    put_counts(&j, &counts);
    asker_answer_json(a, 0, &out);
    buf_fini(&out);
}

const struct part part_rates = {
    .name = "rates",
    .bytes = sizeof(struct rated),
    .init = init,
    .open = open_memory,
    .fini = fini,
    .equip = equip,
    .asks = (const struct ask[]){{ADMIN_RATES, act, CONTROL_LOOK}, {.act = NULL}},
};
