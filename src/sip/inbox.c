#include "inbox.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <stird/net/dispatch.h>
#include <stird/net/handover.h>

#include "arrival.h"
#include "branch.h"
#include "proxy_parts.h"
#include "sip/message/received.h"

#define MESSAGES_A_TURN 64
#define ROOM_BYTES      65537 /* the largest message, and a NUL */

void inbox_close(struct proxy *p)
{
    struct inbox *inbox = proxy_inbox(p);
    if (inbox->event)
        event_free(inbox->event);
    free(inbox->room);
}

bool inbox_leads_to(struct proxy *p, unsigned worker)
{
    return !proxy_inbox(p)->handing_over && worker < proxy_workers(p) && worker != proxy_worker(p);
}

static bool pass(struct proxy *p, unsigned worker, const struct handover *h, struct str bytes)
{
    return inbox_leads_to(p, worker) &&
           handover_send(proxy_inbox(p)->others_fds[worker], h, bytes) == 0;
}

bool inbox_pass_request(struct proxy *p, const struct flow *from, struct str raw)
{
    const struct handover h = {.kind = HANDOVER_MESSAGE,
                               .remote = from->remote,
                               .listener = from->listener,
                               .transport = from->transport};
    if (!proxy_inbox(p)->event || from->transport != TRANSPORT_UDP || received_may_respond(raw))
        return false;
    return pass(
        p, dispatch_worker(raw, proxy_workers(p), DISPATCH_WHOLE, proxy_inbox(p)->dispatch_key), &h,
        raw);
}

bool inbox_pass_response(struct proxy *p, struct str branch, const struct flow *from,
                         struct str raw)
{
    const struct handover h = {.kind = HANDOVER_MESSAGE,
                               .remote = from->remote,
                               .listener = from->listener,
                               .transport = from->transport};
    return proxy_inbox(p)->event && pass(p, branch_worker(branch), &h, raw);
}

bool inbox_pass_undelivered(struct proxy *p, struct str datagram, struct str branch, int error)
{
    const struct handover h = {.kind = HANDOVER_UNDELIVERED, .error = error};
    return proxy_inbox(p)->event && pass(p, branch_worker(branch), &h, datagram);
}

static void take_message(struct proxy *p, const struct handover *h, char *bytes, size_t n)
{
    const struct settings *s = proxy_settings(p);
    const struct frame_limits limits = {s->max_message_bytes, s->max_header_lines};
    const struct flow from = {
        .remote = h->remote, .listener = h->listener, .transport = h->transport};
    struct frame frame;
    enum frame_status status = frame_datagram((struct str){bytes, n}, &limits, &frame);
    if (status != FRAME_KEEPALIVE && status != FRAME_NOT_SIP)
        arrival_message(p, &from, bytes + frame.skip, n - frame.skip, &frame, status);
}

static void take(struct proxy *p, const struct handover *h, char *bytes, size_t n)
{
    if (!handover_is_sound(h, (struct str){bytes, n}, proxy_listeners(p)->n))
        return;
    proxy_inbox(p)->handing_over = true;
    if (h->kind == HANDOVER_UNDELIVERED)
        arrival_undelivered(p, (struct str){bytes, n}, h->error);
    else
        take_message(p, h, bytes, n);
    proxy_inbox(p)->handing_over = false;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct proxy *p = context;
    struct handover h;
    ssize_t n = 0;
    (void)what;
    for (unsigned i = 0; i < MESSAGES_A_TURN; i++) {
        n = handover_receive(fd, &h, proxy_inbox(p)->room, ROOM_BYTES);
        if (n >= 0)
            take(p, &h, proxy_inbox(p)->room, (size_t)n);
        else if (n != -EMSGSIZE)
            break;
    }
    if (n == -EPIPE)
        event_del(proxy_inbox(p)->event); /* another worker has shut it: there will be a new one */
    proxy_after_events(p);
}

/* FD, the caller's, instead of the present one. False: no memory, and no inbox any more. */
static bool use(struct proxy *p, int fd)
{
    struct inbox *inbox = proxy_inbox(p);
    struct event *before = inbox->event;
    inbox->event = event_new(proxy_base(p), fd, EV_READ | EV_PERSIST, on_readable, p);
    if (before)
        event_free(before);
    return inbox->event != NULL;
}

bool inbox_open(struct proxy *p, const struct proxy_options *options)
{
    if (options->n_workers < 2)
        return true;
    struct inbox *inbox = proxy_inbox(p);
    inbox->others_fds = options->others_fds;
    inbox->dispatch_key = options->dispatch_key;
    inbox->room = malloc(ROOM_BYTES);
    return inbox->room && use(p, options->inbox_fd);
}

void inbox_start(struct proxy *p)
{
    if (proxy_inbox(p)->event)
        event_add(proxy_inbox(p)->event, NULL);
}

bool proxy_set_inbox(struct proxy *p, int fd)
{
    if (!use(p, fd))
        return false;
    inbox_start(p);
    return true;
}
