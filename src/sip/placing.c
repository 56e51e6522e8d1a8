#include "placing.h"

#include <stdlib.h>
#include <stird/base/container_of.h>
#include <stird/base/log.h>
#include <stird/core/emergency.h>
#include <stird/core/headers.h>
#include <stird/core/service_word.h>
#include <stird/sip/monitoring.h>
#include <string.h>

#include "context.h"
#include "monitored.h"
#include "relay.h"
#include "request.h"
#include "sip/message/received.h"
#include "stateless.h"
#include "steps.h"

#define BRANCH        "z9hG4bKown"
#define HEX_BYTES     17
#define GRACE_MS      8000 /* after its time: for the answer to a CANCEL or a BYE */
#define TELL_MS       1000 /* after its time it is told of, whatever has not come */
#define ADDRESS_BYTES 72

enum phase {
    CALLING,
    RINGING,
    REFUSED,  /* its ACK is due */
    ANSWERED, /* its ACK is due, and then its BYE */
    ENDING    /* CANCEL or BYE was sent, or nothing is left to be done */
};

struct placed {
    struct placed *next;
    struct monitoring *all;
    struct proxy *proxy;
    struct context *context; /* NULL: it is gone */
    struct monitor_order order;
    struct transaction_key key; /* of its INVITE, on the server's side */
    struct timer timer;
    struct flow flow;
    enum phase phase;
    bool acked, byed, told;
    char call_id[HEX_BYTES + ADDRESS_BYTES], from_tag[HEX_BYTES];
    char own[ADDRESS_BYTES], sbc[ADDRESS_BYTES]; /* our listener, the host of the SBC */
    struct buf answer;                           /* the 2xx */
    struct monitor_placed news;
};

/* ---- where it is as if it came from ---- */

static const struct trunk *trunk_named(const struct settings *s, struct str name)
{
    for (unsigned i = 0; i < s->n_trunks; i++)
        if (str_eq(s->trunks[i].name, name))
            return &s->trunks[i];
    return NULL;
}

const struct trunk *placing_trunk(const struct context *c)
{
    return trunk_named(c->snapshot->settings, str_of(c->placed->order.trunk));
}

/* The trunk's own listener, or the first that reaches its SBC. */
static bool find_flow(const struct proxy *p, const struct trunk *t, struct flow *flow)
{
    const struct listeners *l = proxy_listeners(p);
    uint16_t preferred = 0;
    for (uint16_t i = 0; i < l->n; i++)
        if (t->listener.n > 0 && str_eq(l->list[i].name, t->listener))
            preferred = i;
    if (t->n_sources == 0)
        return false;
    *flow = (struct flow){.remote = t->sources[0].address, .opening = OPENING_NEVER};
    flow->remote.port = 0;
    for (unsigned transport = 0; transport < TRANSPORTS; transport++) {
        flow->transport = (uint8_t)transport;
        if (listeners_reach(l, preferred, flow->remote.family, (enum transport)transport,
                            &flow->listener))
            return true;
    }
    return false;
}

/* ---- what is sent ---- */

static void add_hex(char out[HEX_BYTES], struct proxy *p)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[8] = {0};
    if (!chance_take(proxy_chance(p), bytes, sizeof(bytes)))
        memset(bytes, 0, sizeof(bytes));
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[HEX_BYTES - 1] = '\0';
}

static void add_top(struct placed *o, struct buf *out, const char *method, struct str uri)
{
    char branch[HEX_BYTES];
    const struct str transport = transport_name((enum transport)o->flow.transport);
    add_hex(branch, o->proxy);
    buf_addf(out, "%s %.*s SIP/2.0\r\nVia: SIP/2.0/", method, STR_ARG(uri));
    for (size_t i = 0; i < transport.n; i++)
        buf_add_char(out, (char)(transport.p[i] - ('a' - 'A')));
    buf_addf(out, " %s;branch=" BRANCH "%s\r\nMax-Forwards: 70\r\nFrom: <sip:+%s@%s>;tag=%s\r\n",
             o->sbc, branch, o->order.from, o->sbc, o->from_tag);
    buf_addf(out, "Call-ID: %s\r\nCSeq: %d %s\r\n", o->call_id, strcmp(method, "BYE") == 0 ? 2 : 1,
             method);
}

