#include "reader.h"

#include <stird/discriminator.h>
#include <stird/listeners.h>

static bool same_prefix(const struct address_prefix *a, const struct address_prefix *b)
{
    return a->bits == b->bits && address_same_host(&a->address, &b->address);
}

static const struct address_prefix *shared_prefix(const struct trunk *a, const struct trunk *b)
{
    for (unsigned i = 0; i < a->n_sources; i++)
        for (unsigned j = 0; j < b->n_sources; j++)
            if (same_prefix(&a->sources[i], &b->sources[j]))
                return &a->sources[i];
    return NULL;
}

static struct str prefix_text(struct reader *r, const struct address_prefix *p)
{
    struct buf text = BUF_INIT;
    address_add_host(&text, &p->address);
    buf_addf(&text, "/%u", p->bits);
    struct str copy = arena_copy(r->arena, buf_str(&text));
    buf_fini(&text);
    return copy;
}

/* Neither is more specific: trunk_match() could only go by their order in the file. */
static void check_ambiguous(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    for (unsigned i = 0; i < s->n_trunks; i++) {
        for (unsigned j = 0; j < i; j++) {
            const struct address_prefix *p = shared_prefix(&s->trunks[i], &s->trunks[j]);
            if (!p || !discriminators_same(&s->trunks[i], &s->trunks[j]))
                continue;
            const struct object *o = draft->trunks.items[i];
            complain(r, o, place_of(o, "sources"),
                     "trunk %.*s has the source %.*s and nothing tells the two apart: add tgrp, "
                     "request_host, request_user_prefix, header_name, tls_name or listener",
                     STR_ARG(shown(r, s->trunks[j].name)), STR_ARG(prefix_text(r, p)));
        }
    }
}

static bool overlap(const struct address_prefix *a, const struct address_prefix *b)
{
    return address_prefix_covers(a, &b->address) || address_prefix_covers(b, &a->address);
}

/*
 * A call from an upstream is refused, so an address must not be both. Only the gateway trunk for
 * everybody may cover an upstream: the upstream rules there.
 */
static void check_overlap(struct reader *r, const struct draft *draft, unsigned trunk,
                          const struct upstream *u)
{
    const struct trunk *t = &draft->settings.trunks[trunk];
    const struct object *o = draft->trunks.items[trunk];
    for (unsigned i = 0; i < t->n_sources; i++) {
        for (unsigned j = 0; j < u->n_sources; j++) {
            if ((t->gateway && t->sources[i].bits == 0) || !overlap(&t->sources[i], &u->sources[j]))
                continue;
            complain(r, o, place_of(o, "sources"),
                     "sources: %.*s overlaps with upstream %.*s (%.*s): an address sends calls or "
                     "takes them, not both",
                     STR_ARG(prefix_text(r, &t->sources[i])), STR_ARG(shown(r, u->name)),
                     STR_ARG(prefix_text(r, &u->sources[j])));
        }
    }
}

static void check_own_address(struct reader *r, const struct draft *draft, unsigned upstream)
{
    const struct settings *s = &draft->settings;
    const struct upstream *u = &s->upstreams[upstream];
    const struct object *o = draft->upstreams.items[upstream];
    const struct listeners ours = settings_listeners(s);
    uint16_t listener;
    if (u->address.family == ADDRESS_NONE || !listeners_find(&ours, &u->address, &listener))
        return;
    complain(r, o, place_of(o, "uri"),
             "uri: this is our own listener %.*s: calls would run in a circle",
             STR_ARG(shown(r, s->listeners[listener].name)));
}

void check_together(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    check_ambiguous(r, draft);
    for (unsigned i = 0; i < s->n_upstreams; i++) {
        check_own_address(r, draft, i);
        for (unsigned j = 0; j < s->n_trunks; j++)
            check_overlap(r, draft, j, &s->upstreams[i]);
    }
}
