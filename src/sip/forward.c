/* A request on its way out: RFC 3261 section 16.6. */
#include <sofia-sip/url.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/core/discriminator.h>
#include <stird/core/identity.h>
#include <stird/core/service_word.h>
#include <stird/core/sip_date.h>

#include "context.h"
#include "relay.h"
#include "routes.h"
#include "forward.h"
#include "dialog_trunk.h"
#include "marks.h"
#include <stird/core/headers.h>
#include <stird/core/uri.h>
#include "sip/message/odd.h"
#include "shadow_compare.h"
#include "size_switch.h"
#include "switched.h"
#include "tally.h"
#include "trust_domain.h"
#include "via.h"

#define MAX_FORWARDS 70 /* for a request that has none (16.6 item 3) */

/* An empty value is none, beside ours; where nothing is signed it stays as it came. */
static void take_identity_off(struct context *c)
{
    const struct trunk *trunk = c->call->trunk;
    if (!c->outcome->strip_identity) {
        if (!trunk || service_words[trunk->service].signs)
            message_remove_headers(c->message, STR("Identity"), 'y', identity_is_empty);
        return;
    }
    message_remove_headers(c->message, STR("Identity"), 'y', NULL);
    if (c->outcome->verified) /* what is judged as a value goes as one */
        message_remove_resembling(c->message, STR("Identity"), 'y');
}

static int write_identity(struct context *c)
{
    struct message *m = c->message;
    char date[SIP_DATE_LENGTH + 1];
    int error = 0;
    take_identity_off(c);
    const struct leaving *leaving = &c->leaving[context_leaves(c)];
    if (leaving->n_identities == 0)
        return 0;
    if (c->outcome->date == DATE_REPLACE)
        message_remove_headers(m, STR("Date"), 0, NULL);
    if (c->outcome->date != DATE_KEEP) {
        sip_date_write(date, c->outcome->claims.iat_s);
        error = message_add_header(m, STR("Date"), str_of(date));
    }
    for (unsigned i = 0; i < leaving->n_identities && !error; i++)
        error = message_add_header(m, STR("Identity"), leaving->identities[i]);
    return error;
}

/* Writes a name as a name: the next hop may serve several. */
static void add_host_port(struct buf *out, const struct target *target)
{
    const struct upstream *u = target->upstream;
    if (u->host.n == 0) {
        address_add(out, &target->address);
        return;
    }
    buf_add_str(out, u->host);
    if (u->port_given)
        buf_addf(out, ":%u", u->address.port);
}

/* Whether the parameter says, together with host and port, where to send (section 19.1.1). */
static bool is_of_the_place(struct str name)
{
    return uri_name_is(name, STR("transport")) || uri_name_is(name, STR("maddr")) ||
           uri_name_is(name, STR("ttl"));
}

/* ";user=phone;transport=tls" for the next hop: a transport, if it had one, becomes the one that it
   leaves by; to have none means UDP, or TLS for "sips:". */
static void add_parameters(struct buf *out, struct str parameters, bool sips,
                           enum transport transport)
{
    bool named = false;
    str_cut(&parameters, ';');
    while (parameters.p) {
        struct str parameter = str_cut(&parameters, ';'), rest = parameter;
        struct str name = str_trim(str_cut(&rest, '='));
        if (!is_of_the_place(name)) {
            buf_add_char(out, ';');
            buf_add_str(out, parameter);
        } else if (uri_name_is(name, STR("transport"))) {
            named = true;
        }
    }
    if (named && !sips && transport != TRANSPORT_UDP)
        buf_addf(out, ";transport=%.*s", STR_ARG(transport_name(transport)));
}

/*
 * Whether a request that goes to a configured next hop named us: a listener or an alias, each with
 * its port or without one, or the host by which its trunk was recognised.
 */
static bool named_us(const struct context *c)
{
    uint16_t listener;
    const url_t *url = message_request_url(c->message);
    const struct trunk *trunk = c->call ? c->call->trunk : NULL;
    if (!url->url_host)
        return false;
    return target_is_ours(c->proxy, url, &listener) ||
           (trunk && discriminators_use_request_host(trunk, str_of(url->url_host))) ||
           (!url->url_port &&
            listeners_have_name(proxy_listeners(c->proxy), str_of(url->url_host)));
}

