#include "answering.h"
#include "context.h"
#include "kept_call.h"
#include "lost_emergency.h"
#include "placing.h"
#include "rating.h"
#include "refusing.h"
#include "sip/message/received.h"
#include "reply.h"
#include "shadow_compare.h"
#include "steps.h"
#include "tally.h"
#include "verifying.h"

#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/io/ledger.h>
#include <stird/base/log.h>
#include <stird/core/masked.h>
#include <stird/core/nat.h>
#include <stird/core/network_blocked.h>
#include <stird/core/policy.h>
#include <stird/core/emergency.h>
#include <stird/core/verified.h>
#include <string.h>

#define ARENA_BYTES  2048
#define PARSED_BYTES 4096 /* of a parsed message, beside a second copy of its octets */

/* ---- what it holds ---- */

static size_t octets_of(const struct context *c)
{
    size_t n = sizeof(*c) + arena_bytes(c->arena) + c->answer.n + trail_bytes(&c->trail);
    if (c->request)
        n += sizeof(*c->message) + c->request_bytes;
    if (c->message && message_is_parsed(c->message))
        n += c->request_bytes + PARSED_BYTES;
    if (c->best)
        n += sizeof(*c->best) + c->best->n;
    if (c->reasons)
        n += strlen(c->reasons) + 1;
    for (const struct attempt *a = c->attempts; a; a = a->next)
        n += sizeof(*a);
    return n;
}

void context_count(struct context *c)
{
    holding_count(c->holding, &c->counted, octets_of(c));
}

/* Refuses a request that may have been admitted before more was known of it. */
static void refuse_unadmitted(struct context *c, enum reason full)
{
    c->progress = PROGRESS_ARRIVED;
    context_refuse_stateless(c, full);
}

bool context_admit(struct context *c)
{
    enum reason full = holding_over(c->holding);
    if (full == REASON_OK)
        context_reaches(c, PROGRESS_ADMITTED);
    else
        refuse_unadmitted(c, full);
    return full == REASON_OK;
}

void context_reaches(struct context *c, enum progress progress)
{
    if (c->progress < progress)
        c->progress = progress;
}

static void free_request(struct context *c)
{
    if (c->message)
        message_fini(c->message);
    free(c->message);
    c->message = NULL;
    c->request = NULL;
}

static void free_heavy_parts(struct context *c)
{
    free_request(c);
    answer_base_fini(&c->answer);
    trail_fini(&c->trail);
    verifying_free(c->verifying);
    c->verifying = NULL;
    arena_free(c->arena);
    free(c->best);
    c->arena = NULL;
    c->best = NULL;
    c->kept = NULL;
    c->asked = NULL;
    c->call = NULL;
    c->outcome = NULL;
    c->call_id = (struct str){NULL, 0};
    c->leaving = NULL;
    c->seen = NULL;
    c->targets = NULL;
    c->n_targets = 0;
    context_count(c);
}

/*
 * No further attempt will come, so the request and what was made of it are not needed again. Calls
 * ring for half a minute, by thousands; a MESSAGE that nobody answers waits as long, and its client
 * transaction has its octets anyway.
 */
void context_shrink(struct context *c)
{
    if (!c->request || log_wants(LOG_LEVEL_DEBUG) ||
        (!c->answer.rests && !context_prepare_answer(c)) || !kept_call_make(c))
        return;
    free_request(c);
    c->asked = NULL;
    c->targets = NULL;
    c->n_targets = c->target = 0;
    context_count(c);
}

void context_free(struct context *c)
{
    struct proxy *p = c->proxy;
    wait_cancel(&c->wait);
    if (c->placed)
        placing_gone(c);
    if (c->server)
        server_transaction_detach(c->server);
    while (c->attempts) {
        struct attempt *a = c->attempts;
        c->attempts = a->next;
        client_transaction_detach(a->client);
        timer_clear(proxy_timers(p), &a->patience);
        tally_offer_ends(a);
        free(a);
    }
    context_uncount(c);
    context_acknowledged(c);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    free_heavy_parts(c);
    holding_count(c->holding, &c->counted, 0);
    holding_unref(c->holding);
    snapshot_unref(c->snapshot);
    free(c->reasons);
    free(c);
}

