/* Responses on their way back, and what ends an attempt: RFC 3261 sections 16.7 to 16.10. */
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/container_of.h>
#include <stird/base/log.h>
#include <string.h>

#include "by_via.h"
#include "context.h"
#include "steps.h"
#include "relay.h"
#include <stird/core/headers.h>
#include "inbox.h"
#include "sip/message/received.h"
#include "sip/message/screen.h"
#include "refusing.h"
#include "response.h"
#include "size_switch.h"
#include "tally.h"

/* ---- CANCEL towards the next hop ---- */

static void send_cancel(struct attempt *a)
{
    struct context *c = a->context;
    struct proxy *p = c->proxy;
    struct buf *out = proxy_scratch(p);
    struct str reason = c->cancelled && c->arena ? c->cancel_reason : (struct str){NULL, 0};
    struct transaction_key key = branch_client_key(proxy_branches(p), str_of(a->branch),
                                                   STR("CANCEL"));
    buf_reset(out);
    if (a->cancelling == CANCEL_SENT || !client_transaction_cancel_request(a->client, reason, out))
        return;
    /* Its own transaction; whatever is answered to it changes nothing (section 9.1). */
    struct client_transaction *cancel = client_transaction_new(proxy_transactions(p), &key, false,
                                                               client_transaction_flow(a->client),
                                                               buf_str(out), NULL, proxy_now_ms());
    if (cancel)
        client_transaction_holds(cancel, c->holding);
    client_transaction_limit(a->client, proxy_now_ms());
    a->cancelling = CANCEL_SENT;
}

/* Only after a provisional response may a CANCEL be sent (section 9.1). */
static void cancel_when_possible(struct attempt *a)
{
    if (a->heard == HEARD_FINAL)
        return;
    if (a->cancelling == CANCEL_NOT)
        a->cancelling = CANCEL_WANTED;
    if (client_transaction_proceeding(a->client))
        send_cancel(a);
}

static void stop_patience(struct attempt *a)
{
    timer_clear(proxy_timers(a->context->proxy), &a->patience);
}

static void abandon(struct attempt *a)
{
    a->abandoned = true;
    stop_patience(a);
    if (a->context->current == a)
        a->context->current = NULL;
    cancel_when_possible(a);
}

void relay_cancel(struct context *c)
{
    if (c->finished || c->cancelled)
        return;
    c->cancelled = true;
    if (!c->current)
        context_refuse(c, REASON_CALLER_CANCELLED);
    else
        cancel_when_possible(c->current);
}

/* ---- giving up ---- */

static bool send_up(struct context *c, int status, struct str bytes)
{
    return c->server && server_transaction_respond(c->server, status, bytes, proxy_now_ms());
}

static enum cause cause_of_status(int status)
{
    if (status == 503)
        return CAUSE_NEXT_HOP_503;
    return status < 400 ? CAUSE_NEXT_HOP_REDIRECTED : CAUSE_NEXT_HOP_REFUSED;
}

void relay_give_up(struct context *c, enum reason reason)
{
    if (c->finished)
        return;
    if (c->cancelled) {
        context_refuse(c, REASON_CALLER_CANCELLED);
    } else if (c->best && response_is_hidden(c->snapshot->settings, c->best->status)) {
        c->cause = CAUSE_NEXT_HOP_503;
        context_answer(c, 500, (struct str){NULL, 0});
    } else if (c->best) {
        const int status = c->best->status;
        send_up(c, status, (struct str){c->best->octets, c->best->n});
        context_end(c, status, cause_of_status(status));
    } else if (!c->invite && reason == REASON_UPSTREAM_TIMEOUT) {
        context_finish(c, 0); /* no 408 to a non-INVITE (RFC 4320 section 4.2) */
    } else {
        context_refuse(c, reason);
    }
}

static bool may_try(const struct context *c, unsigned target)
{
    return !c->finished && !c->cancelled && c->progress < PROGRESS_RINGING &&
           target < c->n_targets && c->request;
}

static bool may_fail_over(const struct context *c)
{
    return may_try(c, c->target + 1);
}

