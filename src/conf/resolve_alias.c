/* What is ours besides the listeners' addresses: `aliases`, for all or of one listener. */
#include "host_port.h"

#include <stird/base/container_of.h>

#include "reader.h"

#define ALIASES_MAX 256

static struct alias read_alias(struct reader *r, const struct object *o,
                               const struct text_item *item, uint16_t listener)
{
    struct host_port hp;
    const char *fault = host_port_read(item->text, &hp);
    if (!fault && hp.address.family != ADDRESS_NONE && !host_port_is_one_hosts(&hp.address))
        fault = "this is no address that one host has";
    if (fault)
        complain(r, o, item->at, "aliases: %.*s: %s", STR_ARG(shown(r, item->text)), fault);
    struct alias alias = {
        .name = tls_plain_host_name(r, hp.name), .address = hp.address, .listener = listener};
    alias.address.port = hp.port;
    return alias;
}

static unsigned add(struct reader *r, const struct object *o, const struct texts *texts,
                    uint16_t listener, struct alias *list)
{
    for (unsigned i = 0; i < texts->n; i++)
        list[i] = read_alias(r, o, &texts->items[i], listener);
    return texts->n;
}

/* Those of a listener come first, because they say more. */
void resolve_aliases(struct reader *r, struct draft *draft)
{
    struct settings *s = &draft->settings;
    size_t total = draft->aliases.n;
    unsigned n = 0;
    for (unsigned i = 0; i < draft->listeners.n; i++)
        total += container_of(draft->listeners.items[i], struct draft_listener, object)->aliases.n;
    if (total > ALIASES_MAX) {
        complain(r, &draft->object, place_of(&draft->object, "aliases"),
                 "aliases: %d are the most, those of listeners with them", ALIASES_MAX);
        return;
    }
    struct alias *list = reader_array(r, total, sizeof(*list));
    if (!list)
        return;
    for (unsigned i = 0; i < draft->listeners.n; i++) {
        const struct draft_listener *d = container_of(draft->listeners.items[i],
                                                      struct draft_listener, object);
        n += add(r, &d->object, &d->aliases, (uint16_t)i, &list[n]);
    }
    n += add(r, &draft->object, &draft->aliases, NO_LISTENER, &list[n]);
    s->aliases = list;
    s->n_aliases = n;
}
