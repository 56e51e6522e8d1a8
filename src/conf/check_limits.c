/* Limits that contradict each other: said, not refused. */
#include <stird/budget.h>

#include "reader.h"

struct saying {
    struct reader *r;
    const struct object *root;
};

static void take(void *user, const char *key, struct str text)
{
    const struct saying *s = user;
    warn(s->r, s->root, place_of(s->root, key), "%.*s", STR_ARG(text));
}

/* limits.calls are those of all trunks and upstreams together. */
static void check_calls_of(struct reader *r, const struct objects *list, unsigned i, uint32_t calls,
                           uint32_t most)
{
    const struct object *o = list->items[i];
    if (calls > most)
        warn(r, o, place_of(o, "calls"),
             "calls: %u are never in progress: limits.calls of a worker is %u", calls, most);
}

void check_limits(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    const struct object *root = &draft->object;
    if (r->problems->n > 0) /* among them may be a limit */
        return;
    budget_check(s, take, &(struct saying){r, root});
    if (was_given(root, "limits.connections_per_source") &&
        s->max_connections_per_source > s->max_connections)
        warn(r, root, place_of(root, "limits.connections_per_source"),
             "limits.connections_per_source: %u of one address are more than limits.connections "
             "(%u): one address may have them all",
             s->max_connections_per_source, s->max_connections);
    if (was_given(root, "limits.emergency") && s->max_emergency > s->max_calls)
        warn(r, root, place_of(root, "limits.emergency"),
             "limits.emergency: more emergency calls in progress (%u) than calls (limits.calls, "
             "%u): raise the latter, or lower this one",
             s->max_emergency, s->max_calls);
    for (unsigned i = 0; i < s->n_trunks; i++)
        check_calls_of(r, &draft->trunks, i, s->trunks[i].max_calls, s->max_calls);
    for (unsigned i = 0; i < s->n_upstreams; i++)
        check_calls_of(r, &draft->upstreams, i, s->upstreams[i].max_calls, s->max_calls);
}
