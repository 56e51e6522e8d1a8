/*
 * transaction - the four state machines of RFC 3261 section 17 with the Accepted states of RFC
 * 6026.
 *
 * Knows neither sockets nor a SIP stack: bytes go out through a hook, what came in is told in
 * words (a status, an ACK), time is an argument. Keeps serialized bytes only, and only as long as
 * they may have to be sent again. One thread; a callback may call anything here for any
 * transaction, its own included.
 */
#ifndef STIRD_SIP_TRANSACTION_H
#define STIRD_SIP_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>
#include <stird/net/net.h>

#include "sip/holding.h"
#include "sip/timers.h"

/* Section 17.1.1.1 and the table of section 17; milliseconds. */
struct transaction_timing {
    uint32_t t1_ms, t2_ms, t4_ms;
};

/* 128 bits of a keyed hash over what section 17.2.3 or 17.1.3 matches by. */
struct transaction_key {
    uint64_t high, low;
};

struct message;
struct transactions;
struct server_transaction;
struct client_transaction;

enum transaction_end {
    TRANSACTION_DONE,            /* ran its course */
    TRANSACTION_TIMEOUT,         /* timer B, F: no final response; H: no ACK */
    TRANSACTION_TRANSPORT_ERROR, /* the bytes could not be sent, or came back */
    TRANSACTION_CONNECTION_LOST  /* a provisional came, then its connection was closed, and nothing
                                    more by another one */
};

/* How bytes leave; the same for all transactions. */
struct transaction_hooks {
    void *context;
    /* 0 or -errno. */
    int (*send)(void *context, const struct flow *to, struct str bytes);
};

/* Whom a server transaction tells: a part of its user, who finds itself by container_of(). */
struct server_user {
    const struct server_callbacks *callbacks;
};

struct server_callbacks {
    /* The last call for each transaction; it is freed afterwards. */
    void (*ended)(struct server_user *user, enum transaction_end why);
    /* An INVITE that has had no answer of any kind for 200 ms: its user says 100 now
       (17.2.1). At most once. */
    void (*waits)(struct server_user *user);
};

/* The same of a client transaction. */
struct client_user {
    const struct client_callbacks *callbacks;
};

struct client_callbacks {
    /*
     * DONE: freed afterwards. TIMEOUT, TRANSPORT_ERROR: it will get no (further) final response and
     * is freed afterwards.
     */
    void (*ended)(struct client_user *user, enum transaction_end why);
    /* A provisional came, and now the connection is broken: a final may still come by another one,
       for as long as client_transaction_limit() says, but need not be waited for. May be NULL. */
    void (*broken)(struct client_user *user);

    /* Whoever reads messages calls the rest (relay.c); a transaction knows none. */

    /* Whether M can be for it; the transaction hears nothing of one that cannot. NULL: all can. */
    bool (*takes)(const struct message *m);
    /* M is a response that the transaction passes on; the user may be gone afterwards. */
    void (*answered)(struct client_user *user, struct message *m, const struct flow *from);
    /* The same of one that nobody can read; STATUS 0: that neither. NULL: it counts for nothing. */
    void (*unread)(struct client_user *user, int status);
};

struct transactions *transactions_new(const struct transaction_timing *timing,
                                      const struct transaction_hooks *hooks, struct timers *timers);
/* Frees all transactions without calling their users. */
void transactions_free(struct transactions *all);
void transactions_set_timing(struct transactions *all, const struct transaction_timing *timing);
/* Now alive, lingering ones included. */
unsigned transactions_count(const struct transactions *all);

/* Says once more by UDP what this process will not repeat any more, for it ends: refusals that wait
   for their ACK, and INVITEs without any answer. */
void transactions_say_again(const struct transactions *all);

/* ---- server side (section 17.2) ---- */

/* Section 17.2.1; a tick of the timers late: what is answered within 200 ms needs no 100. */
#define TRANSACTION_TRYING_MS (200 + TIMER_TICK_MS)

/* For a request that matches none. REPLY is where responses go; it is held. NULL: no memory. */
struct server_transaction *server_transaction_new(struct transactions *all,
                                                  const struct transaction_key *key, bool invite,
                                                  const struct flow *reply,
                                                  struct server_user *user, int64_t now_ms);
struct server_transaction *server_transaction_find(struct transactions *all,
                                                   const struct transaction_key *key);
/* NULL: it is gone. */
struct server_user *server_transaction_user(const struct server_transaction *t);
/* Its memory counts for HOLDING, which it refers to, until its end. A response that HOLDING has no
   room for is sent once and not kept; where it is a provisional one, the one before it stays. At
   most once. */
