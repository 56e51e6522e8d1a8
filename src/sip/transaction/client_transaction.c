/*
 * The client side: RFC 3261 section 17.1, RFC 6026 section 7.2. "up": to the user of the
 * transaction.
 *
 * INVITE:
 *
 *   request ----> CALLING ---- B (64*T1) -------------> end: timeout
 *     A: again,    |  |  `----- transport error -> FAILED -> end: transport error
 *     doubled      |  |
 *     (UDP)        |  | 1xx: up; A and B stop
 *                  |  v
 *                  | PROCEEDING ---- 64*T1, once it has a limit or lost its connection --> end
 *                  |  |   1xx: up
 *                  v  v
 *       2xx: up   +----+   300-699: up, ACK sent
 *          +------+    +------+
 *          v                  v
 *      ACCEPTED           COMPLETED
 *       2xx: up            300-699: the ACK again
 *       M (64*T1): end     D (32 s; on a stream at once): end
 *
 * A connection that is closed in PROCEEDING begins 64*T1, if nothing has; one that broke tells the
 * user and begins it anew. Both end with: connection lost. A transport error matters in CALLING
 * alone: in ACCEPTED, COMPLETED, and in PROCEEDING where no connection is lost, it is ignored.
 *
 * Others:
 *
 *   request ----> CALLING ---- F (64*T1) -------------> end: timeout
 *     E: again,    |  |  `----- transport error -> FAILED -> end: transport error
 *     doubled      |  |
 *     up to T2     |  | 1xx: up; E by T2, F goes on
 *     (UDP)        |  v
 *                  | PROCEEDING ---- F --------------> end: timeout
 *                  |  |   `--- connection broke: user told, 64*T1 in place of F
 *                  |  |                           ---> end: connection lost
 *                  v  v
 *                  |  |    200-699: up
 *                COMPLETED
 *                  K (T4; on a stream at once): end
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "skeleton.h"
#include "transaction_internal.h"

#define TIMER_D_MS 32000 /* at least 32 s, for any T1 (17.1.1.2) */

enum client_state {
    CLIENT_CALLING, /* of a non-INVITE: Trying */
    CLIENT_PROCEEDING,
    CLIENT_ACCEPTED, /* INVITE got a 2xx (RFC 6026) */
    CLIENT_COMPLETED,
    CLIENT_FAILED /* waits for its turn to say so */
};

/* What is kept of an INVITE, less and less: the request while it may be sent again, what ACK and
   CANCEL need of it once it got a response, the ACK of a refusal. Of others the request alone. */
enum keeps { KEEPS_NOTHING, KEEPS_REQUEST, KEEPS_SKELETON, KEEPS_ACK };

/*
 * While it may be sent again, or cancelled. One that was accepted, and whose user is gone, only
 * tells further 2xx of its INVITE from strangers' for half a minute: over UDP it gives back all
 * from `user` on (lingers).
 */
struct client_transaction {
    struct transaction_node node;
    struct transactions *all;
    struct flow to;
    struct holding *holding; /* NULL: nobody counts */
    struct timer timer;      /* `again` or `end`, whichever comes first */
    uint32_t counted;
    uint8_t state : 4, keeps : 4;
    uint8_t late_ms; /* of `again`: by how much it is due later than asked for */
    bool invite : 1, unread : 1, lingers : 1;
    unsigned why : 3; /* of its end */

    struct client_user *user;        /* NULL: nobody, or gone */
    struct skeleton kept;            /* of request and ACK the text and its length alone */
    int64_t end_ms;                  /* B, D, F, K, M; 0: it has none */
    uint32_t interval_ms;            /* of timer A, E */
    struct channel_member channel[]; /* one where the flow is reliable */
};

#define LINGERING_BYTES offsetof(struct client_transaction, user)

static size_t own_bytes(const struct flow *to)
{
    return sizeof(struct client_transaction) +
           (flow_is_reliable(to) ? sizeof(struct channel_member) : 0);
}

static void keep_nothing(struct client_transaction *t)
{
    skeleton_fini(&t->kept);
    t->keeps = KEEPS_NOTHING;
}

