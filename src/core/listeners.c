#include <stird/core/listeners.h>

struct listeners listeners_of_settings(const struct settings *settings)
{
    /* Nobody writes through it but the proxy, which has a copy of its own. */
    struct listener *list = (struct listener *)(uintptr_t)settings->listeners;
    return (struct listeners){list, settings->n_listeners, settings->aliases, settings->n_aliases};
}

const struct address *listener_shown(const struct listener *l)
{
    return l->advertised.family != ADDRESS_NONE ? &l->advertised : &l->address;
}

static bool is_at(const struct listener *l, const struct address *place)
{
    return address_equal(&l->address, place) || address_equal(listener_shown(l), place);
}

/* Nodes are configured alike, so the port of the other node tells which listener is meant. */
static uint16_t stands_for(const struct listeners *l, const struct alias *alias, uint16_t port)
{
    if (alias->listener < l->n)
        return alias->listener;
    for (unsigned i = 0; i < l->n; i++)
        if (l->list[i].address.port == port || listener_shown(&l->list[i])->port == port)
            return (uint16_t)i;
    return NO_LISTENER;
}

static bool is_any_port(const struct alias *alias, uint16_t port)
{
    return alias->address.port == 0 || alias->address.port == port;
}

bool listeners_find(const struct listeners *l, const struct address *place, uint16_t *listener)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (is_at(&l->list[i], place)) {
            *listener = (uint16_t)i;
            return true;
        }
    }
    for (unsigned i = 0; i < l->n_aliases; i++) {
        const struct alias *alias = &l->aliases[i];
        if (address_same_host(&alias->address, place) && is_any_port(alias, place->port)) {
            *listener = stands_for(l, alias, place->port);
            return true;
        }
    }
    return false;
}

/* A final dot changes nothing. */
static struct str plain(struct str name)
{
    return name.n > 1 && name.p[name.n - 1] == '.' ? str_slice(name, 0, name.n - 1) : name;
}

bool listeners_find_host(const struct listeners *l, struct str host, uint16_t port,
                         uint16_t *listener)
{
    struct address place;
    if (address_parse(plain(host), &place)) {
        place.port = port;
        return listeners_find(l, &place, listener);
    }
    for (unsigned i = 0; i < l->n_aliases; i++) {
        const struct alias *alias = &l->aliases[i];
        if (alias->name.n > 0 && str_eq_nocase(alias->name, plain(host)) &&
            is_any_port(alias, port)) {
            *listener = stands_for(l, alias, port);
            return true;
        }
    }
    return false;
}

bool listeners_have_host(const struct listeners *l, const struct address *host)
{
    for (unsigned i = 0; i < l->n; i++)
        if (address_same_host(&l->list[i].address, host) ||
            address_same_host(listener_shown(&l->list[i]), host))
            return true;
    for (unsigned i = 0; i < l->n_aliases; i++)
        if (address_same_host(&l->aliases[i].address, host))
            return true;
    return false;
}

bool listeners_have_name(const struct listeners *l, struct str host)
{
    struct address address;
    if (address_parse(plain(host), &address))
        return listeners_have_host(l, &address);
    for (unsigned i = 0; i < l->n_aliases; i++)
        if (l->aliases[i].name.n > 0 && str_eq_nocase(l->aliases[i].name, plain(host)))
            return true;
    return false;
}

bool listener_reaches(const struct listener *l, enum address_family family,
                      enum transport transport)
{
    return l->transports[transport] && (family == ADDRESS_NONE || l->address.family == family);
}

bool listeners_reach(const struct listeners *l, uint16_t preferred, enum address_family family,
                     enum transport transport, uint16_t *listener)
{
    if (preferred < l->n && listener_reaches(&l->list[preferred], family, transport)) {
        *listener = preferred;
        return true;
    }
    for (unsigned i = 0; i < l->n; i++) {
        if (listener_reaches(&l->list[i], family, transport)) {
            *listener = (uint16_t)i;
            return true;
        }
    }
    return false;
}

bool listeners_for(const struct listeners *l, const struct upstream *upstream, uint16_t preferred,
                   enum address_family family, enum transport transport, uint16_t *listener)
{
    if (!upstream || !upstream->listener_given)
        return listeners_reach(l, preferred, family, transport, listener);
    *listener = (uint16_t)upstream->listener;
    return upstream->listener < l->n &&
           listener_reaches(&l->list[upstream->listener], family, transport);
}
