/* dns.servers: addresses, with a port or without. */
#include "host_port.h"
#include "reader.h"

#define DNS_PORT    53
#define SERVERS_MAX 16

static bool read_server(struct str text, struct address *a)
{
    struct host_port hp;
    if (host_port_read(text, &hp) || hp.name.n > 0)
        return false;
    *a = hp.address;
    a->port = hp.port > 0 ? hp.port : DNS_PORT;
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
