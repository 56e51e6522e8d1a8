#include "size_switch.h"

#include <stird/container_of.h>
#include <stird/log.h>

#include "steps.h"

#define UDP_MAX_BYTES 1300
#define OPENING_MS    90 /* "less than 100 ms", with a tick of the timers */

/* UDP was not asked for, so the peer may be asked for TCP at the same place. */
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

void size_switch_end(struct context *c)
{
    if (c->waits_for_stream)
        flow_release(&c->stream);
    c->waits_for_stream = false;
}

/* The record has each try: what leaves by UDP now is the second. */
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

static void on_look(struct timer *timer, int64_t now_ms)
{
    struct context *c = container_of(timer, struct context, timer);
    bool ready = flow_is_ready(&c->stream);
    if (!ready && flow_is_open(&c->stream) && now_ms < c->stream_until_ms) {
        timer_set(proxy_timers(c->proxy), timer, on_look, now_ms + TIMER_TICK_MS);
        return;
    }
    c->next_target--; /* the same once more, now that it is known */
    if (!ready)
        tell(c, &c->targets[c->next_target]);
    if (!ready && !routes_refuses_tcp(proxy_routes(c->proxy), &c->targets[c->next_target], now_ms))
        refused(c->proxy, &c->targets[c->next_target]);
    size_switch_end(c);
    steps_try_next_target(c);
    context_release_if_idle(c);
}

static void wait_for(struct context *c, const struct flow *flow)
{
    c->stream = *flow;
    flow_hold(&c->stream);
    c->waits_for_stream = true;
    c->stream_waited = c->next_target;
    c->stream_until_ms = proxy_now_ms() + OPENING_MS;
    timer_set(proxy_timers(c->proxy), &c->timer, on_look, proxy_now_ms() + TIMER_TICK_MS);
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
        return SIZE_FITS; /* for want of room here, which the peer has no part in */
    }
    if (flow_is_ready(&flow)) {
        *target = stream;
        return SIZE_STREAM;
    }
    if (c->stream_waited == c->next_target) /* once is enough */
        return SIZE_FITS;
    wait_for(c, &flow);
    return SIZE_WAITS;
}

bool size_switch_failed(const struct attempt *a)
{
    const struct upstream *u = a->target.upstream;
    if (!u || a->target.transport == u->transport || a->provisional_seen)
        return false;
    refused(a->context->proxy, &a->target);
    return true;
}
