/*
 * The trunks for `stirctl status`: what they have in progress, as the workers count it, and how
 * many of their next hops are usable. Those that have none come first.
 */
#include "loop.h"

#include "supervisor_counters.h"
#include "supervisor_hops.h"

#include <stdlib.h>
#include <stird/base/json.h>
#include <stird/core/trunk.h>
#include <stird/io/admin.h>

#define LIST_MAX (ADMIN_REPLY_MAX / 4) /* octets of a status */

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

static uint64_t in_progress(const struct supervisor *s, const struct trunk *t)
{
    const struct trunk_counters *counters = counter_book_trunk(supervisor_counter_book(s), t->name);
    return counters ? counters->calls : 0;
}

static void put_one(const struct supervisor *s, struct json *j, const struct trunk *t,
                    const struct hop_tally *hops)
{
    json_begin_object(j);
    put_text(j, STR("name"), t->name);
    put_text(j, STR("customer"), t->customer);
    put_text(j, STR("identity"), t->gateway ? STR("gateway") : STR("authenticated"));
    put_count(j, STR("calls"), in_progress(s, t));
    put_text(j, STR("health"), health_name(t->health));
    put_count(j, STR("next_hops"), hops->n);
    put_count(j, STR("next_hops_usable"), hops->usable);
    json_end_object(j);
}

/* Those without a next hop in the first of two turns, the others in the second. */
static bool is_its_turn(const struct trunk *t, const struct hop_tally *hops, unsigned turn)
{
    bool without = trunk_sends(t) && hops->usable == 0;
    return without == (turn == 0);
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    (void)now_ms;
    const struct settings *settings = s->current.settings;
    size_t until = j->out->n + LIST_MAX;
    unsigned shown = 0;
    struct hop_tally *upstreams = supervisor_count_hops(s);
    counter_book_add_up(supervisor_counter_book(s));
    json_put_key(j, STR("trunks"));
    json_begin_array(j);
    for (unsigned turn = 0; upstreams && turn < 2; turn++) {
        for (unsigned i = 0; i < settings->n_trunks; i++) {
            struct hop_tally hops = hops_of(upstreams, &settings->trunks[i]);
            if (is_its_turn(&settings->trunks[i], &hops, turn) && j->out->n <= until) {
                put_one(s, j, &settings->trunks[i], &hops);
                shown++;
            }
        }
    }
    json_end_array(j);
    free(upstreams);
    put_count(j, STR("trunks_in_all"), settings->n_trunks);
    put_count(j, STR("trunks_not_shown"), settings->n_trunks - shown);
}

const struct part part_trunks = {.name = "trunks", .put_status = put_status};