/*
 * Further 2xx to an INVITE go on to the caller for as long as the client transaction lives: by this
 * context where the caller has a connection, or is told something in them (refusing.h), by their
 * Via alone (relay.c) over UDP. After any other
 * end nobody needs it, once no attempt is left that might still have to be cancelled.
 */
static bool is_needed(const struct context *c)
{
    bool more_may_come = c->invite && c->status / 100 == 2 &&
                         (flow_is_reliable(&c->from) || c->reasons || c->placed);
    if (!c->finished || (c->server && c->unacknowledged[0]))
        return true;
    for (const struct attempt *a = c->attempts; a; a = a->next)
        if (more_may_come || a->heard != HEARD_FINAL)
            return true;
    return more_may_come && c->server;
}

void context_release_if_idle(struct context *c)
{
    if (!is_needed(c))
        context_free(c);
}

bool context_leavings_new(struct context *c)
{
    c->leaving = arena_array(c->arena, LEAVINGS, sizeof(*c->leaving));
    c->seen = arena_alloc(c->arena, sizeof(*c->seen));
    c->asked = arena_alloc(c->arena, sizeof(*c->asked));
    if (c->asked)
        c->asked->context = c;
    return c->leaving && c->seen && c->asked;
}

static bool keep_request(struct context *c, const struct message *request)
{
    c->arena = arena_new(ARENA_BYTES);
    c->message = malloc(sizeof(*c->message) + request->raw.n + 1);
    if (!c->message)
        return false;
    *c->message = (struct message){0};
    c->request = (char *)(c->message + 1);
    if (!c->arena || !context_leavings_new(c))
        return false;
    memcpy(c->request, request->raw.p, request->raw.n);
    c->request[request->raw.n] = '\0';
    c->request_bytes = (uint32_t)request->raw.n;
    return true;
}

bool context_parse(const struct context *c, struct message *m)
{
    struct str raw = {c->request, c->request_bytes};
    const struct settings *s = c->snapshot->settings;
    if (!c->request || (c->unmeasured ? message_parse_unmeasured(m, raw, s)
                                      : message_parse(m, raw, s)) != REASON_OK)
        return false;
    m->force_rport = nat_wants(c->snapshot->settings, &c->from.remote, NAT_FORCE_RPORT);
    if (message_set_received(m, &c->from.remote) == 0)
        return true;
    message_fini(m);
    return false;
}

static bool restore_answer(struct context *c)
{
    struct buf last = BUF_INIT;
    const bool restored = server_transaction_last_response(c->server, &last) &&
                          answer_base_restore(&c->answer, buf_str(&last));
    buf_fini(&last);
    return restored;
}

/* Makes ready what an answer of our own repeats; parses it anew when the request has left already.
 */
bool context_prepare_answer(struct context *c)
{
    struct message m;
    if (c->answer.lines)
        return true;
    if (c->answer.rests)
        return c->server && restore_answer(c);
    if (c->message && message_is_parsed(c->message))
        return answer_base_make(&c->answer, c->message);
    if (!context_parse(c, &m))
        return false;
    bool made = answer_base_make(&c->answer, &m);
    message_fini(&m);
    return made;
}

/* What the transaction keeps, BYTES, is the memory of a ringing call already. */
static void rest_answer(struct context *c, struct str bytes)
{
    if (server_transaction_keeps_last(c->server))
        answer_base_rest(&c->answer, bytes);
    context_count(c);
}

/*
 * What the next answer repeats is made ready first, for this one takes the place of the one that it
 * is made of.
 */
