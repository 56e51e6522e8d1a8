/* What waits in connections, both ways. */
#include "stream.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stird/base/log.h>
#include <sys/ioctl.h>

/* Octets in the stream, what came and what is to leave. */
void stream_count_waiting(struct connection *c, size_t more, size_t less)
{
    peers_queued(&c->entry, more, less);
    c->net->queued += more - less;
}

/* Counts all octets of both directions; whenever some leave, the time limit for leaving begins
   anew. */
void stream_queue_changed(struct evbuffer *buffer, const struct evbuffer_cb_info *info,
                          void *context)
{
    struct connection *c = context;
    if (c->doomed)
        return;
    stream_count_waiting(c, info->n_added, info->n_deleted);
    if (buffer != bufferevent_get_output(c->stream))
        return;
    if (evbuffer_get_length(buffer) == 0)
        event_del(c->stall);
    else if (info->n_deleted > 0 || !evtimer_pending(c->stall, NULL))
        stream_set_timer(c->stall, c->net->limits.write_timeout_ms);
}

void stream_say_slow(struct connection *c, const char *why)
{
    struct buf remote = BUF_INIT;
    c->net->slow_readers++;
    address_add(&remote, &c->entry.remote);
    log_info("a connection is closed for what waits in it", LOG_TEXT("peer", buf_str(&remote)),
             LOG_NUMBER("octets", (int64_t)c->entry.waiting), LOG_CSTR("why", why));
    buf_fini(&remote);
}

void stream_stalled(evutil_socket_t fd, short what, void *context)
{
    struct connection *c = context;
    (void)fd, (void)what;
    if (c->opening) { /* has a deadline of its own */
        stream_set_timer(c->stall, c->net->limits.write_timeout_ms);
        return;
    }
    stream_say_slow(c, "the peer takes nothing of it");
    connection_end(c, ETIMEDOUT);
}

/* Not at once, because the sender may be in the middle of something. */
static void doom(struct connection *c)
{
    stream_say_slow(c, "it holds most of what all connections may");
    bufferevent_disable(c->stream, EV_READ | EV_WRITE);
    event_del(c->stall);
    stream_count_waiting(c, 0, c->entry.waiting);
    c->doomed = true;
    stream_set_deadline(c, 0);
}

/* Ordered by what its source has in all connections, then by what this one has, so that many small
   ones do not spare a source. */
static bool is_heavier(const struct connection *a, const struct connection *b)
{
    uint64_t of_a = peers_waiting(&a->entry), of_b = peers_waiting(&b->entry);
    return of_a != of_b ? of_a > of_b : a->entry.waiting > b->entry.waiting;
}

static struct connection *heaviest(const struct net *net)
{
    struct connection *found = NULL;
    for (struct connection *c = net->connections; c; c = c->next)
        if (!c->doomed && (!found || is_heavier(c, found)))
            found = c;
    return found;
}

/* Makes room for N octets more of C by closing whoever holds most. False when that would be C. */
bool stream_make_room(struct connection *c, size_t n)
{
    struct net *net = c->net;
    while (net->queued + n > net->limits.max_queues_bytes) {
        struct connection *most = heaviest(net);
        if (!most || most == c)
            return false;
        bool of_one = peers_same_source(&most->entry, &c->entry);
        uint64_t theirs = of_one ? most->entry.waiting : peers_waiting(&most->entry);
        if (theirs < (of_one ? c->entry.waiting : peers_waiting(&c->entry)) + n)
            return false;
        doom(most);
    }
    return true;
}

/* The peer's kernel has confirmed all that we ever sent. */
bool stream_has_taken_all(const struct connection *c)
{
    int unsent = 0;
    return evbuffer_get_length(bufferevent_get_output(c->stream)) == 0 &&
           ioctl(bufferevent_getfd(c->stream), SIOCOUTQ, &unsent) == 0 && unsent == 0;
}
