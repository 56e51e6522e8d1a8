/*
 * listeners - where we are: which addresses are ours, and which socket reaches a place. All that
 * asks for either asks here: routing by Route and Request-URI, Via, next hops, the configuration's
 * checks.
 *
 * A listener is named by its index.
 */
#ifndef STIRD_LISTENERS_H
#define STIRD_LISTENERS_H

#include <stird/settings.h>

struct listeners {
    struct listener *list;
    unsigned n;
};

struct listeners settings_listeners(const struct settings *settings);

#define NO_LISTENER UINT16_MAX

/* The listener at PLACE, port included; false: it is not ours. */
bool listeners_find(const struct listeners *l, const struct address *place, uint16_t *listener);
/* Whether a listener has this address, at any port. */
bool listeners_have_host(const struct listeners *l, const struct address *host);

/* Whether requests to an address of FAMILY (ADDRESS_NONE: of any) can leave by it over TRANSPORT.
 */
bool listener_reaches(const struct listener *l, enum address_family family,
                      enum transport transport);
/* One that does: PREFERRED if it does, else the first; false: none. */
bool listeners_reach(const struct listeners *l, uint16_t preferred, enum address_family family,
                     enum transport transport, uint16_t *listener);

#endif
