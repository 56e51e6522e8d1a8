/* Aliases and advertised addresses that belong to others as well: a request to such an address ends
   here. */
#include "reader.h"

#include <stird/core/claim.h>
#include <stird/core/listeners.h>

static const struct object *object_of(const struct draft *draft, uint16_t listener)
{
    return listener < draft->listeners.n ? draft->listeners.items[listener] : &draft->object;
}

static struct str address_text(struct reader *r, const struct address *a)
{
    struct buf text = BUF_INIT;
    address_add_host(&text, a);
    struct str copy = arena_copy(r->arena, buf_str(&text));
    buf_fini(&text);
    return copy;
}

/* The trunk that has the address itself among its sources; NULL: none. */
static const struct trunk *trunk_at(const struct settings *s, const struct address *a)
{
    for (unsigned i = 0; a->family != ADDRESS_NONE && i < s->n_trunks; i++)
        if (claim_is_trunks(&s->trunks[i], a, claim_of_address(a)))
            return &s->trunks[i];
    return NULL;
}

/* An alias of one port leaves the others to whoever has the address. */
static void check_alias_of_trunk(struct reader *r, const struct draft *draft,
                                 const struct alias *alias)
{
    const struct trunk *t = trunk_at(&draft->settings, &alias->address);
    const struct object *o = object_of(draft, alias->listener);
    if (t && alias->address.port == 0)
        complain(r, o, place_of(o, "aliases"),
                 "aliases: %.*s is a source of trunk %.*s too: BYE and all else inside a call that "
                 "goes there would end here; take it out, or write the port at which it is ours",
                 STR_ARG(address_text(r, &alias->address)), STR_ARG(shown(r, t->name)));
}

/* A translation may show several hosts at one address, told apart by port. */
static void check_advertised(struct reader *r, const struct draft *draft, unsigned i)
{
    const struct listener *l = &draft->settings.listeners[i];
    const struct trunk *t = trunk_at(&draft->settings, &l->advertised);
    const struct object *o = draft->listeners.items[i];
    if (t)
        warn(
            r, o, place_of(o, "advertise"),
            "advertise: %.*s is a source of trunk %.*s too: what goes there inside a call, to port "
            "%u, ends here",
            STR_ARG(address_text(r, &l->advertised)), STR_ARG(shown(r, t->name)),
            (unsigned)l->advertised.port);
}

static bool can_stand_for(const struct alias *alias, const struct listener *l)
{
    uint16_t port = alias->address.port;
    return (alias->address.family == ADDRESS_NONE || alias->address.family == l->address.family) &&
           (port == 0 || port == l->address.port || port == listener_shown(l)->port);
}

static bool are_of_one_port(const struct listener *a, const struct listener *b)
{
    return a->address.family == b->address.family &&
           (a->address.port == b->address.port ||
            listener_shown(a)->port == listener_shown(b)->port);
}

/* An alias of both sides: its port does not tell which side is meant. */
static void check_sides(struct reader *r, const struct draft *draft, const struct alias *alias)
{
    const struct settings *s = &draft->settings;
    const struct object *o = &draft->object;
    for (unsigned i = 0; alias->listener == NO_LISTENER && i < s->n_listeners; i++) {
        for (unsigned j = 0; j < i; j++) {
            const struct listener *a = &s->listeners[j], *b = &s->listeners[i];
            if (!can_stand_for(alias, a) || !can_stand_for(alias, b) || !are_of_one_port(a, b))
                continue;
            warn(r, o, place_of(o, "aliases"),
                 "aliases: %.*s stands for listener %.*s, but %.*s has the same port: requests "
                 "inside calls may leave by the wrong one; write it among the aliases of the "
                 "listener whose side it is",
                 STR_ARG(alias->name.n > 0 ? shown(r, alias->name)
                                           : address_text(r, &alias->address)),
                 STR_ARG(shown(r, a->name)), STR_ARG(shown(r, b->name)));
            return;
        }
    }
}

void aliases_find_conflicts(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    for (unsigned i = 0; i < s->n_aliases; i++) {
        check_alias_of_trunk(r, draft, &s->aliases[i]);
        check_sides(r, draft, &s->aliases[i]);
    }
    for (unsigned i = 0; i < s->n_listeners; i++)
        check_advertised(r, draft, i);
}
