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
#include <stdlib.h>
#include <string.h>

#include "transaction_internal.h"

enum server_state {
    SERVER_PROCEEDING, /* before the first answer too; `response` tells them apart */
    SERVER_ACCEPTED,   /* INVITE answered 2xx (RFC 6026) */
    SERVER_COMPLETED,
    SERVER_CONFIRMED /* INVITE refused and acknowledged */
};

struct server_transaction {
    struct transaction_node node;
    struct transactions *all;
    struct flow reply;
    struct server_user *user; /* NULL: gone */
    char *response;           /* the last one, while it may be sent again */
    struct holding *holding;  /* NULL: nobody counts */
    struct timer timer;       /* `again` or `end`, whichever comes first */
    int64_t end_ms;           /* H, I, J, L; 0: not yet */
    uint32_t response_bytes;
    uint32_t counted;
    uint32_t interval_ms; /* of timer G */
    uint16_t final_status;
    uint8_t late_ms; /* of `again`: by how much it is due later than asked for */
    bool invite : 1;
    unsigned state : 2, why : 3; /* why: of its end */
};

void server_transaction_free(struct transactions *all, struct transaction_node *node)
{
    struct server_transaction *t = container_of(node, struct server_transaction, node);
    transaction_table_remove(&all->servers, node);
    timer_clear(all->timers, &t->timer);
    flow_release(&t->reply);
    transaction_count(t->holding, &t->counted, 0);
    holding_unref(t->holding);
    free(t->response);
    free(t);
}

static void count(struct server_transaction *t)
{
    transaction_count(t->holding, &t->counted, sizeof(*t) + t->response_bytes);
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
    return t->user;
}

struct str server_transaction_last_response(const struct server_transaction *t)
{
    return (struct str){t->response, t->response_bytes};
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
    if (t->user)
        t->user->callbacks->ended(t->user, (enum transaction_end)t->why);
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
}

void server_transaction_abandon(struct server_transaction *t)
{
    server_transaction_free(t->all, &t->node);
}

static void send_response(const struct server_transaction *t)
{
    if (t->response)
        t->all->hooks.send(t->all->hooks.context, &t->reply,
                           (struct str){t->response, t->response_bytes});
}

void server_transaction_say_again(const struct transaction_node *node)
{
    const struct server_transaction *t = container_of(node, struct server_transaction, node);
    if (t->invite && t->state == SERVER_COMPLETED && !flow_is_reliable(&t->reply))
        send_response(t);
}

/* What a provisional one replaces stays where there is no room for it: the caller heard it. */
static void keep_response(struct server_transaction *t, int status, struct str response)
{
    const bool fits = response.n <= t->response_bytes ||
                      holding_may_grow(t->holding, response.n - t->response_bytes);
    char *copy = response.n > 0 && fits ? malloc(response.n) : NULL;
    if (!copy && status < 200)
        return;
    free(t->response);
    t->response = copy;
    t->response_bytes = copy ? (uint32_t)response.n : 0;
    if (copy)
        memcpy(copy, response.p, response.n);
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
