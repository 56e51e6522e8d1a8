#include <stird/listeners.h>

struct listeners settings_listeners(const struct settings *settings)
{
    /* Nobody writes through it but the proxy, which has a copy of its own. */
    struct listener *list = (struct listener *)(uintptr_t)settings->listeners;
    return (struct listeners){list, settings->n_listeners};
}

bool listeners_find(const struct listeners *l, const struct address *place, uint16_t *listener)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (address_equal(&l->list[i].address, place)) {
            *listener = (uint16_t)i;
            return true;
        }
    }
    return false;
}

bool listeners_have_host(const struct listeners *l, const struct address *host)
{
    for (unsigned i = 0; i < l->n; i++)
        if (address_same_host(&l->list[i].address, host))
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