static void log_failover(const struct attempt *a, const char *why)
{
    struct context *c = a->context;
    struct header_line line = {0};
    if (c->request)
        header_find((struct str){c->request, c->request_bytes}, STR("Call-ID"), 'i', &line);
    else
        line.value = c->call_id;
    log_warning("next hop failed", LOG_TEXT("call_id", line.value),
                LOG_TEXT("upstream", a->target.upstream ? a->target.upstream->name : STR("-")),
                LOG_CSTR("why", why));
}

static void said(const struct attempt *a, enum fate fate, int status)
{
    tally_said(a->context, a->place, &a->target, fate, status);
}

/* Goes on to the next target, because UPSTREAM (or NULL) did not take the call. */
static void fail_over(struct context *c, const struct upstream *upstream)
{
    tally_failover(c, upstream);
    steps_try_next_target(c);
}

/* Timer C: sends CANCEL, and when the time that this has to work is over too, answers by itself
   (section 16.8). */
static void on_timer_c(struct timer *timer, int64_t now_ms)
{
    struct attempt *a = container_of(timer, struct attempt, patience);
    struct context *c = a->context;
    if (a->cancelling == CANCEL_SENT) {
        relay_give_up(c, REASON_UPSTREAM_TIMEOUT);
        return;
    }
    said(a, FATE_TIMEOUT, 0);
    cancel_when_possible(a);
    timer_set(proxy_timers(c->proxy), timer, on_timer_c,
              now_ms + 64 * (int64_t)c->snapshot->settings->t1_ms);
}

void relay_silence(struct timer *timer, int64_t now_ms)
{
    struct attempt *a = container_of(timer, struct attempt, patience);
    struct context *c = a->context;
    if (client_transaction_proceeding(a->client)) { /* it was cancelled by the time it spoke */
        on_timer_c(timer, now_ms);
        return;
    }
    log_failover(a, "no sign of life");
    said(a, FATE_SILENT, 0);
    routes_call_failed(proxy_routes(c->proxy), &a->target, proxy_now_ms());
    abandon(a);
    if (may_fail_over(c))
        fail_over(c, a->target.upstream);
    else
        relay_give_up(c, REASON_UPSTREAM_TIMEOUT);
}

static void attempt_free(struct attempt *a)
{
    struct context *c = a->context;
    struct attempt **link = &c->attempts;
    while (*link != a)
        link = &(*link)->next;
    *link = a->next;
    stop_patience(a);
    tally_offer_ends(a);
    if (c->current == a)
        c->current = NULL;
    free(a);
}

/* What such an end means for a call that no other next hop takes, and the words for the log. */
static const struct {
    enum reason reason;
    const char *why;
} ends[] = {
    [TRANSACTION_DONE] = {REASON_NO_UPSTREAM, "done"},
    [TRANSACTION_TIMEOUT] = {REASON_UPSTREAM_TIMEOUT, "timeout"},
    [TRANSACTION_TRANSPORT_ERROR] = {REASON_NO_UPSTREAM, "not reachable"},
    [TRANSACTION_CONNECTION_LOST] = {REASON_CONNECTION_LOST, "connection lost"},
};

static enum fate fate_of_end(const struct attempt *a, enum transaction_end why)
{
    if (why == TRANSACTION_CONNECTION_LOST)
        return FATE_CONNECTION_LOST;
    if (why == TRANSACTION_TRANSPORT_ERROR)
        return FATE_UNREACHABLE;
    return a->heard == HEARD_NOTHING ? FATE_SILENT : FATE_TIMEOUT;
}

static struct attempt *attempt_of(struct client_user *user)
{
    return container_of(user, struct attempt, user);
}

