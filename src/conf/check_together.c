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

static bool may_be_one_listener(const struct trunk *a, const struct trunk *b)
{
    return a->listener.n == 0 || b->listener.n == 0 || str_eq(a->listener, b->listener);
}

/* OPTIONS are the source's: they get 503 where none of its trunks says that it is well. */
static void check_health(struct reader *r, const struct draft *draft, unsigned trunk)
{
    const struct settings *s = &draft->settings;
    const struct trunk *strict = &s->trunks[trunk];
    const struct object *o = draft->trunks.items[trunk];
    for (unsigned i = 0; i < s->n_trunks; i++) {
        const struct trunk *lax = &s->trunks[i];
        const struct address_prefix *p = lax->health < strict->health &&
                                                 may_be_one_listener(strict, lax)
                                             ? shared_prefix(strict, lax)
                                             : NULL;
        if (!p)
            continue;
        warn(r, o, place_of(o, "health"),
             "health: OPTIONS from %.*s get 200 for trunk %.*s, whose health is \"%.*s\", whatever "
             "becomes of this one: give both the same",
             STR_ARG(prefix_text(r, p)), STR_ARG(shown(r, lax->name)),
             STR_ARG(health_name(lax->health)));
        return;
    }
}

/* Whether a trunk names an address within PREFIX: one that an SBC sends from and takes at. */
static bool is_named_by_trunk(const struct settings *s, const struct address_prefix *prefix)
{
    for (unsigned i = 0; i < s->n_trunks; i++)
        for (unsigned j = 0; j < s->trunks[i].n_sources; j++)
            if (s->trunks[i].sources[j].bits >= prefix->bits &&
                address_prefix_covers(prefix, &s->trunks[i].sources[j].address))
                return true;
    return false;
}

/* An A for what a carrier sends by a prefix that somebody wrote too wide is no warning. */
static void say_covered(struct reader *r, const struct draft *draft, unsigned trunk,
                        const struct address_prefix *wide, const struct upstream *u,
                        const struct address_prefix *p)
{
    const struct object *o = draft->trunks.items[trunk];
    if (wide->bits == 0)
        warn(r, o, place_of(o, "sources"),
             "sources: %.*s leaves out upstream %.*s (%.*s): calls from there are refused "
             "(from_upstream); if that is an SBC that gets its own calls back, write its address "
             "among the sources of a trunk",
             STR_ARG(prefix_text(r, wide)), STR_ARG(shown(r, u->name)), STR_ARG(prefix_text(r, p)));
    else if (draft->settings.trunks[trunk].gateway)
        warn(r, o, place_of(o, "sources"),
             "sources: %.*s covers upstream %.*s (%.*s): what begins a call there is this "
             "trunk's; if it is no customer's, write narrower sources",
             STR_ARG(prefix_text(r, wide)), STR_ARG(shown(r, u->name)), STR_ARG(prefix_text(r, p)));
    else
        complain(r, o, place_of(o, "sources"),
                 "sources: %.*s covers upstream %.*s (%.*s), whose calls would be signed as this "
                 "customer's: write narrower sources; if that is an SBC that gets its own calls "
                 "back, write its address among them too",
                 STR_ARG(prefix_text(r, wide)), STR_ARG(shown(r, u->name)),
                 STR_ARG(prefix_text(r, p)));
}

/*
 * An address may be a trunk's and an upstream's (Decided 12), where the trunk names it. One that
 * only lies within a trunk's wide prefix was probably not meant. The gateway trunk for everybody
 * does not take an upstream's calls, and that may not have been meant either.
 */
static void check_covered(struct reader *r, const struct draft *draft, unsigned trunk,
                          const struct address_prefix *wide, const struct upstream *u)
{
    for (unsigned i = 0; i < u->n_sources; i++) {
        const struct address_prefix *p = &u->sources[i];
        if (wide->bits >= p->bits || !address_prefix_covers(wide, &p->address) ||
            is_named_by_trunk(&draft->settings, p))
            continue;
        say_covered(r, draft, trunk, wide, u, p);
    }
}

static void check_overlap(struct reader *r, const struct draft *draft, unsigned trunk,
                          const struct upstream *u)
{
    const struct trunk *t = &draft->settings.trunks[trunk];
    for (unsigned i = 0; i < t->n_sources; i++)
        check_covered(r, draft, trunk, &t->sources[i], u);
}

static bool all_are_for_everybody(const struct settings *s)
{
    for (unsigned i = 0; i < s->n_trunks; i++)
        for (unsigned j = 0; j < s->trunks[i].n_sources; j++)
            if (s->trunks[i].sources[j].bits > 0)
                return false;
    return s->n_trunks > 0;
}

/* The same of an upstream whose addresses only DNS knows. */
static void check_covered_name(struct reader *r, const struct draft *draft, unsigned upstream)
{
    const struct settings *s = &draft->settings;
    const struct upstream *u = &s->upstreams[upstream];
    const struct object *o = draft->upstreams.items[upstream];
    if (u->host.n > 0 && !was_given(o, "sources") && all_are_for_everybody(s))
        warn(r, o, place_of(o, "uri"),
             "uri: calls from where %.*s leads are refused (from_upstream), for the trunk for "
             "everybody does not take them; if that is an SBC that gets its own calls back, write "
             "its addresses among the sources of a trunk",
             STR_ARG(shown(r, u->host)));
}

/* What a call sent there can only do is come back. */
static void check_own_address(struct reader *r, const struct draft *draft, unsigned upstream)
{
    const struct settings *s = &draft->settings;
    const struct upstream *u = &s->upstreams[upstream];
    const struct object *o = draft->upstreams.items[upstream];
    const struct listeners ours = settings_listeners(s);
    uint16_t listener = NO_LISTENER;
    bool found = u->address.family != ADDRESS_NONE
                     ? listeners_find(&ours, &u->address, &listener)
                     : listeners_find_host(&ours, u->host, u->address.port, &listener);
    if (found && listener < s->n_listeners)
        complain(r, o, place_of(o, "uri"),
                 "uri: this is our own listener %.*s: calls would run in a circle",
                 STR_ARG(shown(r, s->listeners[listener].name)));
    else if (found)
        complain(r, o, place_of(o, "uri"),
                 "uri: this is one of our aliases: calls would run in a circle");
}

void check_together(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    check_ambiguous(r, draft);
    for (unsigned i = 0; i < s->n_trunks; i++)
        check_health(r, draft, i);
    for (unsigned i = 0; i < s->n_upstreams; i++) {
        check_own_address(r, draft, i);
        check_covered_name(r, draft, i);
        for (unsigned j = 0; j < s->n_trunks; j++)
            check_overlap(r, draft, j, &s->upstreams[i]);
    }
}
