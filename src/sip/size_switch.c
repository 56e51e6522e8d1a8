#include "size_switch.h"

#include <stird/base/container_of.h>
#include <stird/base/log.h>

#include "context.h"

#define UDP_MAX_BYTES 1300
#define OPENING_MS    90 /* "less than 100 ms", with a tick of the timers */

/* Where the configuration does not name UDP, the peer may be tried by TCP at the same place. */
static bool find_stream(const struct proxy *p, const struct target *target, struct target *stream)
{
    *stream = *target;
    if (!target->upstream || target->upstream->transport_given ||
        target->transport != TRANSPORT_UDP)
        return false;
    stream->transport = TRANSPORT_TCP;
    return listeners_for(proxy_listeners(p), target->upstream, target->listener,
                         target->address.family, TRANSPORT_TCP, &stream->listener);
}

/* ---- waiting for a connection ---- */

static void let_go(struct context *c)
{
    struct stream_waiter *asked = &c->asked->stream;
    const struct flow held = {.connection = asked->connection};
    channel_leave(&asked->member);
    asked->connection = NULL;
    flow_release(&held);
}

static void cancel(struct wait *w)
{
    let_go(container_of(w, struct context, wait));
}

static const struct wait_kind for_stream = {.name = "a connection", .cancel = cancel};

/* False: no memory. */
static bool wait_for(struct context *c, const struct flow *flow)
{
    struct stream_waiter *asked = &c->asked->stream;
    *asked = (struct stream_waiter){.connection = flow->connection};
    if (!channel_join(proxy_opening(c->proxy), &asked->member, flow->connection))
        return false;
    flow_hold(flow);
    wait_begin(&c->wait, &for_stream, proxy_now_ms() + OPENING_MS);
    return true;
}

static struct context *who_waits(struct proxy *p, const struct connection *connection)
{
    struct channel_member *m = channel_members(proxy_opening(p), connection);
    return m ? container_of(m, struct asked, stream.member)->context : NULL;
}

void size_switch_opened(struct proxy *p, const struct connection *connection)
{
    struct context *c;
    while ((c = who_waits(p, connection))) {
        let_go(c);
        wait_wake(&c->wait, WAIT_ANSWERED);
    }
}

void size_switch_closed(struct proxy *p, const struct connection *connection)
{
    struct context *c;
    while ((c = who_waits(p, connection))) {
        let_go(c);
        wait_wake_soon(&c->wait, WAIT_REFUSED, proxy_now_ms());
    }
}

/* ---- which way ---- */

/* The record shows each try: TCP was the first, and what leaves by UDP now is the second. */
static void tell(struct context *c, const struct target *target)
{
    struct target stream = *target;
    stream.transport = TRANSPORT_TCP;
    if (c->initial)
        trail_said(&c->trail, trail_add(&c->trail, &stream), FATE_UNREACHABLE, 0);
}

static void refused(struct proxy *p, const struct target *target)
{
    struct buf address = BUF_INIT;
    address_add(&address, &target->address);
    log_info("no TCP to a next hop: long requests go over UDP for a while",
             LOG_TEXT("upstream", target->upstream->name), LOG_TEXT("address", buf_str(&address)));
    buf_fini(&address);
    routes_remember_refusal(proxy_routes(p), target, proxy_now_ms());
}

/* The peer took no connection, or not in time. */
static void not_opened(struct context *c, const struct target *target)
{
    tell(c, target);
    if (!routes_refuses_tcp(proxy_routes(c->proxy), target, proxy_now_ms()))
        refused(c->proxy, target);
}

void size_switch_waited(struct context *c)
{
    enum wait_end end = wait_ended(&c->wait, &for_stream);
    if (end == WAIT_REFUSED || end == WAIT_TOO_LATE)
        not_opened(c, &c->targets[c->target]);
}

enum size_switch size_switch(struct context *c, struct target *target, size_t bytes)
{
    struct proxy *p = c->proxy;
    struct target stream;
    struct flow flow;
    if (bytes <= UDP_MAX_BYTES || !find_stream(p, target, &stream) ||
        routes_refuses_tcp(proxy_routes(p), target, proxy_now_ms()))
        return SIZE_FITS;
    if (target_flow(p, &stream, &flow) != 0) {
        tell(c, target);
        return SIZE_FITS; /* because we had no room, for which the peer is not to blame */
    }
    if (flow_is_ready(&flow)) {
        *target = stream;
        return SIZE_STREAM;
    }
    if (c->stream_waited == c->target + 1 || !wait_for(c, &flow)) /* once is enough */
        return SIZE_FITS;
    c->stream_waited = c->target + 1;
    return SIZE_WAITS;
}

bool size_switch_failed(const struct attempt *a)
{
    const struct upstream *u = a->target.upstream;
    if (!u || a->target.transport == u->transport || a->heard != HEARD_NOTHING)
        return false;
    refused(a->context->proxy, &a->target);
    return true;
}
