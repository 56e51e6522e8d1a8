/*
 * fetcher_link - a worker's fetcher_client on its event loop: watched, and given the next fetcher's
 * channel when the one before is gone.
 */
#ifndef STIRD_DAEMON_FETCHER_LINK_H
#define STIRD_DAEMON_FETCHER_LINK_H

#include <event2/event.h>
#include <stird/io/fetcher_client.h>

struct fetcher_link {
    struct event_base *base;
    struct fetcher_client *client; /* without a fetcher it says so at once */
    struct event *readable;        /* NULL: no fetcher at the moment */
};

/* False: no memory. */
bool fetcher_link_init(struct fetcher_link *l, struct event_base *base);
/* After whoever asks. */
void fetcher_link_fini(struct fetcher_link *l);
/* Takes the channel, of a fetcher that is there from now on. */
void fetcher_link_connect(struct fetcher_link *l, int channel);
/* Now and then: a fetcher that does not answer holds no question for ever. */
void fetcher_link_tidy(struct fetcher_link *l);

#endif
