/*
 * The server side: RFC 3261 section 17.2, RFC 6026 section 7.1. Answers come from the user of the
 * transaction.
 *
 * INVITE:
 *
 *   request ----> PROCEEDING     200 ms without an answer: the user is told, who sends the 100
 *                  |  |          1xx: sent
 *                  |  |          the request again: the last answer again
 *      2xx: sent   |  |   300-699: sent
 *          +-------+  +-------+
 *          v                  v
 *      ACCEPTED           COMPLETED ------ H (64*T1): end: timeout
 *       the request again:    |   G: the answer again at T1, doubled up to T2 (UDP)
 *        absorbed             |   the request again: the answer again
 *       2xx: sent             |
 *       ACK: passes           |
 *       L (64*T1): end        | ACK
 *                             v
 *                         CONFIRMED
 *                          I (T4; on a stream at once): end
 *
 * Others:
 *
 *   request ----> PROCEEDING     1xx: sent
 *                     |          the request again: the last answer again
 *                     | 200-699: sent
 *                     v
 *                 COMPLETED      the request again: the answer again
 *                  J (64*T1; on a stream at once): end
 *
 * An answer that cannot be sent changes no state: transport errors are ignored here, and the timers
 * end the transaction (section 17.2.4 would tell the user, who has nothing to do about it).
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "phrased.h"
#include "transaction_internal.h"

enum server_state {
    SERVER_PROCEEDING, /* before the first answer too; `response` tells them apart */
    SERVER_ACCEPTED,   /* INVITE answered 2xx (RFC 6026) */
    SERVER_COMPLETED,
    SERVER_CONFIRMED /* INVITE refused and acknowledged */
};

/* What is left of one whose user is gone, for half a minute: it gives back the rest. */
enum lingers {
    LINGERS_NOT,
    LINGERS_ABSORBING, /* copies of an INVITE that was accepted: all from `reply` on is gone */
    LINGERS_ANSWERING  /* copies of another request, as before: all from `user` on is gone */
};

struct server_transaction {
    struct transaction_node node;
    struct transactions *all;
    struct holding *holding; /* NULL: nobody counts */
    struct timer timer;      /* `again` or `end`, whichever comes first */
    uint32_t counted;
    uint16_t final_status;
    uint8_t late_ms; /* of `again`: by how much it is due later than asked for */
    bool invite : 1;
    unsigned state : 2, why : 3, lingers : 2; /* why: of its end */

    struct flow reply;
    char *response; /* the last one, while it may be sent again */
    uint32_t response_bytes;
    bool is_phrased, is_kept; /* the response; is_kept: it is the last one that was sent */

    struct server_user *user; /* NULL: gone */
    int64_t end_ms;           /* H, I, J, L; 0: not yet */
    uint32_t interval_ms;     /* of timer G */
};

void server_transaction_free(struct transactions *all, struct transaction_node *node)
{
    struct server_transaction *t = container_of(node, struct server_transaction, node);
    transaction_table_remove(&all->servers, node);
    timer_clear(all->timers, &t->timer);
    if (t->lingers != LINGERS_ABSORBING) {
        flow_release(&t->reply);
        free(t->response);
    }
    transaction_count(t->holding, &t->counted, 0);
    holding_unref(t->holding);
    free(t);
}

static size_t own_bytes(const struct server_transaction *t)
{
    static const size_t bytes[] = {
        [LINGERS_NOT] = sizeof(struct server_transaction),
        [LINGERS_ABSORBING] = offsetof(struct server_transaction, reply),
        [LINGERS_ANSWERING] = offsetof(struct server_transaction, user),
    };
    return bytes[t->lingers];
}

static void count(struct server_transaction *t)
{
    transaction_count(t->holding, &t->counted,
                      own_bytes(t) + (t->lingers == LINGERS_ABSORBING ? 0 : t->response_bytes));
}

/* Gives back what is not needed any more. T may be at another place afterwards. */
static void linger(struct server_transaction *t, enum lingers how)
{
    if (how == LINGERS_ABSORBING) {
        flow_release(&t->reply);
        free(t->response);
    }
    t->lingers = how;
    count(t);
    transaction_shrink(&t->all->servers, &t->node, &t->timer, own_bytes(t));
}

void server_transaction_holds(struct server_transaction *t, struct holding *holding)
{
    t->holding = holding_ref(holding);
    count(t);
}

static void on_wait(struct timer *timer, int64_t now_ms)
{
    struct server_transaction *t = container_of(timer, struct server_transaction, timer);
    (void)now_ms;
    if (t->user)
        t->user->callbacks->waits(t->user);
}