void context_pass_provisional(struct context *c, int status, struct str bytes)
{
    if (!c->server || c->finished || !context_prepare_answer(c))
        return;
    server_transaction_respond(c->server, status, bytes, proxy_now_ms());
    rest_answer(c, bytes);
}

static void on_server_ended(struct server_user *user, enum transaction_end why)
{
    struct context *c = container_of(user, struct context, server_user);
    if (why == TRANSACTION_TIMEOUT)
        log_debug("a refusal was never acknowledged");
    c->server = NULL;
    context_acknowledged(c);
    context_finish(c, c->status);
    context_release_if_idle(c);
}

static void on_server_waits(struct server_user *user)
{
    context_say_trying(container_of(user, struct context, server_user));
}

static const struct server_callbacks server_callbacks = {.ended = on_server_ended,
                                                         .waits = on_server_waits};

struct context *context_of_server(const struct server_transaction *t)
{
    struct server_user *user = server_transaction_user(t);
    return user ? container_of(user, struct context, server_user) : NULL;
}

struct context *context_new(struct proxy *p, struct message *request, const struct flow *from,
                            const struct flow *reply, enum source_class source_class,
                            const struct transaction_key *key)
{
    struct context *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->proxy = p;
    c->server_user.callbacks = &server_callbacks;
    wait_init(&c->wait, p, steps_wait_over);
    c->from = *from;
    c->source_class = source_class;
    c->invite = str_eq(request->method, STR("INVITE"));
    c->unmeasured = request->length_unclear;
    c->arrived_us = clock_monotonic_us();
    c->real_us = clock_real_us();
    c->sign_us = c->sent_us = -1;
    c->holding = holding_new(proxy_holdings(p), &from->remote,
                             c->invite ? HOLDING_CALL : HOLDING_OTHER);
    if (c->holding && keep_request(c, request) && message_set_received(request, &from->remote) == 0)
        c->server = server_transaction_new(proxy_transactions(p), key, c->invite, reply,
                                           &c->server_user, proxy_now_ms());
    if (!c->server) {
        free_heavy_parts(c);
        holding_count(c->holding, &c->counted, 0);
        holding_unref(c->holding);
        free(c);
        return NULL;
    }
    message_move(c->message, request, c->request);
    server_transaction_holds(c->server, c->holding);
    context_count(c);
    branch_tag_write(proxy_branches(p), c->message, c->tag);
    c->snapshot = snapshot_ref(proxy_snapshot(p));
    c->link = proxy_contexts(p);
    c->next = *c->link;
    if (c->next)
        c->next->link = &c->next;
    *c->link = c;
    count_add(&proxy_counters(p)->calls, c->invite);
    return c;
}

/* What its decision refuses by may have other words than usual. */
static struct str phrase_of(const struct context *c, int status)
{
    const struct outcome *o = c->outcome;
    return o && o->verdict == VERDICT_REJECT && o->sip_status == status ? o->sip_phrase : STR("");
}

/*
 * Its To has our own tag, whatever tag a provisional of a callee had: that one names a dialog of
 * the callee, who did not say this. All that we say of a request has the one tag, our 200 to its
 * CANCEL too (RFC 3261 sections 8.2.6.2, 9.2). The caller matches a final by its Via (17.1.3), and
 * ends all its early dialogs by it (13.2.2.3).
 */
void context_answer_as(struct context *c, int status, struct str phrase, struct str extra)
{
    struct buf *out = proxy_scratch(c->proxy), lines = BUF_INIT;
    if (!c->server || c->finished)
        return;
    buf_add_str(&lines, refusing_lines(c, status));
    buf_add_str(&lines, extra);
    buf_reset(out);
    if (buf_failed(&lines) || !context_prepare_answer(c))
        out->failed = true;
    else
        answer_write_as(&c->answer, status, phrase, str_of(c->tag), buf_str(&lines), out);
    buf_fini(&lines);
    if (!buf_failed(out))
        server_transaction_respond(c->server, status, buf_str(out), proxy_now_ms());
    if (status >= 200)
        context_finish(c, status);
    else if (!buf_failed(out))
        rest_answer(c, buf_str(out));
}