void client_transaction_free(struct transactions *all, struct transaction_node *node)
{
    struct client_transaction *t = container_of(node, struct client_transaction, node);
    transaction_table_remove(&all->clients, node);
    timer_clear(all->timers, &t->timer);
    if (flow_is_reliable(&t->to))
        channel_leave(t->channel);
    flow_release(&t->to);
    transaction_count(t->holding, &t->counted, 0);
    holding_unref(t->holding);
    if (!t->lingers)
        keep_nothing(t);
    free(t);
}

static void count(struct client_transaction *t)
{
    transaction_count(t->holding, &t->counted,
                      t->lingers ? LINGERING_BYTES : own_bytes(&t->to) + t->kept.n);
}

/* Gives back what is not needed any more. T may be at another place afterwards. */
static void linger(struct client_transaction *t)
{
    keep_nothing(t);
    t->lingers = true;
    count(t);
    transaction_shrink(&t->all->clients, &t->node, &t->timer, LINGERING_BYTES);
}

void client_transaction_holds(struct client_transaction *t, struct holding *holding)
{
    t->holding = holding_ref(holding);
    count(t);
}

static void on_end(struct timer *timer, int64_t now_ms)
{
    struct client_transaction *t = container_of(timer, struct client_transaction, timer);
    struct transactions *all = t->all;
    (void)now_ms;
    struct client_user *user = client_transaction_user(t);
    if (user)
        user->callbacks->ended(user, (enum transaction_end)t->why);
    client_transaction_free(all, &t->node);
}

/* A transaction may linger a little longer than it must; only a failure is told at once. */
static void end_at(struct client_transaction *t, int64_t due_ms, enum transaction_end why)
{
    t->why = why;
    t->end_ms = due_ms;
    if (why == TRANSACTION_TRANSPORT_ERROR)
        timer_set(t->all->timers, &t->timer, on_end, due_ms);
    else
        timer_set_late(t->all->timers, &t->timer, on_end, due_ms);
}

static void fail(struct client_transaction *t, int64_t now_ms)
{
    t->state = CLIENT_FAILED;
    end_at(t, now_ms, TRANSACTION_TRANSPORT_ERROR);
}

static int send_request(const struct client_transaction *t)
{
    return t->all->hooks.send(t->all->hooks.context, &t->to, (struct str){t->kept.text, t->kept.n});
}

void client_transaction_say_again(const struct transaction_node *node)
{
    const struct client_transaction *t = container_of(node, struct client_transaction, node);
    if (t->invite && t->state == CLIENT_CALLING && t->keeps == KEEPS_REQUEST &&
        !flow_is_reliable(&t->to))
        send_request(t);
}

static void again_in(struct client_transaction *t, int64_t from_ms);

/*
 * Timers A and E: A doubles without a ceiling until B ends it; E stops doubling at T2, and goes by
 * T2 alone once a provisional has come (17.1.1.2, 17.1.2.2).
 */
static void on_again(struct timer *timer, int64_t now_ms)
{
    struct client_transaction *t = container_of(timer, struct client_transaction, timer);
    uint32_t t2 = t->all->timing.t2_ms;
    send_request(t);
    t->interval_ms *= 2;
    if (!t->invite && (t->interval_ms > t2 || t->state == CLIENT_PROCEEDING))
        t->interval_ms = t2;
    again_in(t, transaction_again_from(timer, t->late_ms, t->interval_ms, now_ms));
}

/* In the place of the timer for its end, which is as long as that comes later. */
static void again_in(struct client_transaction *t, int64_t from_ms)
{
    if (from_ms + t->interval_ms < t->end_ms)
        t->late_ms = (uint8_t)timer_set_about(t->all->timers, &t->timer, on_again, from_ms,
                                              t->interval_ms);
    else
        end_at(t, t->end_ms, (enum transaction_end)t->why);
}