static void on_ended(struct client_user *user, enum transaction_end why)
{
    struct attempt *a = attempt_of(user);
    struct context *c = a->context;
    const struct upstream *upstream = a->target.upstream;
    bool counted = c->current == a && a->heard != HEARD_FINAL;
    /* After timer F the caller of a non-INVITE has given up too. */
    bool too_late = !c->invite && why == TRANSACTION_TIMEOUT;
    if (counted)
        said(a, fate_of_end(a, why), 0);
    bool by_udp = counted && why == TRANSACTION_TRANSPORT_ERROR && c->n_targets > 0 &&
                  size_switch_failed(a);
    if (counted && !by_udp) {
        log_failover(a, ends[why].why);
        if (a->heard == HEARD_NOTHING)
            routes_call_failed(proxy_routes(c->proxy), &a->target, proxy_now_ms());
    }
    attempt_free(a);
    if (counted && why != TRANSACTION_DONE) {
        if (by_udp && may_try(c, c->target))
            steps_try_again(c);
        else if (!by_udp && may_fail_over(c) && !too_late)
            fail_over(c, upstream);
        else
            relay_give_up(c, ends[why].reason);
    }
    context_release_if_idle(c);
}

/* The attempt is over, though a CANCEL is sent after it, and a late 2xx would still go up. */
static void on_broken(struct client_user *user)
{
    struct attempt *a = attempt_of(user);
    struct context *c = a->context;
    if (c->current != a || a->heard == HEARD_FINAL)
        return;
    log_failover(a, ends[TRANSACTION_CONNECTION_LOST].why);
    said(a, FATE_CONNECTION_LOST, 0);
    abandon(a);
    if (may_fail_over(c))
        fail_over(c, a->target.upstream);
    else
        relay_give_up(c, REASON_CONNECTION_LOST);
    context_release_if_idle(c);
}

/* ---- responses ---- */

static void print_for_caller(const struct attempt *a, struct message *m)
{
    struct context *c = a->context;
    const struct target *t = &a->target;
    const struct flow of_trunk = {.remote = t->address, .transport = t->transport};
    bool for_caller = message_has_lower_via(m);
    for_caller = response_take_via_off(m, a->from_edited) == 0 && for_caller;
    refusing_tell(c, m);
    if (for_caller)
        response_write(c->proxy, c->snapshot->settings, m, t->upstream ? NULL : &of_trunk,
                       c->from.transport);
    else
        buf_reset(proxy_scratch(c->proxy));
}

static void pass_provisional(struct attempt *a, struct message *m)
{
    struct context *c = a->context;
    if (c->progress < PROGRESS_RINGING)
        context_shrink(c);
    context_reaches(c, PROGRESS_RINGING);
    print_for_caller(a, m);
    if (proxy_scratch(c->proxy)->n > 0)
        context_pass_provisional(c, m->status, buf_str(proxy_scratch(c->proxy)));
}

static void on_provisional(struct attempt *a, struct message *m)
{
    struct context *c = a->context;
    if (a->cancelling == CANCEL_WANTED)
        send_cancel(a);
    if (a->abandoned || c->finished)
        return;
    if (m->status > 100)
        pass_provisional(a, m);
    /* The first starts timer C; 101-199 start it anew, a 100 does not (16.6 item 11, 16.7 item 2).
     */
    bool starts_timer_c = m->status > 100 || a->heard == HEARD_NOTHING;
    a->heard = HEARD_PROVISIONAL;
    if (c->invite && a->cancelling != CANCEL_SENT && starts_timer_c)
        timer_set(proxy_timers(c->proxy), &a->patience, on_timer_c,
                  proxy_now_ms() + c->snapshot->settings->timer_c_ms);
}

/* Its record is written and tells what the caller was told first, so the log tells that a 2xx still
   goes up. */
static void tell_late(struct proxy *p, const struct message *m)
{
    count_add(&proxy_counters(p)->answered_late, 1);
    log_warning("a call was answered after it had ended otherwise: its record has the end before",
                LOG_TEXT("call_id", m->call_id), LOG_NUMBER("sip_status", m->status));
}

static void note_late(struct attempt *a, const struct message *m)
{
    struct context *c = a->context;
    client_transaction_late_2xx(a->client);
    if (!c->invite || !c->finished || c->answered_late || c->status < 300)
        return;
    c->answered_late = true;
    tell_late(c->proxy, m);
}

/*
 * The first 2xx ends the search, and it and all further ones go up (section 16.7 item 5), also when
 * the caller was told otherwise before: only it can end that call.
 */
