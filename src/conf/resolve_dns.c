/* dns.servers: addresses, with a port or without. */
#include "reader.h"

#define DNS_PORT    53
#define SERVERS_MAX 16

/* "192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:5353" */
static bool read_server(struct str text, struct address *a)
{
    uint64_t port = DNS_PORT;
    size_t colon = str_starts(text, STR("[")) ? str_find(text, ']', 0) + 1 : str_find(text, ':', 0);
    if (address_parse(text, a)) {
        a->port = DNS_PORT;
        return true;
    }
    if (colon >= text.n || text.p[colon] != ':' || !address_parse(str_slice(text, 0, colon), a) ||
        !str_to_u64(str_slice(text, colon + 1, text.n), 65535, &port) || port == 0)
        return false;
    a->port = (uint16_t)port;
    return true;
}

void resolve_dns(struct reader *r, struct draft *draft)
{
    const struct texts *texts = &draft->dns_servers;
    struct address *list = reader_array(r, texts->n, sizeof(*list));
    for (unsigned i = 0; list && i < texts->n; i++)
        if (!read_server(texts->items[i].text, &list[i]))
            complain(r, &draft->object, texts->items[i].at,
                     "dns.servers: %.*s must be an address, with a port or without (like "
                     "192.0.2.53 or 192.0.2.53:53)",
                     STR_ARG(shown(r, texts->items[i].text)));
    if (texts->n > SERVERS_MAX)
        complain(r, &draft->object, place_of(&draft->object, "dns.servers"),
                 "dns.servers: %d are the most", SERVERS_MAX);
    draft->settings.dns_servers = list;
    draft->settings.n_dns_servers = list ? texts->n : 0;
}