void server_transaction_holds(struct server_transaction *t, struct holding *holding);
/* Its user is gone: no more callbacks; it lingers on its own, and may be somewhere else: T is not
   to be used any more. */
void server_transaction_detach(struct server_transaction *t);
/* There will be no final response: freed at once, without a callback. */
void server_transaction_abandon(struct server_transaction *t);

/* The request came again: the last response goes out again (17.2.1, 17.2.2; RFC 6026 7.1). */
void server_transaction_request_again(struct server_transaction *t, int64_t now_ms);
/*
 * An ACK matched this INVITE transaction. True: it belongs to a 2xx and must be passed on
 * (RFC 6026 section 7.1, Accepted); false: it was for us and is absorbed.
 */
bool server_transaction_ack(struct server_transaction *t, int64_t now_ms);
/* Sends a response with STATUS, and keeps a copy where it may be needed again. False: a final one
   was sent before (but further 2xx to INVITE), nothing was done. */
bool server_transaction_respond(struct server_transaction *t, int status, struct str response,
                                int64_t now_ms);
/* Appends the last response that is kept. False: none is; no memory. */
bool server_transaction_last_response(const struct server_transaction *t, struct buf *out);
/* Whether some response was sent, and is kept where it may be needed again. */
bool server_transaction_has_responded(const struct server_transaction *t);
/* Whether what server_transaction_respond() sent last is what is kept. */
bool server_transaction_keeps_last(const struct server_transaction *t);
/* The final status that was sent, or 0. */
int server_transaction_final_status(const struct server_transaction *t);

/* ---- client side (section 17.1) ---- */

/*
 * Sends REQUEST (copied) to TO (held). When it cannot be sent, USER hears of its end from the next
 * timers_run(), never from here; NULL: nobody does. NULL: no memory.
 */
struct client_transaction *client_transaction_new(struct transactions *all,
                                                  const struct transaction_key *key, bool invite,
                                                  const struct flow *to, struct str request,
                                                  struct client_user *user, int64_t now_ms);
struct client_transaction *client_transaction_find(struct transactions *all,
                                                   const struct transaction_key *key);
struct client_user *client_transaction_user(const struct client_transaction *t);
/* As server_transaction_holds(). */
void client_transaction_holds(struct client_transaction *t, struct holding *holding);
/* As server_transaction_detach(). */
void client_transaction_detach(struct client_transaction *t);
const struct flow *client_transaction_flow(const struct client_transaction *t);

enum response_fate {
    RESPONSE_PASS,  /* to the user */
    RESPONSE_ABSORB /* a retransmission, or one that comes too late */
};
/*
 * A response with STATUS matched. TO_HEADER is the value of its To header, for the ACK that the
 * transaction makes and sends itself for a final other than 2xx (17.1.1.3); empty: it cannot be
 * read, and none is made.
 */
enum response_fate client_transaction_response(struct client_transaction *t, int status,
                                               struct str to_header, int64_t now_ms);
/*
 * The request as a CANCEL (section 9.1), appended to OUT with EXTRA header lines; meaningful once
 * a provisional response has come. False: no memory, or the request was not readable.
 */
bool client_transaction_cancel_request(const struct client_transaction *t, struct str extra,
                                       struct buf *out);
/* Its final response could not be read: the caller was told so. */
void client_transaction_was_unread(struct client_transaction *t);
/* Whether a 2xx now is the first that can be read behind such a one. */
bool client_transaction_late_2xx(struct client_transaction *t);
/* A provisional response has been received (RFC 3261 section 9.1: only then CANCEL). */
bool client_transaction_proceeding(const struct client_transaction *t);
/* ICMP brought back the request, or its connection is gone: ends unless a final was received. */
void client_transaction_transport_error(struct client_transaction *t, int64_t now_ms);
/* Those over CONNECTION that wait for any response fail; of those that wait for a final one their
   users are told at the next timers_run() where it is BROKEN, and not closed in good order. */
void client_transactions_connection_closed(struct transactions *all,
                                           const struct connection *connection, bool broken,
                                           int64_t now_ms);
/* A CANCEL was sent: without a final response within 64*T1 it ends by TIMEOUT (section 9.1). */
void client_transaction_limit(struct client_transaction *t, int64_t now_ms);
/* Gives up waiting (timer C, abandoned attempt that never answered): no callback, freed. */
void client_transaction_abandon(struct client_transaction *t);

#endif