static void on_success(struct attempt *a, struct message *m, const struct flow *from)
{
    struct context *c = a->context;
    bool proven = branch_is_ours(proxy_branches(c->proxy), m);
    note_late(a, m);
    print_for_caller(a, m);
    struct str bytes = buf_str(proxy_scratch(c->proxy));
    if (bytes.n > 0 && !send_up(c, m->status, bytes) && c->invite && proven)
        by_via_pass(c->proxy, m, from);
    if (!c->finished)
        context_set_winner(c, a); /* an abandoned one may have won */
    for (struct attempt *other = c->attempts; other; other = other->next)
        if (other != a)
            cancel_when_possible(other);
    context_end(c, m->status, CAUSE_ANSWERED);
}

static void keep_best(struct attempt *a, struct message *m)
{
    struct context *c = a->context;
    print_for_caller(a, m);
    struct str bytes = buf_str(proxy_scratch(c->proxy));
    struct best *best = bytes.n > 0 && holding_may_grow(c->holding, bytes.n)
                            ? malloc(sizeof(*best) + bytes.n)
                            : NULL;
    if (!best)
        return;
    *best = (struct best){.status = m->status, .n = bytes.n};
    memcpy(best->octets, bytes.p, bytes.n);
    free(c->best);
    c->best = best;
    context_count(c);
}

/* A 487 answers our own CANCEL: the caller's, or that of timer C. */
static enum cause cause_of_refusal(const struct attempt *a, int status)
{
    if (status == 487 && a->cancelling == CANCEL_SENT)
        return a->context->cancelled ? CAUSE_CANCELLED : CAUSE_UPSTREAM_TIMEOUT;
    return cause_of_status(status);
}

/* Whether another next hop is to be asked after that answer: but for a new call, after 503 alone.
 */
static bool fails_over(const struct attempt *a, int status)
{
    const struct upstream *u = a->target.upstream;
    const bool named = u ? status_set_has(&u->failover, status) : status == 503;
    return named && (a->context->initial || status == 503) && may_fail_over(a->context);
}

/* Whether the same one is to be asked once more, without the token that it may have choked on. */
static bool comes_again(const struct attempt *a, int status)
{
    const struct upstream *u = a->target.upstream;
    return a->has_token && u && status_set_has(&u->retry_unsigned, status) &&
           may_try(a->context, a->context->target);
}

static void log_status(const struct attempt *a, int status)
{
    char text[12];
    snprintf(text, sizeof(text), "%d", status);
    log_failover(a, text);
}

/* After an answer that is not the caller's yet: true when something else is tried. */
static bool tries_on(struct attempt *a, int status)
{
    struct context *c = a->context;
    const bool again = comes_again(a, status);
    if (!again && !fails_over(a, status))
        return false;
    c->current = NULL;
    if (again) {
        tally_retry(a);
        c->bare = true;
        steps_try_again(c);
    } else {
        fail_over(c, a->target.upstream);
    }
    return true;
}

static void on_refusal(struct attempt *a, struct message *m)
{
    struct context *c = a->context;
    if (a->abandoned || c->finished)
        return;
    if (comes_again(a, m->status) || fails_over(a, m->status)) {
        keep_best(a, m);
        log_status(a, m->status);
        tries_on(a, m->status);
        return;
    }
    c->cause = cause_of_refusal(a, m->status);
    if (response_is_hidden(c->snapshot->settings, m->status)) {
        context_answer(c, 500, (struct str){NULL, 0});
        return;
    }
    print_for_caller(a, m);
    if (proxy_scratch(c->proxy)->n > 0)
        send_up(c, m->status, buf_str(proxy_scratch(c->proxy)));
    context_finish(c, m->status);
}

/* What the ACK of a refusal repeats; other responses get none here. */
static struct str to_value(const struct message *m)
{
    struct header_line line;
    return m->status >= 300 && message_came_find(m, STR("To"), 't', &line) ? line.value : STR("");
}

