/* Requests as they arrive: to their transaction, or on a way of their own. */
#include <stird/base/log.h>

#include "context.h"
#include "steps.h"
#include "request.h"
#include "placing.h"
#include "relay.h"
#include "reply.h"
#include "stateless.h"
#include "switched.h"
#include <stird/core/headers.h>

static void on_ack(struct proxy *p, struct message *m, const struct flow *from,
                   enum source_class class)
{
    struct transaction_key key = branch_server_key(proxy_branches(p), m, STR("INVITE"));
    struct server_transaction *t = server_transaction_find(proxy_transactions(p), &key);
    struct context *c = t ? context_of_server(t) : NULL;
    if (!t || server_transaction_ack(t, proxy_now_ms()))
        stateless_ack(p, m, from, class);
    else if (c) {
        context_acknowledged(c);
        context_release_if_idle(c);
    }
}

static struct str reason_lines(struct arena *arena, const struct message *m)
{
    struct buf lines = BUF_INIT;
    struct str value;
    struct message_place at = {0};
    while (message_header_next(m, STR("Reason"), '\0', &at, &value)) {
        buf_add_text(&lines, "Reason: ");
        buf_add_str(&lines, value);
        buf_add_text(&lines, "\r\n");
    }
    struct str copy = lines.n > 0 && !buf_failed(&lines) ? arena_copy(arena, buf_str(&lines))
                                                         : (struct str){NULL, 0};
    buf_fini(&lines);
    return copy;
}

/* RFC 3261 section 16.10: 200 at once, then what it cancels. */
static void on_cancel(struct proxy *p, const struct message *m, const struct flow *from)
{
    struct transaction_key key = branch_server_key(proxy_branches(p), m, STR("INVITE"));
    struct server_transaction *t = server_transaction_find(proxy_transactions(p), &key);
    reply_stateless(p, m, from, t ? 200 : 481, (struct str){NULL, 0});
    struct context *c = t ? context_of_server(t) : NULL;
    if (!c || c->finished || c->cancelled || !c->arena) /* a copy of it says nothing new */
        return;
    c->cancel_reason = reason_lines(c->arena, m);
    context_count(c);
    relay_cancel(c);
}

/* A number may be somebody behind us; a name (ping, sbc, keepalive) is nobody that we know. */
static bool is_dialled(struct str user)
{
    user = str_slice(user, 0, str_find(user, ';', 0));
    for (size_t i = 0; i < user.n; i++) {
        if (user.p[i] == '%')
            i += 2;
        else if (ascii_is_alpha(user.p[i]))
            return false;
    }
    return user.n > 0;
}

/*
 * Whether it is for stird itself: it names our host, and no number of somebody behind us. Calls are
 * never for us. An upstream begins nothing that leads through stird, so whatever names us is for
 * us, and its OPTIONS are whatever they name.
 */
static bool is_for_us(const struct proxy *p, const struct message *m, enum source_class class)
{
    const url_t *uri = message_request_url(m);
    bool options = str_eq(m->method, STR("OPTIONS")), upstream = class == SOURCE_UPSTREAM;
    uint16_t listener;
    if (m->to_tag.n > 0 || str_eq(m->method, STR("INVITE")))
        return false;
    if (upstream && options)
        return true;
    if (uri->url_user && !upstream && (!options || is_dialled(str_of(uri->url_user))))
        return false;
    return target_is_ours(p, uri, &listener);
}

/* Without Retry-After, because nobody knows when this will be over, and the SBC asks again
   anyway. */
static void answer_unhealthy(struct proxy *p, const struct message *m, const struct flow *from,
                             enum reason reason)
{
    struct buf lines = BUF_INIT;
    count_add(&proxy_counters(p)->health_refused, 1);
    buf_addf(&lines, "Reason: SIP;cause=503;text=\"%.*s\"\r\n", STR_ARG(reason_text(reason)));
    reply_stateless(p, m, from, 503, buf_str(&lines));
    buf_fini(&lines);
}

