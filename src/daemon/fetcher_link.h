/*
 * fetcher_link - a worker's fetcher_client on its event loop: watches its channel, and takes the
 * next fetcher's when that one is gone.
 */
#ifndef STIRD_DAEMON_FETCHER_LINK_H
#define STIRD_DAEMON_FETCHER_LINK_H

#include <event2/event.h>
#include <stird/io/fetcher_client.h>

struct fetcher_link {
    struct event_base *base;
    struct fetcher_client *client; /* without a fetcher it answers so at once */
    struct event *readable;        /* NULL: no fetcher at the moment */
};

/* False: no memory. */
bool fetcher_link_init(struct fetcher_link *l, struct event_base *base);
/* To be called after those who ask are gone. */
void fetcher_link_fini(struct fetcher_link *l);
/* Takes CHANNEL, which leads to the fetcher from now on. */
void fetcher_link_connect(struct fetcher_link *l, int channel);
/* To be called now and then, so that a fetcher that does not answer holds no question for ever. */
void fetcher_link_tidy(struct fetcher_link *l);

#endif