/* Section 18.1.2: the top Via must be one that we put there. */
static bool top_via_is_ours(const struct proxy *p, const struct message *m)
{
    const struct via_hop via = message_top_via(m);
    uint16_t listener;
    uint64_t port = 5060;
    if (!via.host.p || (via.port.p && !str_to_u64(via.port, 65535, &port)))
        return false;
    return listeners_find_host(proxy_listeners(p), via.host, (uint16_t)port, &listener);
}

/* Whether its top Via is somebody else's, whatever branch that has: then it answers nothing that we
   asked. A response with our Via, but with the CSeq of another request or below a line that was
   meant as a Via of ours, is one that cannot be read. */
static bool is_foreign(const struct proxy *p, const struct message *m)
{
    return !top_via_is_ours(p, m) && str_eq(received_branch(m->raw), message_via_branch(m));
}

static void hear_final(struct attempt *a)
{
    a->heard = HEARD_FINAL;
    stop_patience(a);
}

/* By its status. */
static void on_response(struct attempt *a, struct message *m, const struct flow *from)
{
    routes_call_answered(proxy_routes(a->context->proxy), &a->target, proxy_now_ms());
    if (m->status < 200) {
        on_provisional(a, m);
        return;
    }
    if (a->heard != HEARD_FINAL) { /* of a 2xx there may be several */
        said(a, FATE_STATUS, m->status);
        tally_answered(a, m->status);
    }
    hear_final(a);
    tally_offer_ends(a);
    if (m->status < 300)
        on_success(a, m, from);
    else
        on_refusal(a, m);
}

static void on_answered(struct client_user *user, struct message *m, const struct flow *from)
{
    struct attempt *a = attempt_of(user);
    struct context *c = a->context;
    on_response(a, m, from);
    context_release_if_idle(c);
}

/* ---- responses that cannot be read ---- */

/* The To header, which an ACK repeats; empty unless all readers see one address in it. */
static struct str readable_to(struct str raw)
{
    struct header_line line;
    struct str uri;
    bool readable = header_find(raw, STR("To"), 't', &line) && name_addr_alone(line.value, &uri) &&
                    str_find(line.value, '\r', 0) == line.value.n;
    for (size_t i = 0; readable && i < line.value.n; i++)
        readable = (unsigned char)line.value.p[i] >= ' ';
    return readable ? line.value : (struct str){NULL, 0};
}

static struct client_transaction *find_client(const struct proxy *p, struct str branch,
                                              struct str method)
{
    struct transaction_key key = branch_client_key(proxy_branches(p), branch, method);
    return client_transaction_find(proxy_transactions(p), &key);
}

/* Whether a final response with STATUS may answer our CANCEL, which has the branch of its INVITE.
 */
static bool may_answer_cancel(const struct client_transaction *t, int status)
{
    struct client_user *user = client_transaction_user(t);
    return user && user->callbacks == &relay_callbacks &&
           attempt_of(user)->cancelling == CANCEL_SENT && (status < 300 || status == 481);
}

/*
 * Found by the branch, which belongs to one request; the CSeq only tells an answer to our CANCEL
 * from one to the INVITE. One that may be either is not taken for the INVITE's: 64*T1 after a
 * CANCEL that call ends anyhow.
 */
static struct client_transaction *transaction_of_unread(const struct proxy *p, struct str raw,
                                                        int status)
{
    struct str branch = received_branch(raw), method = received_cseq_method(raw), known;
    struct client_transaction *t = NULL;
    bool of_cancel = str_eq_nocase(method, STR("CANCEL")),
         of_ack = str_eq_nocase(method, STR("ACK"));
    if (branch.n == 0 || of_ack)
        return NULL;
    if (of_cancel || (t = find_client(p, branch, method)))
        return of_cancel ? find_client(p, branch, STR("CANCEL")) : t;
    for (unsigned i = 0; !t && (known = screen_method(i)).n > 0; i++)
        if (!str_eq(known, STR("CANCEL")))
            t = find_client(p, branch, known);
    return t && may_answer_cancel(t, status) ? NULL : t;
}

