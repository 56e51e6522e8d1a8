/*
 * The trunks for `stirctl status`: what they have in progress, as the workers tell it, and how many
 * of their next hops are usable. Those that have none come first.
 */
#include "supervisor.h"

#include <stdlib.h>
#include <stird/base/json.h>
#include <stird/core/trunk.h>
#include <stird/io/admin.h>
#include <string.h>

#define LIST_MAX (ADMIN_REPLY_MAX / 4) /* octets of a status */

/* ---- what is in progress ---- */

/* Of worker W; NULL: nothing is known of this generation. */
static uint32_t *calls_of(const struct supervisor *s, unsigned w)
{
    uint32_t *all = (uint32_t *)(void *)s->trunk_calls.p;
    bool known = s->trunk_calls_of == s->current.generation &&
                 s->trunk_calls.n == sizeof(*all) * s->n_workers * s->current.settings->n_trunks;
    return known ? all + (size_t)w * s->current.settings->n_trunks : NULL;
}

static void begin(struct supervisor *s)
{
    size_t n = sizeof(uint32_t) * s->n_workers * s->current.settings->n_trunks;
    s->trunk_calls_of = s->current.generation;
    buf_reset(&s->trunk_calls);
    void *room = buf_room(&s->trunk_calls, n);
    if (!room)
        return;
    memset(room, 0, n);
    buf_grew(&s->trunk_calls, n);
}

void supervisor_take_trunks(struct supervisor *s, unsigned w, const struct trunk_calls *news)
{
    uint32_t n_trunks = s->current.settings->n_trunks;
    if (news->generation != s->current.generation || news->n > TRUNK_CALLS_MAX ||
        news->first > n_trunks || news->n > n_trunks - news->first)
        return;
    if (s->trunk_calls_of != s->current.generation)
        begin(s);
    uint32_t *calls = calls_of(s, w);
    if (calls)
        memcpy(calls + news->first, news->calls, news->n * sizeof(*calls));
}

void supervisor_forget_trunks(struct supervisor *s, unsigned w)
{
    uint32_t *calls = calls_of(s, w);
    if (calls)
        memset(calls, 0, s->current.settings->n_trunks * sizeof(*calls));
}

static uint64_t in_progress(const struct supervisor *s, unsigned trunk)
{
    uint64_t sum = 0;
    for (unsigned w = 0; w < s->n_workers; w++) {
        const uint32_t *calls = calls_of(s, w);
        sum += calls ? calls[trunk] : 0;
    }
    return sum;
}

/* ---- the list ---- */

static struct hop_tally hops_of(const struct hop_tally *upstreams, const struct trunk *t)
{
    struct hop_tally sum = {0};
    for (unsigned i = 0; trunk_sends(t) && i < t->n_upstreams; i++) {
        sum.n += upstreams[t->upstreams[i]].n;
        sum.usable += upstreams[t->upstreams[i]].usable;
    }
    return sum;
}

static void put_text(struct json *j, struct str key, struct str value)
{
    json_put_key(j, key);
    json_put_string(j, value);
}

static void put_count(struct json *j, struct str key, uint64_t n)
{
    json_put_key(j, key);
    json_put_integer(j, (int64_t)n);
}

static void put_one(const struct supervisor *s, struct json *j, const struct trunk *t,
                    const struct hop_tally *hops)
{
    json_begin_object(j);
    put_text(j, STR("name"), t->name);
    put_text(j, STR("customer"), t->customer);
    put_text(j, STR("identity"), t->gateway ? STR("gateway") : STR("authenticated"));
    put_count(j, STR("calls"), in_progress(s, (unsigned)(t - s->current.settings->trunks)));
    put_text(j, STR("health"), health_name(t->health));
    put_count(j, STR("next_hops"), hops->n);
    put_count(j, STR("next_hops_usable"), hops->usable);
    json_end_object(j);
}

void supervisor_put_trunks(const struct supervisor *s, struct json *j)
{
    const struct settings *settings = s->current.settings;
    size_t until = j->out->n + LIST_MAX;
    unsigned shown = 0;
    const unsigned n = settings->n_trunks;
    struct hop_tally *upstreams = supervisor_count_hops(s);
    json_put_key(j, STR("trunks"));
    json_begin_array(j);
    for (unsigned i = 0; upstreams && i < 2 * n; i++) {
        const struct trunk *t = &settings->trunks[i % n];
        struct hop_tally hops = hops_of(upstreams, t);
        bool without = trunk_sends(t) && hops.usable == 0;
        bool its_turn = without == (i < n);
        if (its_turn && j->out->n <= until) {
            put_one(s, j, t, &hops);
            shown++;
        }
    }
    json_end_array(j);
    free(upstreams);
    put_count(j, STR("trunks_in_all"), settings->n_trunks);
    put_count(j, STR("trunks_not_shown"), settings->n_trunks - shown);
}