/* It offers no sound in either direction (RFC 3264 section 8.4). */
static void add_invite(struct placed *o, const struct trunk *t, struct buf *out)
{
    struct buf uri = BUF_INIT, body = BUF_INIT;
    const bool six = o->flow.remote.family == ADDRESS_IPV6;
    buf_addf(&uri, "sip:+%s@%s", o->order.to, o->own);
    buf_addf(&body,
             "v=0\r\no=- 0 0 IN IP%d %s\r\ns=-\r\nc=IN IP%d %s\r\nt=0 0\r\n"
             "m=audio 9 RTP/AVP 8 0\r\na=inactive\r\n",
             six ? 6 : 4, six ? "::" : "0.0.0.0", six ? 6 : 4, six ? "::" : "0.0.0.0");
    add_top(o, out, "INVITE", buf_str(&uri));
    buf_addf(out, "To: <%.*s>\r\nContact: <sip:+%s@%s>\r\n", STR_ARG(buf_str(&uri)), o->order.from,
             o->own);
    if (t->trusted)
        buf_addf(out, "P-Asserted-Identity: <sip:+%s@%s>\r\n", o->order.from, o->sbc);
    buf_addf(out, "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n", body.n);
    buf_add_str(out, buf_str(&body));
    out->failed |= buf_failed(&uri) || buf_failed(&body);
    buf_fini(&uri);
    buf_fini(&body);
}

/* The route set of the caller is what the answer recorded, the other way round (section 12.1.2). */
static void add_routes(struct buf *out, struct str answer)
{
    struct str routes[32], rest, element;
    struct header_line line;
    unsigned n = 0;
    for (start_line(answer, &rest); head_line_next(&rest, &line);)
        if (header_is(&line, STR("Record-Route"), 0))
            while (n < 32 && list_next(&line.value, &element))
                routes[n++] = element;
    while (n > 0)
        buf_addf(out, "Route: %.*s\r\n", STR_ARG(str_trim(routes[n - 1]))), n--;
}

/* ACK or BYE inside the call that was answered. False: the answer names nobody to send it to. */
static bool add_inside(struct placed *o, struct buf *out, const char *method)
{
    const struct str answer = buf_str(&o->answer);
    struct header_line contact, to;
    struct str uri, parameters;
    if (!header_find(answer, STR("Contact"), 'm', &contact) ||
        !header_find(answer, STR("To"), 't', &to) || !name_addr(contact.value, &uri, &parameters))
        return false;
    add_top(o, out, method, uri);
    buf_addf(out, "To: %.*s\r\n", STR_ARG(to.value));
    add_routes(out, answer);
    buf_add_text(out, "Content-Length: 0\r\n\r\n");
    return !buf_failed(out);
}

/* Parses TEXT, which gets a NUL behind its end. */
static bool read_own(struct placed *o, struct buf *text, struct message *m)
{
    const size_t n = text->n;
    buf_add_char(text, '\0');
    return !buf_failed(text) &&
           message_parse(m, str_slice(buf_str(text), 0, n), proxy_settings(o->proxy)) == REASON_OK;
}

static void send_ack(struct placed *o)
{
    struct buf text = BUF_INIT;
    struct message m;
    if (add_inside(o, &text, "ACK") && read_own(o, &text, &m)) {
        message_set_received(&m, &o->flow.remote);
        stateless_ack(o->proxy, &m, &o->flow, SOURCE_TRUNK);
        message_fini(&m);
    }
    buf_fini(&text);
}

static void send_bye(struct placed *o)
{
    struct buf text = BUF_INIT;
    struct message m;
    if (add_inside(o, &text, "BYE") && read_own(o, &text, &m)) {
        request_begin(o->proxy, &m, &o->flow, &o->flow, SOURCE_TRUNK);
        message_fini(&m);
    }
    buf_fini(&text);
}

