/*
 * The trunks for `stirctl status`: what they have in progress, as the workers count it, and how
 * many of their next hops are usable. Those that have none come first.
 */
#include "questions.h"

#include <stdlib.h>
#include <stird/base/json.h>
#include <stird/core/dialect.h>
#include <stird/core/service_word.h>
#include <stird/core/trunk.h>
#include <stird/io/admin.h>

#define LIST_MAX (ADMIN_REPLY_MAX / 4) /* octets of a status */

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

/* Whom a trunk stands for decides at which level its calls are signed. */
static void put_identity(struct json *j, const struct trunk *t)
{
    json_put_key(j, STR("identity"));
    if (service_words[t->service].signs)
        json_put_string(j, t->gateway ? STR("gateway") : STR("authenticated"));
    else
        json_put_null(j);
}

/* What an operator has switched off of it, or of all. */
static void put_switched(struct json *j, const struct trunk *t, const struct switches *on)
{
    const struct {
        struct str key;
        bool off;
    } all[] = {{STR("disabled"), switches_find(on, SWITCH_TRUNK, t->name) != NULL},
               {STR("signing_off"),
                service_words[t->service].signs && switches_for(on, SWITCH_SIGNING, t->name)},
               {STR("verification_off"), service_words[t->service].verifies &&
                                             switches_for(on, SWITCH_VERIFICATION, t->name)}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        json_put_key(j, all[i].key);
        json_put_bool(j, all[i].off);
    }
}

/* How many of its numbers are signed; of a trunk that signs nothing, null. */
static void put_mode(struct json *j, const struct trunk *t)
{
    const bool signs = service_words[t->service].signs;
    json_put_key(j, STR("mode"));
    if (signs)
        json_put_string(j, t->shadow ? STR("shadow") : STR("sign"));
    else
        json_put_null(j);
    json_put_key(j, STR("sign_percent"));
    if (signs)
        json_put_integer(j, t->shadow ? 0 : t->sign_percent);
    else
        json_put_null(j);
}

static void put_front(struct json *j, const struct trunk *t)
{
    put_text(j, STR("front"), t->in_dialect ? STR("redirect") : STR("proxy"));
    json_put_key(j, STR("dialect"));
    if (t->in_dialect)
        json_put_string(j, t->in_dialect->name);
    else
        json_put_null(j);
}

static void put_one(struct json *j, const struct trunk *t, const struct trunk_standing *standing,
                    const struct switches *on)
{
    json_begin_object(j);
    put_text(j, STR("name"), t->name);
    put_text(j, STR("customer"), t->customer);
    put_text(j, STR("service"), str_of(service_words[t->service].word));
    put_front(j, t);
    put_identity(j, t);
    put_mode(j, t);
    put_count(j, STR("calls"), standing->calls);
    put_text(j, STR("health"), health_name(t->health));
    put_count(j, STR("next_hops"), standing->next_hops);
    put_count(j, STR("next_hops_usable"), standing->usable);
    put_switched(j, t, on);
    json_end_object(j);
}

#define TURNS 3

/* Whose turn it is to be told of: first those without a next hop, then those of which an operator
   has switched something, then the others. */
static unsigned turn_of(const struct trunk *t, const struct trunk_standing *standing,
                        const struct switches *on)
{
    if (trunk_sends(t) && standing->usable == 0)
        return 0;
    return switches_find(on, SWITCH_TRUNK, t->name) || switches_find(on, SWITCH_SIGNING, t->name) ||
                   switches_find(on, SWITCH_VERIFICATION, t->name)
               ? 1
               : 2;
}

static void put_list(const struct supervisor *s, struct json *j, const struct trunks_asked *asked)
{
    const struct trunk *trunks = s->current.settings->trunks;
    size_t until = j->out->n + LIST_MAX;
    unsigned shown = 0;
    struct switches_asked switched = {.on = NULL};
    supervisor_ask_switches(s, &switched);
    json_put_key(j, STR("trunks"));
    json_begin_array(j);
    for (unsigned turn = 0; asked->trunks && !asked->no_memory && turn < TURNS; turn++) {
        for (unsigned i = 0; i < asked->n; i++) {
            if (turn_of(&trunks[i], &asked->trunks[i], switched.on) == turn && j->out->n <= until) {
                put_one(j, &trunks[i], &asked->trunks[i], switched.on);
                shown++;
            }
        }
    }
    json_end_array(j);
    put_count(j, STR("trunks_in_all"), asked->n);
    put_count(j, STR("trunks_not_shown"), asked->n - shown);
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    (void)now_ms;
    struct trunks_asked asked = {.n = s->current.settings->n_trunks};
    asked.trunks = calloc(asked.n + 1, sizeof(*asked.trunks));
    if (asked.trunks)
        supervisor_ask_trunks(s, &asked);
    put_list(s, j, &asked);
    free(asked.trunks);
}

const struct part part_trunks = {.name = "trunks", .put_status = put_status};