void request_answer_options(struct proxy *p, const struct message *m, const struct flow *from,
                            enum source_class class, struct str allow)
{
    struct buf lines = BUF_INIT;
    const bool drains = proxy_is_draining(p) || switched_drains(p) != REASON_OK;
    if (drains && (proxy_is_draining(p) ? proxy_settings(p)->drain_silently
                                        : switched_is_silent(p, proxy_settings(p))))
        return;
    if (yielding_leaves(p, from))
        return;
    bool asks = class == SOURCE_TRUNK && !drains;
    enum reason health = asks ? health_of_source(p, from) : REASON_OK;
    if (health != REASON_OK) {
        answer_unhealthy(p, m, from, health);
        return;
    }
    buf_add_str(&lines, allow);
    buf_add_text(&lines, "Accept: application/sdp\r\nSupported:\r\n");
    reply_stateless(p, m, from, drains ? 503 : 200,
                    drains ? STR("Retry-After: 5\r\n") : buf_str(&lines));
    buf_fini(&lines);
}

/* OPTIONS is how an SBC asks whether we are well (section 11.2); nothing else is served here. */
static void answer_for_us(struct proxy *p, const struct message *m, const struct flow *from,
                          enum source_class class)
{
    if (str_eq(m->method, STR("OPTIONS")))
        request_answer_options(p, m, from, class,
                               STR("Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, "
                                   "INFO, REFER, SUBSCRIBE, NOTIFY, MESSAGE\r\n"));
    else
        reply_stateless(p, m, from, 405, STR("Allow: OPTIONS\r\n"));
}

/*
 * All that is heard from strangers (Decided 12). By a stream it comes on a connection that we
 * opened to its address, for a peer of its call: nobody pretends to be there, and nothing else
 * repeats it.
 */
static bool is_in_dialog(const struct proxy *p, const struct message *m, const struct flow *from)
{
    struct own_routes own;
    own_routes_of(p, m, from->listener, &own);
    return m->to_tag.n > 0 && own.proven;
}

static void refuse_without_memory(struct proxy *p, const struct message *m, const struct flow *from,
                                  bool invite)
{
    struct flow reply = reply_flow(m, from);
    int status = reason_sip_status(REASON_OUT_OF_MEMORY);
    const struct undecided u = {.source = from->remote,
                                .invite = invite,
                                .reason = REASON_OUT_OF_MEMORY,
                                .sip_status = status,
                                .call_id = m->call_id};
    const struct full_request r = {.source = from->remote, .call_id = m->call_id};
    reply_stateless(p, m, &reply, status, (struct str){NULL, 0});
    full_refused(p, u.reason, &r);
    undecided_tell(p, &u);
}

void request_begin(struct proxy *p, struct message *m, const struct flow *from,
                   const struct flow *reply, enum source_class class)
{
    struct transaction_key key = branch_server_key(proxy_branches(p), m, m->method);
    struct server_transaction *t = server_transaction_find(proxy_transactions(p), &key);
    if (t) {
        server_transaction_request_again(t, proxy_now_ms());
        return;
    }
    if (yielding_leaves_request(p, m, from))
        return;
    bool invite = str_eq(m->method, STR("INVITE"));
    count_add(&proxy_counters(p)->invites, invite);
    struct context *c = context_new(p, m, from, reply, class, &key);
    if (!c) {
        refuse_without_memory(p, m, from, invite);
        return;
    }
    steps_begin(c);
    context_release_if_idle(c);
}

void request_received(struct proxy *p, struct message *m, const struct flow *from,
                      enum source_class class)
{
    count_add(&proxy_counters(p)->requests, 1);
    if (class == SOURCE_UNKNOWN && from->transport == TRANSPORT_UDP) {
        if (!stateless_stranger(p, m, from))
            proxy_unknown_source(p, from, m->raw);
        return;
    }
    if (class == SOURCE_UNKNOWN && !is_in_dialog(p, m, from)) {
        proxy_unknown_source(p, from, m->raw);
        return;
    }
    if (str_eq(m->method, STR("ACK"))) {
        message_set_received(m, &from->remote);
        on_ack(p, m, from, class);
        return;
    }
    struct flow reply = reply_flow(m, from);
    int own;
    if (str_eq(m->method, STR("CANCEL"))) {
        message_set_received(m, &from->remote);
        on_cancel(p, m, &reply);
    } else if ((own = placing_status(p, m)) != 0) {
        message_set_received(m, &from->remote);
        reply_stateless(p, m, &reply, own, (struct str){NULL, 0});
    } else if (is_for_us(p, m, class)) {
        message_set_received(m, &from->remote);
        answer_for_us(p, m, &reply, class);
    } else {
        request_begin(p, m, from, &reply, class);
    }
}