/* As request.c does with the ACK of a refusal. */
static void acknowledge(struct placed *o)
{
    struct server_transaction *t = server_transaction_find(proxy_transactions(o->proxy), &o->key);
    struct context *c = t ? context_of_server(t) : NULL;
    if (t && !server_transaction_ack(t, proxy_now_ms()) && c) {
        context_acknowledged(c);
        context_release_if_idle(c);
    }
}

/* ---- what became of it ---- */

static void note_token(struct monitor_placed *n, const struct context *c)
{
    const struct settings *s = c->snapshot->settings;
    const struct ledger_token *seen = c->seen;
    const struct outcome *o = c->outcome;
    const bool is_seen = seen && seen->attest;
    const bool signs = o && o->verdict == VERDICT_SIGN && c->sent_us >= 0;
    const uint32_t certificate = is_seen ? seen->certificate
                                 : signs ? outcome_certificate(o)
                                         : NO_CERTIFICATE;
    if (certificate >= s->n_certificates)
        return;
    n->token.attest = (uint8_t)(is_seen ? seen->attest : o->claims.attest);
    n->token.iat_s = is_seen ? seen->iat_s : o->claims.iat_s;
    monitor_put(n->token.origid, sizeof(n->token.origid),
                (struct str){is_seen ? seen->origid : o->claims.origid, ORIGID_TEXT_LENGTH});
    monitor_put(n->token.x5u, sizeof(n->token.x5u), s->certificates[certificate].x5u);
}

/* By which it left, whichever answered. */
static struct str upstream_of(const struct context *c)
{
    if (c->sent_us < 0)
        return STR("");
    if (c->current && c->current->target.upstream)
        return c->current->target.upstream->name;
    return c->trail.n > 0 ? c->trail.list[c->trail.n - 1].upstream : STR("");
}

static void note_decision(struct monitor_placed *n, const struct context *c)
{
    n->sip_status = (uint32_t)c->status;
    n->cause = c->cause;
    if (c->outcome) {
        n->verdict = c->outcome->verdict;
        n->reason = c->outcome->reason;
    }
    monitor_put(n->upstream, sizeof(n->upstream), upstream_of(c));
    note_token(n, c);
}

/* ---- its end ---- */

static void tell(struct placed *o)
{
    struct monitor_news *news = o->told ? NULL : monitored_news(o->all, false);
    o->told = true;
    if (news)
        news->placed = o->news;
}

/* Its next hop is silent: what it left with is known all the same. */
static void tell_unended(struct placed *o)
{
    struct context *c = o->context;
    struct whole_call whole;
    if (c && !c->finished) {
        kept_call_restore(c, &whole);
        note_decision(&o->news, c);
        kept_call_rest(c);
    }
    tell(o);
}

static void placed_free(struct placed *o)
{
    struct placed **link = &o->all->placed;
    while (*link != o)
        link = &(*link)->next;
    *link = o->next;
    timer_clear(proxy_timers(o->proxy), &o->timer);
    if (o->context) {
        o->context->placed = NULL;
        o->context->monitor = NULL;
    }
    buf_fini(&o->answer);
    free(o);
}

static void cancel(struct placed *o)
{
    struct server_transaction *t = server_transaction_find(proxy_transactions(o->proxy), &o->key);
    struct context *c = t ? context_of_server(t) : NULL;
    if (c && !c->finished)
        relay_cancel(c);
}

static bool time_is_over(const struct placed *o, int64_t now_ms)
{
    return now_ms >= o->order.until_ms;
}

static void on_timer(struct timer *timer, int64_t now_ms);

static void again_at(struct placed *o, int64_t due_ms)
{
    timer_set(proxy_timers(o->proxy), &o->timer, on_timer, due_ms);
}

static void end_answered(struct placed *o, int64_t now_ms)
{
    if (!o->acked) {
        o->acked = true;
        send_ack(o);
    }
    const bool waits = o->order.ending == MONITOR_ENDS_IN_ITS_TIME && !time_is_over(o, now_ms);
    if (!waits && !o->byed) {
        o->byed = true;
        tell(o);
        send_bye(o);
    }
    again_at(o, waits ? o->order.until_ms : now_ms + GRACE_MS);
}

