/*
 * attempt - one client transaction of a context: a next hop that the request was sent to.
 */
#ifndef STIRD_SIP_ATTEMPT_H
#define STIRD_SIP_ATTEMPT_H

#include "branch.h"
#include "limits.h"
#include "target.h"
#include "timers.h"
#include "sip/transaction/transaction.h"

enum heard { HEARD_NOTHING, HEARD_PROVISIONAL, HEARD_FINAL };
/* CANCEL is sent after it as soon as a provisional response has come (section 9.1). */
enum cancelling { CANCEL_NOT, CANCEL_WANTED, CANCEL_SENT };

struct attempt {
    struct client_user user;
    struct attempt *next;
    struct context *context;
    struct client_transaction *client;
    struct target target;
    struct limit *limit;   /* of the upstream; until its final answer */
    uint64_t *level;       /* tally.h: the same; or NULL */
    struct timer patience; /* how long it may say nothing (further): relay.h */
    char branch[BRANCH_LENGTH + 1];
    unsigned leaves : 2;  /* which decision left: of the context's `leaving` */
    bool has_token : 1;   /* with a token of ours */
    bool from_edited : 1; /* From left otherwise than it came */
    bool abandoned : 1;   /* another attempt has taken over */
    enum heard heard : 2; /* the most that it has said */
    enum cancelling cancelling : 2;
    uint8_t place; /* in the context's trail; 0: none */
};

#endif