void context_answer(struct context *c, int status, struct str extra)
{
    context_answer_as(c, status, phrase_of(c, status), extra);
}

void context_say_trying(struct context *c)
{
    if (c->invite && c->server && !server_transaction_has_responded(c->server))
        context_answer(c, 100, (struct str){NULL, 0});
}

/* Only an overload or a drain of stird as a whole (Decided 15), or a trunk that an operator has
   disabled, tells the SBC to stay away for a while. */
static struct str extra_lines(enum reason reason, int status)
{
    if (status == 503 && (reason == REASON_OVERLOADED || reason == REASON_DRAINING ||
                          reason == REASON_DRAINED || reason == REASON_TRUNK_DISABLED))
        return STR("Retry-After: 5\r\n");
    return (struct str){NULL, 0};
}

static void tell_of_ceiling(const struct context *c, enum reason reason)
{
    const struct full_request r = {
        .source = c->from.remote,
        .trunk = c->call && c->call->trunk ? c->call->trunk->name : STR(""),
        .call_id = received_call_id((struct str){c->request, c->request ? c->request_bytes : 0})};
    full_refused(c->proxy, reason, &r);
}

/* How the SBC of a trunk that asks by redirect is told of it by its dialect, all of it to LINES.
   False: as usual. */
static bool say_in_dialect(struct context *c, enum reason reason, int *status, struct buf *lines)
{
    struct redirect_answer a;
    if (!answering_refusal(c, reason, *status, &a))
        return false;
    buf_add_str(lines, a.lines);
    if (a.says_blocked)
        refusing_forget(c);
    if (c->outcome && c->outcome->reason == reason && c->outcome->verdict == VERDICT_REJECT) {
        c->outcome->sip_status = a.status;
        c->outcome->sip_phrase = a.phrase;
    }
    *status = a.status;
    return true;
}

/* Why, in words, where the decision has some. */
static void tell_refusal(struct context *c, enum reason reason, int status, struct buf *lines)
{
    struct outcome *o = c->outcome;
    if (!o || o->reason != reason)
        return;
    if (network_blocked_tells(c->snapshot->settings, o)) {
        o->sip_phrase = STR(NETWORK_BLOCKED);
        refusing_forget(c); /* that answer has one Reason alone */
        network_blocked_add(c->snapshot->settings, lines);
    } else if (o->refusal_text.n > 0) {
        buf_addf(lines, "Reason: SIP;cause=%d;text=\"%.*s\"\r\n", status,
                 STR_ARG(o->refusal_text)); /* RFC 3326; conf lets no quotes in */
    }
}

void context_refuse_with(struct context *c, enum reason reason, struct str extra)
{
    int status = reason_sip_status(reason);
    struct whole_call whole;
    if (c->progress < PROGRESS_ADMITTED && !context_admit(c))
        return;
    kept_call_restore(c, &whole);
    /* A next hop that cannot be reached counts as one that said 503 (section 16.9). */
    if (reason == REASON_NO_UPSTREAM && !c->snapshot->settings->pass_503)
        status = 500;
    if (c->outcome && c->outcome->verdict == VERDICT_REJECT && c->outcome->reason == reason)
        status = c->outcome->sip_status;
    c->refused = c->sent_us < 0;
    c->refused_for = reason;
    tell_of_ceiling(c, reason);
    c->cause = cause_of_answer(reason, c->refused || (c->outcome && c->outcome->reason == reason));
    if (c->outcome && reason != c->outcome->reason && c->sent_us < 0) {
        c->outcome->verdict = VERDICT_REJECT;
        c->outcome->reason = reason;
        c->outcome->sip_status = status;
    }
    if (c->refused && !c->finished)
        shadow_compare(c);
    struct buf lines = BUF_INIT;
    const bool is_said = say_in_dialect(c, reason, &status, &lines);
    buf_add_str(&lines, extra_lines(reason, status));
    buf_add_str(&lines, extra);
    if (!is_said)
        tell_refusal(c, reason, status, &lines);
    context_answer(c, status, buf_str(&lines));
    buf_fini(&lines);
    kept_call_rest(c);
}