/* Nothing that a call says is acted on from inside what brought it: only from here. */
static void on_timer(struct timer *timer, int64_t now_ms)
{
    struct placed *o = container_of(timer, struct placed, timer);
    const bool rings = o->phase == RINGING && o->order.ending == MONITOR_ENDS_RINGING;
    if (now_ms >= o->order.until_ms + GRACE_MS || (o->phase == ENDING && o->told)) {
        placed_free(o);
    } else if (o->phase == REFUSED) {
        acknowledge(o);
        o->phase = ENDING;
        again_at(o, now_ms);
    } else if (o->phase == ANSWERED && o->byed) {
        placed_free(o);
    } else if (o->phase == ANSWERED) {
        end_answered(o, now_ms);
    } else if (now_ms >= o->order.until_ms + TELL_MS) {
        again_at(o, o->order.until_ms + GRACE_MS);
        tell_unended(o);
    } else if (rings || time_is_over(o, now_ms)) {
        again_at(o, o->order.until_ms + TELL_MS);
        cancel(o);
    } else {
        again_at(o, o->order.until_ms);
    }
}

/* ---- what it hears ---- */

static void note_answer(struct placed *o, int status)
{
    struct monitor_placed *n = &o->news;
    if (n->n_said == MONITOR_SAID_MAX)
        return;
    n->said[n->n_said++] = (struct monitor_answer){(uint32_t)status,
                                                   (uint32_t)(proxy_now_ms() - n->begun_ms)};
}

static void hear_invite(struct placed *o, int status, struct str bytes)
{
    const bool ended = o->phase != CALLING && o->phase != RINGING;
    if (!ended)
        note_answer(o, status);
    if (status >= 300 && !ended) {
        o->phase = REFUSED;
    } else if (status >= 200 && status < 300) { /* another one means that our ACK was lost */
        o->acked = o->phase == ANSWERED ? false : o->acked;
        o->phase = ANSWERED;
        buf_reset(&o->answer);
        buf_add_str(&o->answer, bytes);
        if (o->byed)
            return;
    } else if (status > 100 && o->phase == CALLING) {
        o->phase = RINGING;
    } else {
        return;
    }
    again_at(o, proxy_now_ms());
}

void placing_hears(struct proxy *p, struct str bytes)
{
    struct monitoring *m = proxy_monitoring(p);
    const struct str call_id = received_call_id(bytes), method = received_cseq_method(bytes);
    const int status = received_status(bytes);
    for (struct placed *o = m ? m->placed : NULL; o; o = o->next)
        if (str_eq(call_id, str_of(o->call_id)) && status > 0) {
            if (str_eq(method, STR("INVITE")))
                hear_invite(o, status, bytes);
            else if (str_eq(method, STR("BYE")) && status >= 200)
                again_at(o, proxy_now_ms());
            break;
        }
}

unsigned placing_targets(const struct context *c, struct target *targets, unsigned n)
{
    const struct str name = str_of(c->placed->order.upstream);
    unsigned kept = 0;
    for (unsigned i = 0; i < n; i++)
        if (name.n == 0 || str_eq(targets[i].upstream->name, name))
            targets[kept++] = targets[i];
    return kept;
}

void placing_ended(struct context *c)
{
    struct placed *o = c->placed;
    note_decision(&o->news, c);
    tell(o);
    if (o->phase == CALLING || o->phase == RINGING) {
        o->phase = c->status >= 200 && c->status < 300 ? o->phase : REFUSED;
        again_at(o, proxy_now_ms());
    }
}

void placing_gone(struct context *c)
{
    c->placed->context = NULL;
    c->placed = NULL;
}

/* ---- its beginning ---- */