/* "sip:user@us;x" with the next hop in our place; a tel: URI has no host and stays. */
static int rewrite_request_uri(struct context *c, const struct target *target)
{
    struct message *m = c->message;
    struct str uri = m->request_uri;
    if (!(named_us(c) || target->upstream->replace_request_uri) ||
        !str_starts_nocase(uri, STR("sip")))
        return 0;
    size_t begin = str_find(uri, '@', 0);
    begin = begin < uri.n ? begin + 1 : str_find(uri, ':', 0) + 1;
    size_t question = str_find(uri, '?', begin), end = str_find(uri, ';', begin);
    end = end < question ? end : question;
    struct buf text = BUF_INIT;
    buf_add_str(&text, str_slice(uri, 0, begin));
    add_host_port(&text, target);
    add_parameters(&text, str_slice(uri, end, question), str_starts_nocase(uri, STR("sips:")),
                   (enum transport)target->transport);
    buf_add_str(&text, str_slice(uri, question, uri.n));
    int error = buf_failed(&text) ? -1 : message_set_request_uri(m, buf_str(&text));
    buf_fini(&text);
    return error;
}

/* Adds the trunk, where it cannot be told from its address later. */
static void add_trunk(const struct context *c, struct buf *text)
{
    char proof[TRUNK_PROOF_LENGTH + 1];
    const struct trunk *trunk = c->call ? c->call->trunk : NULL;
    if (!trunk || !dialog_trunk_needed(c->snapshot->settings, &c->from.remote))
        return;
    dialog_trunk_write(proxy_branches(c->proxy), c->message->call_id, c->message->from_tag, trunk,
                       proof);
    buf_add_str(text, STR(";" TRUNK_PARAMETER "="));
    buf_add_text(text, proof);
}

static int add_record_route(struct context *c, enum route_side side, uint16_t listener,
                            uint8_t transport)
{
    struct buf text = BUF_INIT;
    char key[ROUTE_KEY_LENGTH + 1];
    const struct route_place place = {*listener_shown(&proxy_listeners(c->proxy)->list[listener]),
                                      transport};
    route_key_write(proxy_branches(c->proxy), c->message->call_id, c->message->from_tag, &place,
                    side, proxy_today(c->proxy), key);
    /* Section 16.6 item 4: the dialog of a sips: request is one of sips: URIs. */
    bool sips = transport == TRANSPORT_TLS &&
                str_starts_nocase(c->message->request_uri, STR("sips:"));
    buf_add_text(&text, sips ? "<sips:" : "<sip:");
    address_add(&text, &place.address);
    if (transport != TRANSPORT_UDP && !sips) {
        buf_add_str(&text, STR(";transport="));
        buf_add_str(&text, transport_name((enum transport)transport));
    }
    buf_add_str(&text, STR(";lr;" ROUTE_PARAMETER "="));
    buf_add_text(&text, key);
    add_trunk(c, &text);
    buf_add_char(&text, '>');
    int error = buf_failed(&text) ? -1 : message_add_record_route(c->message, buf_str(&text));
    buf_fini(&text);
    return error;
}

/* Twice where the sides differ, so that each side sees an address it can reach (RFC 5658). */
static int record_route(struct context *c, const struct target *target)
{
    if (c->from.listener == target->listener && c->from.transport == target->transport)
        return add_record_route(c, ROUTE_OF_BOTH, target->listener, target->transport);
    int error = add_record_route(c, ROUTE_OF_CALLER, c->from.listener, c->from.transport);
    if (error == 0)
        error = add_record_route(c, ROUTE_OF_CALLEE, target->listener, target->transport);
    return error;
}

static int set_max_forwards(struct message *m)
{
    unsigned long hops;
    bool usable = message_max_forwards(m, &hops) && hops <= MAX_FORWARDS_MAX; /* else as if none */
    return message_set_max_forwards(m, usable ? (unsigned)hops - 1 : MAX_FORWARDS);
}

/*
 * Takes off our own Routes. After a strict router the Request-URI comes back out of the last Route
 * (section 16.4).
 */