void context_refuse(struct context *c, enum reason reason)
{
    context_refuse_with(c, reason, (struct str){NULL, 0});
}

void context_refuse_stateless(struct context *c, enum reason reason)
{
    struct proxy *p = c->proxy;
    int status = reason_sip_status(reason);
    c->refused = true;
    c->refused_for = reason;
    c->cause = cause_of_answer(reason, true);
    if (c->outcome) {
        c->outcome->verdict = VERDICT_REJECT;
        c->outcome->reason = reason;
        c->outcome->sip_status = status;
    }
    TALLY(c, limited, c->invite);
    tell_of_ceiling(c, reason);
    struct buf lines = BUF_INIT;
    struct flow reply = reply_flow(c->message, &c->from);
    (void)say_in_dialect(c, reason, &status, &lines);
    buf_add_str(&lines, extra_lines(reason, status));
    reply_stateless_as(p, c->message, &reply, status, phrase_of(c, status), buf_str(&lines));
    buf_fini(&lines);
    context_finish(c, status); /* without an answer of its own the transaction ends with it */
}

void context_uncount(struct context *c)
{
    for (unsigned i = 0; i < CALL_COUNTS; i++)
        limits_give(proxy_limits(c->proxy), &c->in_progress[i]);
    tally_call_ends(c);
}

void context_acknowledged(struct context *c)
{
    for (unsigned i = 0; i < 2; i++)
        limits_give(proxy_limits(c->proxy), &c->unacknowledged[i]);
}

static struct str upstream_name(const struct context *c)
{
    const struct attempt *a = c->current;
    return a && a->target.upstream ? a->target.upstream->name : STR("");
}

static struct str digits(const struct context *c, const struct tn *tn, struct buf *room)
{
    const struct tn shown = masked_number(tn, c->snapshot->settings->mask_numbers);
    buf_reset(room);
    buf_add_str(room, tn_str(&shown));
    return buf_failed(room) || room->n == 0 ? STR("-") : buf_str(room);
}

/* Logs, at level debug, how the decision came about. */
static void log_trace(const struct context *c)
{
    struct buf what = BUF_INIT;
    for (unsigned i = 0; i < c->outcome->n_trace; i++) {
        buf_reset(&what);
        masked_text(&what, c->outcome->trace[i], c->snapshot->settings->mask_numbers);
        log_debug("decision", LOG_TEXT("call_id", c->call->call_id), LOG_NUMBER("step", i + 1),
                  LOG_TEXT("what", buf_str(&what)));
    }
    buf_fini(&what);
}

