#include "inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <stird/net/dispatch.h>
#include <stird/net/handover.h>

#include "sip/message/received.h"

#define MESSAGES_A_TURN 64
#define ROOM_BYTES      65537 /* the largest message, and a NUL */

void inbox_close(struct proxy *p)
{
    if (p->inbox)
        event_free(p->inbox);
    free(p->inbox_room);
}

static bool pass(struct proxy *p, unsigned worker, const struct handover *h, struct str bytes)
{
    if (p->from_inbox || worker >= p->n_workers || worker == p->worker)
        return false;
    return handover_send(p->others_fds[worker], h, bytes) == 0;
}

bool inbox_pass_request(struct proxy *p, const struct flow *from, struct str raw)
{
    const struct handover h = {.kind = HANDOVER_MESSAGE,
                               .remote = from->remote,
                               .listener = from->listener,
                               .transport = from->transport};
    if (!p->inbox || from->transport != TRANSPORT_UDP || received_may_respond(raw))
        return false;
    return pass(p, dispatch_worker(raw, p->n_workers, DISPATCH_WHOLE, p->dispatch_key), &h, raw);
}

bool inbox_pass_response(struct proxy *p, struct str branch, const struct flow *from,
                         struct str raw)
{
    const struct handover h = {.kind = HANDOVER_MESSAGE,
                               .remote = from->remote,
                               .listener = from->listener,
                               .transport = from->transport};
    return p->inbox && pass(p, branch_worker(branch), &h, raw);
}

bool inbox_pass_undelivered(struct proxy *p, struct str datagram, struct str branch, int error)
{
    const struct handover h = {.kind = HANDOVER_UNDELIVERED, .error = error};
    return p->inbox && pass(p, branch_worker(branch), &h, datagram);
}

static void take_message(struct proxy *p, const struct handover *h, char *bytes, size_t n)
{
    const struct settings *s = p->snapshot->settings;
    const struct frame_limits limits = {s->max_message_bytes, s->max_header_lines};
    const struct flow from = {
        .remote = h->remote, .listener = h->listener, .transport = h->transport};
    struct frame frame;
    enum frame_status status = frame_datagram((struct str){bytes, n}, &limits, &frame);
    if (status != FRAME_KEEPALIVE && status != FRAME_NOT_SIP)
        proxy_message(p, &from, bytes + frame.skip, n - frame.skip, &frame, status);
}

static void take(struct proxy *p, const struct handover *h, char *bytes, size_t n)
{
    if (!handover_is_sound(h, (struct str){bytes, n}, p->listeners.n))
        return;
    p->from_inbox = true;
    if (h->kind == HANDOVER_UNDELIVERED)
        proxy_undelivered(p, (struct str){bytes, n}, h->error);
    else
        take_message(p, h, bytes, n);
    p->from_inbox = false;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct proxy *p = context;
    struct handover h;
    ssize_t n = 0;
    (void)what;
    for (unsigned i = 0; i < MESSAGES_A_TURN; i++) {
        n = handover_receive(fd, &h, p->inbox_room, ROOM_BYTES);
        if (n >= 0)
            take(p, &h, p->inbox_room, (size_t)n);
        else if (n != -EMSGSIZE)
            break;
    }
    if (n == -EPIPE)
        event_del(p->inbox); /* another worker has shut it: there will be a new one */
    proxy_after_events(p);
}

bool inbox_use(struct proxy *p, int fd)
{
    struct event *before = p->inbox;
    p->inbox = event_new(p->base, fd, EV_READ | EV_PERSIST, on_readable, p);
    if (before)
        event_free(before);
    return p->inbox != NULL;
}

bool inbox_open(struct proxy *p, const struct proxy_options *options)
{
    if (options->n_workers < 2)
        return true;
    p->others_fds = options->others_fds;
    p->dispatch_key = options->dispatch_key;
    p->inbox_room = malloc(ROOM_BYTES);
    return p->inbox_room && inbox_use(p, options->inbox_fd);
}

void inbox_start(struct proxy *p)
{
    if (p->inbox)
        event_add(p->inbox, NULL);
}