/* Its text cannot be used, but its status counts: the caller is told and not left to wait. */
static void on_unread_final(struct attempt *a, int status)
{
    struct context *c = a->context;
    hear_final(a);
    said(a, status > 0 ? FATE_STATUS : FATE_UNREADABLE, status);
    tally_offer_ends(a);
    if (a->abandoned || c->finished)
        return;
    log_failover(a, "its final answer cannot be read");
    if (status > 0)
        tally_answered(a, status);
    c->current = NULL;
    if (!tries_on(a, status))
        context_refuse(c, c->cancelled ? REASON_CALLER_CANCELLED : REASON_ANSWER_UNREADABLE);
}

static void on_unread(struct client_user *user, int status)
{
    struct attempt *a = attempt_of(user);
    struct context *c = a->context;
    if (status == 0 || status >= 200)
        client_transaction_was_unread(a->client);
    if (status > 0 && status < 200)
        on_provisional(a, &(struct message){.status = 100}); /* a sign of life */
    else if (a->heard != HEARD_FINAL)
        on_unread_final(a, status);
    context_release_if_idle(c);
}

#define MAYBE_2XX 200 /* stands for a status that nobody can read: a 2xx gets no ACK here */

/* STATUS: 0: cannot be read. */
static void take_unread(struct client_transaction *t, int status, struct str raw)
{
    struct client_user *user = client_transaction_user(t);
    if (user && !user->callbacks->unread)
        return;
    if (client_transaction_response(t, status > 0 ? status : MAYBE_2XX, readable_to(raw),
                                    proxy_now_ms()) == RESPONSE_PASS &&
        user)
        user->callbacks->unread(user, status);
}

bool relay_unread(struct proxy *p, struct str raw)
{
    int status = received_status(raw);
    struct client_transaction *t = received_may_respond(raw) ? transaction_of_unread(p, raw, status)
                                                             : NULL;
    if (t)
        take_unread(t, status, raw);
    return t != NULL;
}

/* It may be for another worker's transaction. Without a transaction nobody knows who was asked. */
static void pass_stray(struct proxy *p, struct message *m, const struct flow *from,
                       enum source_class class)
{
    count_add(&proxy_counters(p)->stray_responses, 1);
    if (!top_via_is_ours(p, m) || !branch_is_ours(proxy_branches(p), m) ||
        inbox_pass_response(p, message_via_branch(m), from, m->raw) ||
        (class == SOURCE_UNKNOWN && !proxy_settings(p)->responses_any))
        return;
    if (response_take_via_off(m, true) == 0)
        by_via_pass(p, m, from);
}

void relay_response(struct proxy *p, struct message *m, const struct flow *from,
                    enum source_class class)
{
    struct transaction_key key = branch_client_key(proxy_branches(p), message_via_branch(m),
                                                   m->method);
    struct client_transaction *t = top_via_is_ours(p, m)
                                       ? client_transaction_find(proxy_transactions(p), &key)
                                       : NULL;
    count_add(&proxy_counters(p)->responses, 1);
    m->by_proxy = branch_has_route(message_via_branch(m));
    if (!t) {
        if (class == SOURCE_UNKNOWN || is_foreign(p, m) || !relay_unread(p, m->raw))
            pass_stray(p, m, from, class);
        return;
    }
    struct client_user *user = client_transaction_user(t);
    if (user && user->callbacks->takes && !user->callbacks->takes(m))
        return;
    if (client_transaction_response(t, m->status, to_value(m), proxy_now_ms()) != RESPONSE_PASS)
        return;
    if (user) {
        user->callbacks->answered(user, m, from);
    } else if (m->status / 100 == 2 && str_eq(m->method, STR("INVITE")) &&
               branch_is_ours(proxy_branches(p), m)) {
        /* A further 2xx: its Via says where it goes (see is_needed() in context.c). */
        if (client_transaction_late_2xx(t))
            tell_late(p, m);
        if (response_take_via_off(m, true) == 0)
            by_via_pass(p, m, from);
    }
}

/* Without a Via below ours nobody is left whom it could be for (section 16.7 item 3). */
const struct client_callbacks relay_callbacks = {.ended = on_ended,
                                                 .broken = on_broken,
                                                 .takes = message_has_lower_via,
                                                 .answered = on_answered,
                                                 .unread = on_unread};