static void log_decision(const struct context *c)
{
    const struct outcome *o = c->outcome;
    if (!log_wants(LOG_LEVEL_INFO))
        return;
    struct buf orig = BUF_INIT, dest = BUF_INIT, requested = BUF_INIT, source = BUF_INIT,
               detail = BUF_INIT;
    masked_text(&detail, o->detail, c->snapshot->settings->mask_numbers);
    address_add(&source, &c->call->source);
    const struct verified *v = o->verified;
    char level = v && v->level ? v->level : o->verdict == VERDICT_SIGN ? o->claims.attest : '-';
    log_info("call", LOG_TEXT("call_id", c->call->call_id),
             LOG_TEXT("trunk", c->call->trunk ? c->call->trunk->name : STR("-")),
             LOG_TEXT("orig", digits(c, &o->claims.orig, &orig)),
             LOG_TEXT("dest", digits(c, &o->claims.dest, &dest)),
             LOG_TEXT("decision", verdict_name(o->verdict)),
             v ? LOG_TEXT("verified", verification_class_name(v->class)) : LOG_NOTHING,
             v && v->elsewhere.n > 0 ? LOG_TEXT("requested", digits(c, &v->elsewhere, &requested))
                                     : LOG_NOTHING,
             LOG_TEXT("level", ((struct str){&level, 1})),
             outcome_was_withheld(o) ? LOG_TEXT("withheld", ((struct str){&o->claims.attest, 1}))
                                     : LOG_NOTHING,
             LOG_TEXT("reason", reason_name(o->reason)), LOG_TEXT("upstream", upstream_name(c)),
             LOG_NUMBER("status", c->status), LOG_TEXT("cause", cause_name(c->cause)),
             LOG_NUMBER("tried", c->trail.n),
             o->detail.n > 0 ? LOG_TEXT("detail", buf_str(&detail)) : LOG_NOTHING,
             c->call->trunk ? LOG_NOTHING : LOG_TEXT("source", buf_str(&source)));
    buf_fini(&orig);
    buf_fini(&dest);
    buf_fini(&requested);
    buf_fini(&source);
    buf_fini(&detail);
}

void proxy_write_record(struct proxy *p, const struct ledger_entry *entry)
{
    failed_calls_note(proxy_failed_calls(p), entry);
    buf_reset(proxy_scratch(p));
    ledger_pack(proxy_scratch(p), entry);
    if (buf_failed(proxy_scratch(p)))
        recording_drop(proxy_recording(p));
    else
        recording_send(proxy_recording(p), buf_str(proxy_scratch(p)));
}

/* What was made for the next hop that counts: an earlier one than the last may be the final one. */
static const struct leaving *left_as(const struct context *c)
{
    for (unsigned i = 0; i < LEAVINGS; i++)
        if (c->outcome && c->leaving[i].outcome == c->outcome)
            return &c->leaving[i];
    return &c->leaving[context_leaves(c)];
}

/* Writes one record for each INVITE, when it is known how it ended. */
static void write_record(struct context *c)
{
    const struct ledger_entry entry = {
        .settings = c->snapshot->settings,
        .call = c->call,
        .outcome = c->outcome,
        .upstream = upstream_name(c),
        .monitor = c->monitor ? str_of(c->monitor) : STR(""),
        .sip_status = c->status,
        .cause = c->cause,
        .tried = c->trail.list,
        .n_tried = c->trail.n,
        .tokens = left_as(c)->identities,
        .n_tokens = left_as(c)->n_identities,
        .seen = c->seen,
        .ts_us = c->real_us,
        .sign_us = c->sign_us,
        .total_us = c->sent_us < 0 ? -1 : c->sent_us - c->arrived_us,
        .config_generation = c->snapshot->generation,
        .numbers_generation = c->snapshot->numbers_generation,
    };
    proxy_write_record(c->proxy, &entry);
    log_decision(c);
}

/* For one that was refused before it was decided, by itself or with others of its source. */
static struct undecided undecided_of(const struct context *c)
{
    struct str request = {c->request, c->request ? c->request_bytes : 0};
    return (struct undecided){
        .source = c->from.remote,
        .invite = c->invite,
        .emergency = c->outcome && c->outcome->emergency,
        .reason = c->outcome ? c->outcome->reason : c->refused_for,
        .sip_status = c->status,
        .call_id = received_call_id(request),
        .trunk = c->call && c->call->trunk ? c->call->trunk->name : STR(""),
        .detail = c->outcome ? c->outcome->detail : STR(""),
    };
}