static int pop_routes(struct message *m, const struct own_routes *own)
{
    if (own->n > 0 && (m->odd & ODD_ROUTE)) /* none of them was read, and some are ours */
        message_remove_headers(m, STR("Route"), 0, NULL);
    for (unsigned i = 0; i < own->n; i++)
        message_remove_route(m);
    unsigned n = 0;
    while (own->strict && message_route_url(m, n))
        n++;
    if (n == 0)
        return 0;
    if (message_set_uri_by_route(m, n - 1) != 0)
        return -1;
    message_remove_last_route(m);
    return 0;
}

/* Moves the first Route, if it lacks lr, into the Request-URI, and the former Request-URI to the
   end of the Routes (section 16.6 item 6). */
static int serve_strict_router(struct message *m)
{
    const url_t *first = message_route_url(m, 0);
    struct buf text = BUF_INIT;
    if (!first || url_has_param(first, "lr"))
        return 0;
    buf_add_char(&text, '<');
    buf_add_str(&text, m->request_uri);
    buf_add_char(&text, '>');
    int error = buf_failed(&text) ? -1 : message_append_route(m, buf_str(&text));
    if (error == 0)
        error = message_set_uri_by_route(m, 0);
    message_remove_route(m);
    buf_fini(&text);
    return error;
}

/* Requests that may begin a dialog and so need our Record-Route. */
static bool forms_dialog(const struct message *m)
{
    static const char *const methods[] = {"INVITE", "SUBSCRIBE", "REFER", "NOTIFY"};
    for (unsigned i = 0; m->to_tag.n == 0 && i < sizeof(methods) / sizeof(methods[0]); i++)
        if (str_eq(m->method, str_of(methods[i])))
            return true;
    return false;
}

static int apply_trust(struct context *c, const struct target *target)
{
    const struct settings *settings = c->snapshot->settings;
    if (c->call && target->upstream)
        return trust_domain_apply(c->message, settings, c->call, target->upstream);
    return trust_domain_apply_in_dialog(c->message, settings, &c->from.remote, &target->address);
}

/* Whether the trunk takes Identity off; the trunk is found by what proves it, or as the only one of
   its source. */
static bool takes_identity(const struct context *c)
{
    const struct settings *s = c->snapshot->settings;
    const struct address *source = &c->from.remote;
    const struct trunk *trunk = c->call ? c->call->trunk : NULL;
    if (!trunk) {
        uint64_t id = dialog_trunk_of(c->proxy, c->message, &c->own, c->own.senders, source);
        trunk = id != 0 ? trunk_at(c->proxy, source, id) : NULL;
    }
    return trunk ? trust_domain_takes_identity(trunk) : trust_domain_takes_identity_of(s, source);
}

/* Requests inside calls have no decision, but settings that take Identity off apply to them too. */
static void strip_identity(struct context *c)
{
    if (source_class_of(c->proxy, &c->from.remote) == SOURCE_TRUNK && takes_identity(c))
        message_remove_headers(c->message, STR("Identity"), 'y', NULL);
}

bool forward_has_route(const struct context *c, const struct target *target)
{
    return !target->upstream && message_route_url(c->message, c->own.n);
}

enum reason forward_write(struct context *c, const struct target *target, const char *branch,
                          struct buf *out)
{
    struct message *m = c->message;
    int error = pop_routes(m, &c->own);
    if (error == 0 && target->upstream)
        error = rewrite_request_uri(c, target);
    if (error == 0 && !target->upstream)
        error = serve_strict_router(m);
    if (error == 0)
        error = set_max_forwards(m);
    if (error == 0)
        error = apply_trust(c, target);
    if (error == 0)
        error = c->initial ? marks_apply(c, target) : marks_clear(c);
    if (error == 0)
        error = message_fix_contact(m, c->snapshot->settings, &c->from.remote,
                                    (enum transport)c->from.transport);
    if (error == 0 && c->initial)
        error = write_identity(c);
    else if (error == 0)
        strip_identity(c);
    if (error == 0 && c->snapshot->settings->record_route && forms_dialog(m))
        error = record_route(c, target);
    if (error == 0)
        error = via_add(m, proxy_listeners(c->proxy), target->listener,
                        (enum transport)target->transport, branch);
    message_remove_copies(m);
    if (error == 0)
        error = message_fit_transport(m, target->transport);
    buf_reset(out);
    if (error == 0)
        error = message_print(m, out);
    return error == 0 ? REASON_OK : REASON_OUT_OF_MEMORY;
}

