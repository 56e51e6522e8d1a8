/*
 * attempt - one client transaction of a context: a next hop that the request was sent to.
 */
#ifndef STIRD_SIP_ATTEMPT_H
#define STIRD_SIP_ATTEMPT_H

#include <stird/privacy.h>

#include "branch.h"
#include "limits.h"
#include "target.h"
#include "transaction.h"

struct attempt {
    struct client_user user;
    struct attempt *next;
    struct context *context;
    struct client_transaction *client;
    struct target target;
    enum privacy_view view; /* whose decision left */
    char branch[BRANCH_LENGTH + 1];
    struct limit *limit; /* of the upstream; until its final answer */
    unsigned place;      /* in the context's trail; 0: none */
    bool abandoned;      /* another attempt has taken over */
    bool cancel_wanted;  /* as soon as a provisional comes (section 9.1) */
    bool cancel_sent;
    bool provisional_seen;
    bool final_seen;
};

#endif