static void count_outcome(struct context *c)
{
    const struct outcome *o = c->outcome;
    TALLY(c, signed_calls, o->verdict == VERDICT_SIGN);
    TALLY(c, passed_calls, o->verdict == VERDICT_PASS);
    TALLY(c, rejected_calls, o->verdict == VERDICT_REJECT);
    TALLY(c, by_cause[c->cause], 1);
    count_add(&proxy_counters(c->proxy)->by_reason[o->reason], 1);
    if (o->verdict == VERDICT_SIGN)
        TALLY(c, by_level[o->claims.attest - 'A'], 1);
    if (outcome_was_withheld(o))
        TALLY(c, withheld_by_level[o->claims.attest - 'A'], 1);
}

/* Notes a source whose request was refused because of where it comes from, not because of what it
   is. */
static void note_source(const struct context *c)
{
    enum reason reason = c->outcome ? c->outcome->reason : c->refused_for;
    struct str request = {c->request, c->request ? c->request_bytes : 0};
    if (reason == REASON_NO_TRUNK)
        refused_sources_note(c->proxy, &c->from, UNHEARD_NO_TRUNK, request);
    else if (reason == REASON_FROM_UPSTREAM)
        refused_sources_note(c->proxy, &c->from, UNHEARD_UPSTREAM, request);
}

static bool is_alone(const struct context *c)
{
    const struct undecided u = undecided_of(c);
    return undecided_alone(c->proxy, &u);
}

/* A call that was refused before it was decided may be an emergency call all the same. */
static void note_lost_emergency(struct context *c)
{
    c->outcome->emergency |= emergency_of_call(c->snapshot->settings, c->call) != EMERGENCY_NONE;
    const struct undecided u = undecided_of(c);
    if (u.emergency)
        lost_emergency_note(c->proxy, &u);
}

/*
 * Writes what is kept about an INVITE. One inside a dialog of ours leaves no record unless we
 * refused it; another request leaves none unless it was above a ceiling.
 */
static void tell(struct context *c)
{
    if (c->refused)
        note_source(c);
    if (c->call && c->outcome) {
        if (c->refused)
            note_lost_emergency(c);
        count_outcome(c);
        if (c->progress >= PROGRESS_DECIDED || is_alone(c))
            write_record(c);
        log_trace(c);
    } else if (c->refused && (c->invite || c->progress < PROGRESS_ADMITTED)) {
        const struct undecided u = undecided_of(c);
        undecided_tell(c->proxy, &u);
    }
}

void context_set_winner(struct context *c, struct attempt *a)
{
    c->current = a;
    kept_call_left(c, a->leaves);
    if (c->leaving && c->leaving[a->leaves].outcome)
        c->outcome = c->leaving[a->leaves].outcome;
}

void context_end(struct context *c, int status, enum cause cause)
{
    c->cause = c->finished ? c->cause : cause;
    context_finish(c, status);
}

static void wait_for_ack(struct context *c)
{
    struct limits *limits = proxy_limits(c->proxy);
    c->unacknowledged[0] = limits_take(limits, LIMIT_TRUNK_ANSWERS, c->call->trunk->name);
    c->unacknowledged[1] = limits_take(limits, LIMIT_SOURCE_ANSWERS,
                                       limits_source_name(&c->from.remote));
}

void context_finish(struct context *c, int status)
{
    struct proxy *p = c->proxy;
    struct whole_call whole;
    if (c->finished)
        return;
    kept_call_restore(c, &whole);
    c->finished = true;
    c->status = status;
    wait_cancel(&c->wait);
    for (struct attempt *a = c->attempts; a; a = a->next)
        timer_clear(proxy_timers(p), &a->patience);
    rating_ended(c, status);
    if (c->placed)
        placing_ended(c);
    tell(c);
    context_uncount(c);
    if (c->server && c->call && c->call->trunk && server_transaction_final_status(c->server) >= 300)
        wait_for_ack(c);
    if (c->server && server_transaction_final_status(c->server) == 0) {
        server_transaction_abandon(c->server);
        c->server = NULL;
    }
    count_take(&proxy_counters(p)->calls, c->invite);
    c->current = NULL;
    free_heavy_parts(c);
    proxy_call_ended(p);
}