/* The parsed request: kept from its arrival for the first attempt, parsed anew for the others. */
static bool have_message(struct context *c)
{
    return c->message && (message_is_parsed(c->message) || context_parse(c, c->message));
}

static struct attempt *attempt_new(struct context *c, const struct target *target)
{
    struct attempt *a = calloc(1, sizeof(*a));
    if (a) {
        a->user.callbacks = &relay_callbacks;
        a->context = c;
        a->target = *target;
        a->leaves = context_leaves(c);
        a->has_token = c->initial && c->leaving[a->leaves].n_identities > 0;
    }
    return a;
}

static bool more_to_come(const struct context *c)
{
    return c->target + 1 < c->n_targets;
}

/* When more attempts may follow, this one has the next-hop timeout for a first sign of life; else
   all of timer B. */
static void arm_next_hop_timer(struct context *c, struct attempt *a)
{
    if (c->invite && more_to_come(c))
        timer_set(proxy_timers(c->proxy), &a->patience, relay_silence,
                  proxy_now_ms() + c->snapshot->settings->next_hop_timeout_ms);
}

_Static_assert(LEAVINGS <= 4, "two bits of an attempt tell them apart");
_Static_assert(ROUTES_TARGETS_MAX <= 32, "numbers of attempts, twice, below BRANCH_WITH_ROUTE");

/* Of a call that is offered once more, another one. */
static unsigned number_of(const struct context *c)
{
    return (c->target + 1 + (c->bare ? 32 : 0)) % BRANCH_WITH_ROUTE;
}

/* Writes the attempt into P->scratch. The same target by another transport gets another branch. */
static bool write_attempt(struct context *c, struct attempt *a, struct transaction_key *key)
{
    struct proxy *p = c->proxy;
    const struct upstream *u = a->target.upstream;
    unsigned number = number_of(c) + (u && u->transport != a->target.transport ? 0x80 : 0);
    if (!have_message(c))
        return false;
    number |= forward_has_route(c, &a->target) ? BRANCH_WITH_ROUTE : 0;
    branch_write(proxy_branches(p), c->message, proxy_worker(p), number, a->branch);
    *key = branch_client_key(proxy_branches(p), str_of(a->branch), c->message->method);
    bool written = forward_write(c, &a->target, a->branch, proxy_scratch(p)) == REASON_OK;
    a->from_edited = c->message->from_edited;
    message_fini(c->message);
    return written;
}

/*
 * Not before the request has left: a caller that was told 100 does not retransmit, and should this
 * process die now, that retransmission is what brings the call to the next one. Whatever takes
 * longer (a signer, DNS, a connection that opens) has the 200 ms of RFC 3261 section 17.2.1.
 */
static void has_left(struct context *c, const struct flow *flow)
{
    if (c->sent_us >= 0)
        return;
    c->sent_us = clock_monotonic_us();
    if (c->initial)
        histogram_add(&proxy_counters(c->proxy)->added_latency_us,
                      (uint64_t)(c->sent_us - c->arrived_us));
    if (flow_is_ready(flow))
        context_say_trying(c);
    shadow_compare(c);
}

/* What its record has to tell, whatever becomes of the call at another next hop. */
static void note_seen(struct context *c, const struct attempt *a)
{
    const struct leaving *leaving = &c->leaving[a->leaves];
    if (!a->has_token)
        return;
    *c->seen = (struct ledger_token){.attest = leaving->outcome->claims.attest,
                                     .iat_s = leaving->outcome->claims.iat_s,
                                     .certificate = outcome_certificate(leaving->outcome),
                                     .tokens = leaving->identities,
                                     .n_tokens = leaving->n_identities};
    memcpy(c->seen->origid, leaving->outcome->claims.origid, sizeof(c->seen->origid));
}

enum sent { SENT_NOT, SENT, SENT_LATER };