struct client_transaction *client_transaction_new(struct transactions *all,
                                                  const struct transaction_key *key, bool invite,
                                                  const struct flow *to, struct str request,
                                                  struct client_user *user, int64_t now_ms)
{
    struct client_transaction *t = calloc(1, own_bytes(to));
    char *copy = malloc(request.n);
    if (!t || !copy ||
        (flow_is_reliable(to) && !channel_join(&all->channels, t->channel, to->connection))) {
        free(t);
        free(copy);
        return NULL;
    }
    memcpy(copy, request.p, request.n);
    t->all = all;
    t->to = *to;
    flow_hold(to);
    t->user = user;
    t->invite = invite;
    t->kept = (struct skeleton){.text = copy, .n = (uint32_t)request.n};
    t->keeps = KEEPS_REQUEST;
    t->interval_ms = all->timing.t1_ms;
    transaction_table_add(&all->clients, &t->node, key);
    end_at(t, now_ms + 64 * (int64_t)all->timing.t1_ms, TRANSACTION_TIMEOUT); /* B, F */
    int error = send_request(t);
    if (error != 0 && error != -EAGAIN)
        fail(t, now_ms);
    else if (!flow_is_reliable(to))
        again_in(t, now_ms);
    return t;
}

struct client_transaction *client_transaction_find(struct transactions *all,
                                                   const struct transaction_key *key)
{
    struct transaction_node *node = transaction_table_find(&all->clients, key);
    return node ? container_of(node, struct client_transaction, node) : NULL;
}

struct client_user *client_transaction_user(const struct client_transaction *t)
{
    return t->lingers ? NULL : t->user;
}

void client_transaction_detach(struct client_transaction *t)
{
    t->user = NULL;
    const bool only_absorbs = t->state == CLIENT_ACCEPTED ||
                              (t->state == CLIENT_COMPLETED && !t->invite);
    if (only_absorbs && !flow_is_reliable(&t->to))
        linger(t);
}

const struct flow *client_transaction_flow(const struct client_transaction *t)
{
    return &t->to;
}

void client_transaction_was_unread(struct client_transaction *t)
{
    t->unread = true;
}

bool client_transaction_late_2xx(struct client_transaction *t)
{
    bool first = t->unread;
    t->unread = false;
    return first;
}

bool client_transaction_proceeding(const struct client_transaction *t)
{
    return t->state == CLIENT_PROCEEDING;
}

/* From here on the whole request is not needed any more. */
static void shrink_to_skeleton(struct client_transaction *t)
{
    char *request = t->kept.text;
    if (t->keeps != KEEPS_REQUEST || !t->invite)
        return;
    t->keeps = skeleton_make(&t->kept, (struct str){request, t->kept.n}) ? KEEPS_SKELETON
                                                                         : KEEPS_NOTHING;
    free(request);
}

static void send_ack(struct client_transaction *t)
{
    if (t->keeps == KEEPS_ACK)
        t->all->hooks.send(t->all->hooks.context, &t->to, (struct str){t->kept.text, t->kept.n});
}

/* The ACK to a refusal is the transaction's own, hop by hop (17.1.1.3); made once, sent for each
   retransmission of the final. */
static void make_ack(struct client_transaction *t, struct str to_header)
{
    struct buf out = BUF_INIT;
    const bool may = t->keeps == KEEPS_SKELETON && to_header.n > 0;
    if (may)
        skeleton_ack(&t->kept, to_header, &out);
    keep_nothing(t);
    char *ack = may && !buf_failed(&out) ? malloc(out.n) : NULL;
    if (ack) {
        memcpy(ack, out.p, out.n);
        t->kept = (struct skeleton){.text = ack, .n = (uint32_t)out.n};
        t->keeps = KEEPS_ACK;
    }
    buf_fini(&out);
}

static void invite_final(struct client_transaction *t, int status, struct str to_header,
                         int64_t now_ms)
{
    if (status < 300) {
        t->state = CLIENT_ACCEPTED;
        keep_nothing(t);
        end_at(t, now_ms + 64 * (int64_t)t->all->timing.t1_ms, TRANSACTION_DONE); /* M */
        return;
    }
    t->state = CLIENT_COMPLETED;
    make_ack(t, to_header);
    send_ack(t);
    end_at(t, now_ms + (flow_is_reliable(&t->to) ? 0 : TIMER_D_MS), TRANSACTION_DONE); /* D */
}