struct server_transaction *server_transaction_new(struct transactions *all,
                                                  const struct transaction_key *key, bool invite,
                                                  const struct flow *reply,
                                                  struct server_user *user, int64_t now_ms)
{
    struct server_transaction *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    t->all = all;
    t->reply = *reply;
    flow_hold(reply);
    t->user = user;
    t->invite = invite;
    transaction_table_add(&all->servers, &t->node, key);
    if (invite)
        timer_set(all->timers, &t->timer, on_wait, now_ms + TRANSACTION_TRYING_MS);
    return t;
}

struct server_transaction *server_transaction_find(struct transactions *all,
                                                   const struct transaction_key *key)
{
    struct transaction_node *node = transaction_table_find(&all->servers, key);
    return node ? container_of(node, struct server_transaction, node) : NULL;
}

struct server_user *server_transaction_user(const struct server_transaction *t)
{
    return t->lingers != LINGERS_NOT ? NULL : t->user;
}

static void add_response(const struct server_transaction *t, struct buf *out)
{
    const struct str kept = {t->response, t->response_bytes};
    if (t->is_phrased)
        phrased_add(out, kept);
    else
        buf_add_str(out, kept);
}

bool server_transaction_last_response(const struct server_transaction *t, struct buf *out)
{
    if (t->lingers == LINGERS_ABSORBING || !t->response)
        return false;
    add_response(t, out);
    return !buf_failed(out);
}

bool server_transaction_has_responded(const struct server_transaction *t)
{
    return t->lingers != LINGERS_NOT || t->response;
}

bool server_transaction_keeps_last(const struct server_transaction *t)
{
    return t->lingers != LINGERS_ABSORBING && t->is_kept;
}

int server_transaction_final_status(const struct server_transaction *t)
{
    return t->final_status;
}

static void on_end(struct timer *timer, int64_t now_ms)
{
    struct server_transaction *t = container_of(timer, struct server_transaction, timer);
    struct transactions *all = t->all;
    (void)now_ms;
    struct server_user *user = server_transaction_user(t);
    if (user)
        user->callbacks->ended(user, (enum transaction_end)t->why);
    server_transaction_free(all, &t->node);
}

/* A transaction may linger a little longer than it must: many end in one wake-up. */
static void end_at(struct server_transaction *t, int64_t due_ms, enum transaction_end why)
{
    t->why = why;
    t->end_ms = due_ms;
    timer_set_late(t->all->timers, &t->timer, on_end, due_ms);
}

void server_transaction_detach(struct server_transaction *t)
{
    t->user = NULL;
    if (t->state == SERVER_ACCEPTED)
        linger(t, LINGERS_ABSORBING);
    else if (t->state == SERVER_COMPLETED && !t->invite)
        linger(t, LINGERS_ANSWERING);
}

void server_transaction_abandon(struct server_transaction *t)
{
    server_transaction_free(t->all, &t->node);
}

static void send_response(const struct server_transaction *t)
{
    struct buf text = BUF_INIT;
    if (!t->response)
        return;
    if (t->is_phrased)
        add_response(t, &text);
    if (!buf_failed(&text))
        t->all->hooks.send(t->all->hooks.context, &t->reply,
                           t->is_phrased ? buf_str(&text)
                                         : (struct str){t->response, t->response_bytes});
    buf_fini(&text);
}

void server_transaction_say_again(const struct transaction_node *node)
{
    const struct server_transaction *t = container_of(node, struct server_transaction, node);
    if (t->invite && t->state == SERVER_COMPLETED && !flow_is_reliable(&t->reply))
        send_response(t);
}

/* What waits for long is pressed: a provisional one while the call rings, the answer to another
   request. A 100 and a refusal of an INVITE have something behind them soon. */
static bool is_for_long(const struct server_transaction *t, int status)
{
    return t->invite ? status > 100 && status < 200 : status >= 200 && !flow_is_reliable(&t->reply);
}

/* Of *N octets; NULL: no memory. */
static char *copy_response(const struct server_transaction *t, int status, struct str response,
                           uint32_t *n, bool *is_phrased)
{
    if (is_for_long(t, status))
        return phrased_copy(response, n, is_phrased);
    char *copy = malloc(response.n);
    if (copy)
        memcpy(copy, response.p, response.n);
    *n = (uint32_t)response.n;
    *is_phrased = false;
    return copy;
}