static enum sent send_attempt(struct context *c, const struct target *target)
{
    struct proxy *p = c->proxy;
    struct flow flow;
    struct transaction_key key;
    struct attempt *a = attempt_new(c, target);
    if (!a)
        return SENT_NOT;
    bool written = write_attempt(c, a, &key);
    enum size_switch way = written ? size_switch(c, &a->target, proxy_scratch(p)->n) : SIZE_FITS;
    if (way == SIZE_WAITS) {
        free(a);
        return SENT_LATER;
    }
    if (way == SIZE_STREAM)
        written = write_attempt(c, a, &key);
    bool reached = written && target_flow(p, &a->target, &flow) == 0;
    if (reached)
        a->client = client_transaction_new(proxy_transactions(p), &key, c->invite, &flow,
                                           buf_str(proxy_scratch(p)), &a->user, proxy_now_ms());
    a->place = c->initial ? trail_add(&c->trail, &a->target) : 0;
    if (c->bare)
        trail_again(&c->trail, a->place);
    if (!a->client) {
        /* That we have no room for a connection says nothing about the next hop. */
        tally_said(c, a->place, target, written && !reached ? FATE_NOT_OPENED : FATE_NOT_SENT, 0);
        free(a);
        return SENT_NOT;
    }
    tally_offer_begins(a);
    a->next = c->attempts;
    c->attempts = c->current = a;
    client_transaction_holds(a->client, c->holding);
    context_count(c);
    has_left(c, &flow);
    note_seen(c, a);
    arm_next_hop_timer(c, a);
    return SENT;
}

static bool is_above_limit(const struct context *c, const struct target *target)
{
    const struct upstream *u = c->initial && !c->emergency ? target->upstream : NULL;
    return u && limits_reached(proxy_limits(c->proxy), LIMIT_UPSTREAM_CALLS, u->name, u->max_calls);
}

/* An emergency call by its To alone goes where there is room; where no target is left with any, it
   is sent all the same. */
static bool is_full(const struct context *c, const struct target *target)
{
    const struct target *other = target;
    if (!is_above_limit(c, target))
        return false;
    while (c->emergency_by_to && other < c->targets + c->n_targets && is_above_limit(c, other))
        other++;
    return other < c->targets + c->n_targets;
}

enum privacy_view forward_next_view(const struct context *c)
{
    unsigned i = c->target;
    while (i + 1 < c->n_targets &&
           (is_full(c, &c->targets[i]) || switched_off_since(c, &c->targets[i])))
        i++;
    return i < c->n_targets ? privacy_view(&c->call->privacy, c->targets[i].upstream) : c->view;
}

/* What was decided and signed for one next hop may tell another one what it must not see. */
static bool is_decided_for(const struct context *c, const struct target *target)
{
    return !c->initial || privacy_view(&c->call->privacy, target->upstream) == c->view;
}

/* Whether the same next hop may be offered it once more. */
static bool may_come_again(const struct attempt *a)
{
    return a->has_token && a->target.upstream &&
           !status_set_is_empty(&a->target.upstream->retry_unsigned);
}

enum forward_result forward_next(struct context *c)
{
    size_switch_waited(c);
    for (; c->target < c->n_targets; c->target++) {
        const struct target *target = &c->targets[c->target];
        const bool off = switched_off_since(c, target), full = !off && is_full(c, target);
        if (!off && !full && !is_decided_for(c, target))
            return FORWARD_UNDECIDED;
        if (full && c->initial)
            tally_said(c, trail_add(&c->trail, target), target, FATE_FULL, 0);
        enum sent sent = off || full ? SENT_NOT : send_attempt(c, target);
        if (sent == SENT_LATER)
            return FORWARD_WAITS;
        if (sent == SENT_NOT && c->bare) {
            /* The others have refused nothing: they get it with its token. */
            c->bare = false;
            return ++c->target < c->n_targets ? FORWARD_UNDECIDED : FORWARD_NONE;
        }
        if (sent == SENT_NOT)
            continue;
        /* What went by a stream may still have to go by UDP (size_switch.h). */
        if (!more_to_come(c) && c->current && c->current->target.transport == TRANSPORT_UDP &&
            !may_come_again(c->current))
            context_shrink(c);
        return FORWARD_SENT;
    }
    return FORWARD_NONE;
}
