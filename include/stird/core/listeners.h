/*
 * listeners - which addresses are ours, and which socket reaches a place. Everybody who needs to
 * know one of these asks here: routing by Route and Request-URI, Via, next hops, the checks of the
 * configuration.
 *
 * A listener is named by its index.
 */
#ifndef STIRD_LISTENERS_H
#define STIRD_LISTENERS_H

#include <stird/core/settings.h>

struct listeners {
    struct listener *list;
    unsigned n;
    const struct alias *aliases; /* of the settings that are in force */
    unsigned n_aliases;
};

struct listeners listeners_of_settings(const struct settings *settings);

/*
 * The listener at PLACE, port included: by its address, by what it advertises, or by an alias.
 * False: PLACE is not ours. An alias of no listener stands for the one of the same port; where
 * there is none *LISTENER is NO_LISTENER.
 */
bool listeners_find(const struct listeners *l, const struct address *place, uint16_t *listener);
/* The same for a host as a message has it: an address, or a name in upper or lower case. */
bool listeners_find_host(const struct listeners *l, struct str host, uint16_t port,
                         uint16_t *listener);
/* The address that L shows in Via and Record-Route. */
const struct address *listener_shown(const struct listener *l);
/* Whether a listener has this address, shows it or has it as an alias, at any port. */
bool listeners_have_host(const struct listeners *l, const struct address *host);
/* The same for a host as a message has it: an address, or the name of an alias in upper or lower
   case. */
bool listeners_have_name(const struct listeners *l, struct str host);

/* Whether requests to an address of FAMILY (ADDRESS_NONE: of any) can leave by it over TRANSPORT.
 */
bool listener_reaches(const struct listener *l, enum address_family family,
                      enum transport transport);
/* A listener by which they can: PREFERRED, or else the first; false: there is none. */
bool listeners_reach(const struct listeners *l, uint16_t preferred, enum address_family family,
                     enum transport transport, uint16_t *listener);
/* The same for requests to UPSTREAM (NULL: to a place that is not configured): where it names a
   listener, no other will do. */
bool listeners_for(const struct listeners *l, const struct upstream *upstream, uint16_t preferred,
                   enum address_family family, enum transport transport, uint16_t *listener);

#endif