/* What a provisional one replaces stays where there is no room for it: the caller heard it. */
static void keep_response(struct server_transaction *t, int status, struct str response)
{
    const bool fits = response.n <= t->response_bytes ||
                      holding_may_grow(t->holding, response.n - t->response_bytes);
    uint32_t n = 0;
    bool is_phrased = false;
    char *copy = response.n > 0 && fits ? copy_response(t, status, response, &n, &is_phrased)
                                        : NULL;
    t->is_kept = copy != NULL;
    if (!copy && status < 200)
        return;
    free(t->response);
    t->response = copy;
    t->response_bytes = copy ? n : 0;
    t->is_phrased = is_phrased;
    count(t);
}

static void again_in(struct server_transaction *t, int64_t from_ms);

/* Timer G: the final response again, at T1, 2*T1, 4*T1 ... T2 (17.2.1). */
static void on_again(struct timer *timer, int64_t now_ms)
{
    struct server_transaction *t = container_of(timer, struct server_transaction, timer);
    uint32_t doubled = t->interval_ms * 2;
    send_response(t);
    t->interval_ms = doubled < t->all->timing.t2_ms ? doubled : t->all->timing.t2_ms;
    again_in(t, transaction_again_from(timer, t->late_ms, t->interval_ms, now_ms));
}

/* In the place of the timer for its end, which is as long as that comes later. */
static void again_in(struct server_transaction *t, int64_t from_ms)
{
    if (from_ms + t->interval_ms < t->end_ms)
        t->late_ms = (uint8_t)timer_set_about(t->all->timers, &t->timer, on_again, from_ms,
                                              t->interval_ms);
    else
        end_at(t, t->end_ms, (enum transaction_end)t->why);
}

static void invite_completed(struct server_transaction *t, int64_t now_ms)
{
    const struct transaction_timing *timing = &t->all->timing;
    t->state = SERVER_COMPLETED;
    end_at(t, now_ms + 64 * (int64_t)timing->t1_ms, TRANSACTION_TIMEOUT); /* H */
    if (flow_is_reliable(&t->reply))
        return;
    t->interval_ms = timing->t1_ms;
    again_in(t, now_ms);
}

static void invite_accepted(struct server_transaction *t, int64_t now_ms)
{
    t->state = SERVER_ACCEPTED;
    end_at(t, now_ms + 64 * (int64_t)t->all->timing.t1_ms, TRANSACTION_DONE); /* L */
}

static void other_completed(struct server_transaction *t, int64_t now_ms)
{
    bool reliable = flow_is_reliable(&t->reply);
    t->state = SERVER_COMPLETED;
    end_at(t, now_ms + (reliable ? 0 : 64 * (int64_t)t->all->timing.t1_ms),
           TRANSACTION_DONE); /* J */
}

bool server_transaction_respond(struct server_transaction *t, int status, struct str response,
                                int64_t now_ms)
{
    if (t->lingers != LINGERS_NOT)
        return false;
    if (t->state == SERVER_ACCEPTED && status / 100 == 2) {
        t->all->hooks.send(t->all->hooks.context, &t->reply, response);
        return true;
    }
    if (t->state != SERVER_PROCEEDING)
        return false;
    timer_clear(t->all->timers, &t->timer); /* no 100 is waited for */
    /* A 2xx to INVITE is said again by those who answered (RFC 6026 section 7.1). */
    keep_response(t, status, t->invite && status / 100 == 2 ? (struct str){NULL, 0} : response);
    t->all->hooks.send(t->all->hooks.context, &t->reply, response);
    if (status < 200)
        return true;
    t->final_status = (uint16_t)status;
    if (!t->invite)
        other_completed(t, now_ms);
    else if (status < 300)
        invite_accepted(t, now_ms);
    else
        invite_completed(t, now_ms);
    return true;
}

void server_transaction_request_again(struct server_transaction *t, int64_t now_ms)
{
    (void)now_ms;
    if (t->state == SERVER_PROCEEDING || t->state == SERVER_COMPLETED)
        send_response(t);
}

bool server_transaction_ack(struct server_transaction *t, int64_t now_ms)
{
    if (t->state == SERVER_ACCEPTED)
        return true;
    if (t->state == SERVER_COMPLETED && t->invite) {
        bool reliable = flow_is_reliable(&t->reply);
        t->state = SERVER_CONFIRMED;
        keep_response(t, t->final_status, (struct str){NULL, 0});
        end_at(t, now_ms + (reliable ? 0 : t->all->timing.t4_ms), TRANSACTION_DONE); /* I */
    }
    return false;
}