static struct placed *placed_new(struct monitoring *m, struct proxy *p,
                                 const struct monitor_order *order, const struct flow *flow)
{
    struct placed *o = calloc(1, sizeof(*o));
    struct buf own = BUF_INIT, sbc = BUF_INIT;
    char random[HEX_BYTES];
    if (!o)
        return NULL;
    *o = (struct placed){.next = m->placed,
                         .all = m,
                         .proxy = p,
                         .order = *order,
                         .flow = *flow,
                         .answer = BUF_INIT};
    m->placed = o;
    o->news.ticket = order->ticket;
    o->news.begun_ms = proxy_now_ms();
    address_add(&own, listener_shown(&proxy_listeners(p)->list[flow->listener]));
    address_add_host(&sbc, &flow->remote);
    monitor_put(o->own, sizeof(o->own), buf_str(&own));
    monitor_put(o->sbc, sizeof(o->sbc), buf_str(&sbc));
    add_hex(o->from_tag, p);
    add_hex(random, p);
    buf_reset(&sbc);
    buf_addf(&sbc, "own-%s@%s", random, o->own);
    monitor_put(o->call_id, sizeof(o->call_id), buf_str(&sbc));
    buf_fini(&own);
    buf_fini(&sbc);
    return o;
}

/* False: no memory. */
static bool send_invite(struct placed *o, const struct trunk *t)
{
    struct proxy *p = o->proxy;
    struct buf text = BUF_INIT;
    struct message m;
    struct context *c = NULL;
    add_invite(o, t, &text);
    if (read_own(o, &text, &m)) {
        o->key = branch_server_key(proxy_branches(p), &m, STR("INVITE"));
        c = context_new(p, &m, &o->flow, &o->flow, SOURCE_TRUNK, &o->key);
        message_fini(&m);
    }
    buf_fini(&text);
    if (!c)
        return false;
    count_add(&proxy_counters(p)->invites, 1);
    c->placed = o;
    o->context = c;
    c->monitor = o->order.name[0] ? o->order.name : MONITORED_BY_HAND;
    again_at(o, o->order.until_ms);
    steps_begin(c);
    context_release_if_idle(c);
    return true;
}

static enum monitor_fault fault_of(const struct proxy *p, const struct monitor_order *order,
                                   const struct trunk *t, struct flow *flow)
{
    struct buf uri = BUF_INIT;
    buf_addf(&uri, "tel:+%s", order->to);
    const bool emergency = emergency_uris(proxy_settings(p), buf_str(&uri), buf_str(&uri));
    const bool failed = buf_failed(&uri);
    buf_fini(&uri);
    if (failed)
        return MONITOR_NO_MEMORY;
    if (emergency)
        return MONITOR_EMERGENCY;
    if (!t || !service_words[t->service].sends)
        return MONITOR_NO_TRUNK;
    if (proxy_is_draining(p) || yielding_is_on(p))
        return MONITOR_DRAINS;
    return find_flow(p, t, flow) ? MONITOR_BEGAN : MONITOR_NO_SOCKET;
}

static void tell_fault(struct monitoring *m, const struct monitor_order *order,
                       enum monitor_fault fault)
{
    struct monitor_news *news = monitored_news(m, false);
    if (news)
        news->placed = (struct monitor_placed){
            .ticket = order->ticket, .begun_ms = proxy_now_ms(), .fault = fault};
}

void monitoring_place(struct monitoring *m, struct proxy *p, const struct monitor_order *order)
{
    struct flow flow;
    const struct trunk *t = trunk_named(proxy_settings(p), str_of(order->trunk));
    const enum monitor_fault fault = fault_of(p, order, t, &flow);
    struct placed *o = fault == MONITOR_BEGAN ? placed_new(m, p, order, &flow) : NULL;
    if (!o) {
        tell_fault(m, order, fault == MONITOR_BEGAN ? MONITOR_NO_MEMORY : fault);
        return;
    }
    if (!send_invite(o, t)) {
        o->news.fault = MONITOR_NO_MEMORY;
        tell(o);
        placed_free(o);
    }
    proxy_after_events(p);
}

void monitoring_fini(struct monitoring *m)
{
    while (m->placed)
        placed_free(m->placed);
    while (m->first)
        monitoring_heard(m);
}
