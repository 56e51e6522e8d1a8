#include "fetcher_link.h"

#include <stird/base/clock.h>
#include <stird/base/log.h>

bool fetcher_link_init(struct fetcher_link *l, struct event_base *base)
{
    *l = (struct fetcher_link){.base = base, .client = fetcher_client_new(-1)};
    return l->client != NULL;
}

static void unwatch(struct fetcher_link *l)
{
    if (l->readable)
        event_free(l->readable);
    l->readable = NULL;
}

void fetcher_link_fini(struct fetcher_link *l)
{
    unwatch(l);
    fetcher_client_free(l->client);
    l->client = NULL;
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    struct fetcher_link *l = user;
    if (fetcher_client_readable(l->client))
        return;
    log_warning("the fetcher is gone: calls whose certificate is not known go on unverified until "
                "the next is there");
    unwatch(l);
    fetcher_client_attach(l->client, -1);
}

void fetcher_link_connect(struct fetcher_link *l, int channel)
{
    unwatch(l);
    fetcher_client_attach(l->client, channel);
    l->readable = event_new(l->base, channel, EV_READ | EV_PERSIST, on_readable, l);
    if (l->readable && event_add(l->readable, NULL) == 0)
        return;
    log_error("no memory for the fetcher's channel: calls go on unverified");
    unwatch(l);
    fetcher_client_attach(l->client, -1);
}

void fetcher_link_tidy(struct fetcher_link *l)
{
    fetcher_client_expire(l->client, clock_monotonic_ms());
}