static void other_final(struct client_transaction *t, int64_t now_ms)
{
    t->state = CLIENT_COMPLETED;
    keep_nothing(t);
    end_at(t, now_ms + (flow_is_reliable(&t->to) ? 0 : t->all->timing.t4_ms),
           TRANSACTION_DONE); /* K */
}

static void provisional(struct client_transaction *t, int status)
{
    if (t->invite && t->state == CLIENT_CALLING) {
        timer_clear(t->all->timers, &t->timer); /* from here timer C of the proxy counts (16.6) */
        t->end_ms = 0;
    }
    t->state = CLIENT_PROCEEDING;
    if (status > 100 && t->keeps == KEEPS_SKELETON)
        skeleton_press(&t->kept); /* it rings, perhaps for long */
}

enum response_fate client_transaction_response(struct client_transaction *t, int status,
                                               struct str to_header, int64_t now_ms)
{
    if (t->state == CLIENT_ACCEPTED)
        return status / 100 == 2 ? RESPONSE_PASS : RESPONSE_ABSORB;
    if (t->state == CLIENT_COMPLETED) {
        if (t->invite && status >= 300)
            send_ack(t);
        return RESPONSE_ABSORB;
    }
    if (t->state == CLIENT_FAILED)
        return RESPONSE_ABSORB;
    shrink_to_skeleton(t);
    if (status < 200)
        provisional(t, status);
    else if (t->invite)
        invite_final(t, status, to_header, now_ms);
    else
        other_final(t, now_ms);
    count(t);
    return RESPONSE_PASS;
}

bool client_transaction_cancel_request(const struct client_transaction *t, struct str extra,
                                       struct buf *out)
{
    if (t->keeps != KEEPS_SKELETON)
        return false;
    skeleton_cancel(&t->kept, extra, out);
    return !buf_failed(out);
}

void client_transaction_transport_error(struct client_transaction *t, int64_t now_ms)
{
    if (t->state == CLIENT_CALLING)
        fail(t, now_ms);
}

void client_transaction_limit(struct client_transaction *t, int64_t now_ms)
{
    if (!t->lingers && t->end_ms == 0)
        end_at(t, now_ms + 64 * (int64_t)t->all->timing.t1_ms, TRANSACTION_TIMEOUT);
}

static void on_broken(struct timer *timer, int64_t now_ms)
{
    struct client_transaction *t = container_of(timer, struct client_transaction, timer);
    end_at(t, now_ms + 64 * (int64_t)t->all->timing.t1_ms, TRANSACTION_CONNECTION_LOST);
    if (t->user && t->user->callbacks->broken)
        t->user->callbacks->broken(t->user);
}

/*
 * An answered request may still get its final response over a connection that the peer opens to our
 * Via (18.2.2): peers close idle ones while a call rings. But it does not wait for ever; and where
 * the connection broke, the peer is more likely gone.
 */
static void connection_lost(struct client_transaction *t, bool broken, int64_t now_ms)
{
    client_transaction_transport_error(t, now_ms);
    if (t->state != CLIENT_PROCEEDING)
        return;
    if (broken)
        timer_set(t->all->timers, &t->timer, on_broken, now_ms);
    else if (t->end_ms == 0)
        end_at(t, now_ms + 64 * (int64_t)t->all->timing.t1_ms, TRANSACTION_CONNECTION_LOST);
}

void client_transactions_connection_closed(struct transactions *all,
                                           const struct connection *connection, bool broken,
                                           int64_t now_ms)
{
    for (struct channel_member *m = channel_members(&all->channels, connection); m; m = m->next)
        connection_lost(container_of(m, struct client_transaction, channel[0]), broken, now_ms);
}

void client_transaction_abandon(struct client_transaction *t)
{
    client_transaction_free(t->all, &t->node);
}
