/*
 * tried - one next hop that a call was offered to, and what became of that: plain data.
 */
#ifndef STIRD_TRIED_H
#define STIRD_TRIED_H

#include <stird/base/address.h>

#define TRIED_MAX 32 /* for one call; further ones are not noted */

enum fate {
    FATE_NOTHING,         /* no final response when the call ended */
    FATE_STATUS,          /* `status` */
    FATE_UNREACHABLE,     /* ICMP, no connection, a failed handshake */
    FATE_SILENT,          /* no sign of life in time */
    FATE_TIMEOUT,         /* a provisional response, and no final one in time */
    FATE_CONNECTION_LOST, /* a provisional response, and then its connection was gone */
    FATE_FULL,            /* not asked: it has as many calls as its limit allows */
    FATE_NOT_SENT,        /* no memory for the attempt */
    FATE_NOT_OPENED,      /* we had no room for a connection to it */
    FATE_UNREADABLE,      /* a final response whose status nobody can read */
    FATE_KINDS
};

struct tried {
    struct str upstream; /* its name, borrowed; empty when it is not one of the configuration */
    struct address address;
    uint8_t transport; /* enum transport */
    uint8_t fate;      /* enum fate */
    uint16_t status;   /* of FATE_STATUS */
    bool again;        /* once more, without the token that it had refused */
};

/* "503", "unreachable", "silent", ...: what it said. */
void tried_add_said(struct buf *out, const struct tried *t);
/* Whether the call may have come there: false where it was sent nothing, or nobody was there. */
bool tried_may_have_it(const struct tried *t);

#endif
