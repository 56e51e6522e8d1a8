/* UDP sockets: datagrams in, up to sixteen at once, and out. */
#include "net_internal.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <string.h>

#include "sockaddr.h"

#define BATCH          16
#define DATAGRAM_BYTES 65536 /* the largest UDP payload is 65507; one more for the NUL */
#define BATCHES_A_TURN 8     /* then other sockets and timers get their turn */
#define CATCH_UP_MS    5000  /* how long the first datagrams may be those that had waited */
#define BREATHER_US    1000

struct datagram_reader {
    struct mmsghdr headers[BATCH];
    struct iovec pieces[BATCH];
    struct sockaddr_storage sources[BATCH];
    char bytes[BATCH][DATAGRAM_BYTES];
};

struct datagram_socket {
    struct net *net;
    struct event *event;
    struct event *go_on;          /* after a breather */
    int64_t catching_up_until_ms; /* 0: what had waited for this process has been read */
    int fd;
    uint16_t listener;
};

struct datagram_reader *datagram_reader_new(void)
{
    struct datagram_reader *r = calloc(1, sizeof(*r));
    for (unsigned i = 0; r && i < BATCH; i++) {
        r->pieces[i] = (struct iovec){r->bytes[i], DATAGRAM_BYTES - 1};
        r->headers[i].msg_hdr = (struct msghdr){
            .msg_name = &r->sources[i], .msg_iov = &r->pieces[i], .msg_iovlen = 1};
    }
    return r;
}

void datagram_reader_free(struct datagram_reader *r)
{
    free(r);
}

void datagram_socket_free(struct datagram_socket *s)
{
    if (!s)
        return;
    if (s->event)
        event_free(s->event);
    if (s->go_on)
        event_free(s->go_on);
    free(s);
}

static void deliver(struct datagram_socket *s, unsigned i)
{
    struct net *net = s->net;
    struct datagram_reader *r = net->reader;
    size_t n = r->headers[i].msg_len;
    struct frame frame;
    struct flow from = {.remote = sockaddr_to_address(&r->sources[i]),
                        .listener = s->listener,
                        .transport = TRANSPORT_UDP};
    if (!net->handlers.admit(net->handlers.context, &from))
        return;
    r->bytes[i][n] = '\0';
    enum frame_status status = frame_datagram((struct str){r->bytes[i], n}, &net->limits.frame,
                                              &frame);
    if (status == FRAME_KEEPALIVE || status == FRAME_NOT_SIP)
        return;
    net->handlers.message(net->handlers.context, &from, r->bytes[i] + frame.skip, n - frame.skip,
                          &frame, status);
}

/*
 * Our own datagrams that came back by ICMP (RFC 3261 section 18.4: a transport error). Reading them
 * also clears the condition that would wake the loop again and again.
 */
static void read_error_queue(struct datagram_socket *s)
{
    struct net *net = s->net;
    char *bytes = net->reader->bytes[0];
    for (unsigned i = 0; i < BATCH * BATCHES_A_TURN; i++) {
        char control[512];
        struct iovec piece = {bytes, DATAGRAM_BYTES - 1};
        struct msghdr m = {.msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof(control)};
        ssize_t n = recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);
        if (n < 0)
            return;
        int error = ECONNREFUSED;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
            struct sock_extended_err extended;
            bool ours = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
                        (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
            if (ours && c->cmsg_len >= CMSG_LEN(sizeof(extended))) {
                memcpy(&extended, CMSG_DATA(c), sizeof(extended));
                error = (int)extended.ee_errno;
            }
        }
        net->handlers.undelivered(net->handlers.context, (struct str){bytes, (size_t)n}, error);
    }
}

/* What had waited comes faster than anything from a network: others (the signer) are to keep up
   with it, in the time that each call has. */
static bool takes_breather(struct datagram_socket *s)
{
    const struct net_handlers *h = &s->net->handlers;
    const struct timeval breather = {.tv_usec = BREATHER_US};
    if (s->catching_up_until_ms == 0 || !h->busy || !h->busy(h->context))
        return false;
    if (clock_monotonic_ms() >= s->catching_up_until_ms) {
        s->catching_up_until_ms = 0;
        return false;
    }
    if (event_add(s->go_on, &breather) != 0)
        return false; /* without it nothing would ever be read again */
    event_del(s->event);
    return true;
}

static void on_breather_ends(evutil_socket_t fd, short what, void *context)
{
    struct datagram_socket *s = context;
    (void)fd, (void)what;
    event_add(s->event, NULL);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct datagram_socket *s = context;
    struct datagram_reader *r = s->net->reader;
    unsigned read = 0;
    for (unsigned turn = 0; turn < BATCHES_A_TURN && !takes_breather(s); turn++) {
        for (unsigned i = 0; i < BATCH; i++)
            r->headers[i].msg_hdr.msg_namelen = sizeof(r->sources[i]);
        int n = recvmmsg(s->fd, r->headers, BATCH, MSG_DONTWAIT, NULL);
        if (n <= 0)
            read_error_queue(s);
        for (int i = 0; i < n; i++, read++)
            deliver(s, (unsigned)i);
        if (n < BATCH) {
            s->catching_up_until_ms = 0;
            break;
        }
    }
    s->net->handlers.batch_end(s->net->handlers.context, read);
}

struct datagram_socket *datagram_socket_new(struct net *net, uint16_t listener, int fd)
{
    struct datagram_socket *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    *s = (struct datagram_socket){.net = net, .fd = fd, .listener = listener};
    s->event = event_new(net->base, fd, EV_READ | EV_PERSIST, on_readable, s);
    s->go_on = evtimer_new(net->base, on_breather_ends, s);
    if (!s->event || !s->go_on) {
        datagram_socket_free(s);
        return NULL;
    }
    return s;
}

int datagram_socket_start(struct datagram_socket *s)
{
    s->catching_up_until_ms = clock_monotonic_ms() + CATCH_UP_MS;
    return event_add(s->event, NULL) == 0 ? 0 : -ENOMEM;
}

int datagram_send(struct datagram_socket *s, const struct address *to, struct str bytes)
{
    struct sockaddr_storage name;
    socklen_t n = sockaddr_from_address(&name, to);
    /* A socket reports the ICMP error of an earlier datagram to whichever call comes next. So it is
       tried once more: then an error is this datagram's own. The queue keeps the earlier one for
       read_error_queue. */
    for (unsigned attempt = 0;; attempt++) {
        if (sendto(s->fd, bytes.p, bytes.n, MSG_DONTWAIT, (struct sockaddr *)&name, n) >= 0)
            return 0;
        if (attempt == 1 || errno == EAGAIN)
            return -errno;
    }
}
