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
#define OWN           "own-" /* its Call-ID: this, a random text, @ and our listener */
#define LEGS_MAX      4      /* of an INVITE that was forked: far ends that answer */
#define TELL_MS       1000   /* after its time it is told of, whatever has not come */
#define ADDRESS_BYTES 72

enum phase {
    CALLING,
    RINGING,
    REFUSED,  /* its ACK is due */
    ANSWERED, /* its ACK is due, and then its BYE */
    ENDING    /* nothing is left to be done, unless somebody answers all the same */
};

/* Who has answered: each is a call that ends by a BYE of its own (RFC 3261 section 13.2.2.4). */
struct leg {
    struct buf answer; /* the 2xx */
    bool acked, byed;
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
    bool told, hung_up; /* HUNG_UP: by the far end of the first leg */
    int64_t gone_ms;    /* until then an answer may still come: 64*T1 after all else */
    struct leg legs[LEGS_MAX];
    unsigned n_legs;
    char call_id[HEX_BYTES + ADDRESS_BYTES], from_tag[HEX_BYTES];
    char own[ADDRESS_BYTES], sbc[ADDRESS_BYTES]; /* our listener, the host of the SBC */
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
static bool add_inside(struct placed *o, const struct leg *leg, struct buf *out, const char *method)
{
    const struct str answer = buf_str(&leg->answer);
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

static void send_ack(struct placed *o, const struct leg *leg)
{
    struct buf text = BUF_INIT;
    struct message m;
    if (add_inside(o, leg, &text, "ACK") && read_own(o, &text, &m)) {
        message_set_received(&m, &o->flow.remote);
        stateless_ack(o->proxy, &m, &o->flow, SOURCE_TRUNK);
        message_fini(&m);
    }
    buf_fini(&text);
}

static void send_bye(struct placed *o, const struct leg *leg)
{
    struct buf text = BUF_INIT;
    struct message m;
    if (add_inside(o, leg, &text, "BYE") && read_own(o, &text, &m)) {
        request_begin(o->proxy, &m, &o->flow, &o->flow, SOURCE_TRUNK);
        message_fini(&m);
    }
    buf_fini(&text);
}

/* Whether its answer says where a BYE goes. */
static bool can_end(struct placed *o, const struct leg *leg)
{
    struct buf text = BUF_INIT;
    struct message m;
    const bool can = add_inside(o, leg, &text, "BYE") && read_own(o, &text, &m);
    if (can)
        message_fini(&m);
    buf_fini(&text);
    return can;
}

static void stays_up(struct placed *o, const char *why)
{
    o->news.stays_up = true;
    log_warning("a call of our own was answered and cannot be ended: it lasts until its far end "
                "ends it",
                LOG_CSTR("call_id", o->call_id), LOG_CSTR("why", why));
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

/* Whether a next hop may have it. Of more than are noted one may. */
static bool has_arrived_anywhere(const struct context *c)
{
    bool has = c->sent_us >= 0 && (c->trail.n == 0 || c->trail.n >= TRIED_MAX);
    for (unsigned i = 0; c->sent_us >= 0 && i < c->trail.n; i++)
        has = has || tried_may_have_it(&c->trail.list[i]);
    return has;
}

/* By which it left, whichever answered; empty: no next hop took it. */
static struct str upstream_of(const struct context *c)
{
    if (!has_arrived_anywhere(c))
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
    for (unsigned i = 0; i < o->n_legs; i++)
        buf_fini(&o->legs[i].answer);
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

static int64_t linger_ms(const struct placed *o)
{
    return 64 * (int64_t)proxy_settings(o->proxy)->t1_ms;
}

static void end_leg(struct placed *o, struct leg *leg)
{
    if (leg->byed)
        return;
    leg->byed = true;
    send_bye(o, leg);
}

static void acknowledge_leg(struct placed *o, struct leg *leg)
{
    leg->acked = true;
    send_ack(o, leg);
    if (leg->byed || can_end(o, leg))
        return;
    leg->byed = true;
    stays_up(o, "its answer has no Contact that can be used");
}

/* The first one may last for its time; whoever else picks up too is hung up on. */
static void end_answered(struct placed *o, int64_t now_ms)
{
    const bool waits = o->order.ending == MONITOR_ENDS_IN_ITS_TIME && !time_is_over(o, now_ms) &&
                       !o->hung_up;
    for (unsigned i = 0; i < o->n_legs; i++) {
        struct leg *leg = &o->legs[i];
        if (!leg->acked)
            acknowledge_leg(o, leg);
        if (!waits || i > 0)
            end_leg(o, leg);
    }
    tell(o);
    again_at(o, waits ? o->order.until_ms : o->gone_ms);
}

/* Nothing that a call says is acted on from inside what brought it: only from here. */
static void on_timer(struct timer *timer, int64_t now_ms)
{
    struct placed *o = container_of(timer, struct placed, timer);
    const bool rings = o->phase == RINGING && o->order.ending == MONITOR_ENDS_RINGING;
    if (now_ms >= o->gone_ms) {
        tell(o);
        placed_free(o);
    } else if (o->phase == REFUSED) {
        acknowledge(o);
        o->phase = ENDING;
        again_at(o, o->gone_ms);
    } else if (o->phase == ANSWERED) {
        end_answered(o, now_ms);
    } else if (o->phase == ENDING) {
        again_at(o, o->gone_ms);
    } else if (now_ms >= o->order.until_ms + TELL_MS) {
        again_at(o, o->gone_ms);
        tell_unended(o);
    } else if (rings || time_is_over(o, now_ms)) {
        again_at(o, o->order.until_ms + TELL_MS);
        cancel(o);
    } else {
        again_at(o, o->order.until_ms);
    }
}

bool placing_end_all(struct proxy *p)
{
    struct monitoring *m = proxy_monitoring(p);
    const int64_t now_ms = proxy_now_ms();
    bool any = false;
    for (struct placed *next, *o = m ? m->placed : NULL; o; o = next) {
        next = o->next;
        if (o->phase == ENDING || o->phase == REFUSED ||
            (o->phase == ANSWERED && o->n_legs > 0 && o->legs[0].byed))
            continue;
        any = true;
        o->news.stopped = true;
        if (now_ms < o->order.until_ms)
            o->order.until_ms = now_ms;
        on_timer(&o->timer, now_ms);
    }
    return any;
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

/* By the To that it answered with, whose tag is its own. */
static struct leg *leg_of(struct placed *o, struct str answer)
{
    struct header_line to, known;
    if (!header_find(answer, STR("To"), 't', &to))
        return NULL;
    for (unsigned i = 0; i < o->n_legs; i++)
        if (header_find(buf_str(&o->legs[i].answer), STR("To"), 't', &known) &&
            str_eq(known.value, to.value))
            return &o->legs[i];
    if (o->n_legs == LEGS_MAX)
        return NULL;
    o->legs[o->n_legs] = (struct leg){.answer = BUF_INIT};
    return &o->legs[o->n_legs++];
}

/* One that comes again means that our ACK was lost. */
static void hear_2xx(struct placed *o, struct str bytes)
{
    struct leg *leg = leg_of(o, bytes);
    if (!leg) {
        if (!o->news.stays_up)
            stays_up(o, "more answer it than one call has far ends");
        return;
    }
    leg->acked = false;
    buf_reset(&leg->answer);
    buf_add_str(&leg->answer, bytes);
    o->phase = ANSWERED;
    if (o->gone_ms < proxy_now_ms() + linger_ms(o))
        o->gone_ms = proxy_now_ms() + linger_ms(o);
    again_at(o, proxy_now_ms());
}

static void hear_invite(struct placed *o, int status, struct str bytes)
{
    const bool ended = o->phase != CALLING && o->phase != RINGING;
    if (!ended)
        note_answer(o, status);
    if (status >= 200 && status < 300) {
        hear_2xx(o, bytes);
        return;
    }
    if (ended || status <= 100)
        return;
    if (status >= 300)
        o->phase = REFUSED;
    else if (o->phase == CALLING)
        o->phase = RINGING;
    again_at(o, proxy_now_ms());
}

/* The random text in a Call-ID of ours, which is the tag of its From too; empty: it is another's.
   Any worker knows it by that. */
static struct str own_text(const struct proxy *p, struct str call_id)
{
    const struct listeners *l = proxy_listeners(p);
    const size_t n = strlen(OWN) + HEX_BYTES - 1;
    struct buf own = BUF_INIT;
    bool ours = false;
    if (call_id.n <= n || memcmp(call_id.p, OWN, strlen(OWN)) != 0 || call_id.p[n] != '@')
        return STR("");
    for (uint16_t i = 0; !ours && i < l->n; i++) {
        buf_reset(&own);
        address_add(&own, listener_shown(&l->list[i]));
        ours = str_eq(buf_str(&own), str_slice(call_id, n + 1, call_id.n));
    }
    buf_fini(&own);
    return ours ? str_slice(call_id, strlen(OWN), n) : STR("");
}

bool placing_is_of(const struct proxy *p, struct str call_id)
{
    return own_text(p, call_id).n > 0;
}

static struct placed *placed_of(struct proxy *p, struct str call_id)
{
    struct monitoring *m = proxy_monitoring(p);
    for (struct placed *o = m ? m->placed : NULL; o; o = o->next)
        if (str_eq(call_id, str_of(o->call_id)))
            return o;
    return NULL;
}

void placing_hears(struct proxy *p, struct str bytes)
{
    struct placed *o = placed_of(p, received_call_id(bytes));
    const int status = received_status(bytes);
    if (o && status > 0 && str_eq(received_cseq_method(bytes), STR("INVITE")))
        hear_invite(o, status, bytes);
}

/* What is answered to a request of the far end, which has nothing to change in a call without
   sound. */
static const struct {
    const char *method;
    int status;
} inside[] = {{"BYE", 200}, {"OPTIONS", 200}, {"INVITE", 488}, {"UPDATE", 488}};

int placing_status(struct proxy *p, const struct message *m)
{
    const struct str text = own_text(p, m->call_id);
    struct placed *o;
    if (text.n == 0 || !str_eq(m->to_tag, text))
        return 0;
    if (str_eq(m->method, STR("BYE")) && (o = placed_of(p, m->call_id)) && o->n_legs > 0) {
        o->hung_up = true;
        o->legs[0].byed = true;
        again_at(o, proxy_now_ms());
    }
    for (unsigned i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
        if (str_eq(m->method, str_of(inside[i].method)))
            return inside[i].status;
    return 481;
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
    if (o->phase != ANSWERED) /* of one that was answered it is told when it has its ACK */
        tell(o);
    if (o->phase == CALLING || o->phase == RINGING) {
        o->phase = c->status >= 200 && c->status < 300 ? o->phase : REFUSED;
        if (o->gone_ms < proxy_now_ms() + linger_ms(o))
            o->gone_ms = proxy_now_ms() + linger_ms(o);
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
    if (!o)
        return NULL;
    *o = (struct placed){.next = m->placed, .all = m, .proxy = p, .order = *order, .flow = *flow};
    m->placed = o;
    o->news.ticket = order->ticket;
    o->news.begun_ms = proxy_now_ms();
    o->gone_ms = order->until_ms + TELL_MS + linger_ms(o);
    address_add(&own, listener_shown(&proxy_listeners(p)->list[flow->listener]));
    address_add_host(&sbc, &flow->remote);
    monitor_put(o->own, sizeof(o->own), buf_str(&own));
    monitor_put(o->sbc, sizeof(o->sbc), buf_str(&sbc));
    add_hex(o->from_tag, p);
    buf_reset(&sbc);
    buf_addf(&sbc, OWN "%s@%s", o->from_tag, o->own);
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
    if (!t || t->in_dialect || !service_words[t->service].sends)
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
