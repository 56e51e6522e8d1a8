/*
 * route_key - the key in our Record-Route: what shows without any state that a request belongs to
 * a dialog that went through us, not long ago, and comes in where that dialog does.
 *
 * 19 hexadecimal digits: two of the day, one of the side, 16 of a keyed hash over the day, the
 * side, the place (address, port and transport of the Record-Route), the Call-ID and the caller's
 * tag. Of all this only the places are a configuration's: names of trunks and listeners may change.
 * Nodes with the same secret know each other's keys.
 */
#ifndef STIRD_SIP_ROUTE_KEY_H
#define STIRD_SIP_ROUTE_KEY_H

#include <stird/base/address.h>

#include "branch.h"

#define ROUTE_PARAMETER  "stk" /* of our Record-Route URI */
#define ROUTE_KEY_LENGTH 19
#define ROUTE_DAYS_MAX   90 /* far less than the 256 days that two digits tell apart */

/* By which side a Record-Route is the way in; by both where the sides are alike and there is only
   one. */
enum route_side { ROUTE_OF_BOTH, ROUTE_OF_CALLER, ROUTE_OF_CALLEE };

/* What its URI says. */
struct route_place {
    struct address address; /* with port */
    uint8_t transport;
};

struct dialog_id {
    struct str call_id, from_tag, to_tag; /* of a request of the dialog, whoever sent it */
};

/* Who may have sent a request, by its tags: bits. A caller without a tag is one with an empty tag
   (RFC 2543). */
#define SENT_BY_CALLER 1u
#define SENT_BY_CALLEE 2u

#define ROUTE_DAYS_KEPT 8

/*
 * The days that were today's, by whatever clock: one that is set by days ends no call. Times are
 * monotonic.
 */
struct route_days {
    unsigned n;
    struct {
        int64_t day, seen_ms;
    } list[ROUTE_DAYS_KEPT];
};

/* Days since 1970, of the real time. */
int64_t route_day(void);
/* Notes that DAY is today. Where there is no room, it replaces the one that was today longest ago.
 */
void route_days_note(struct route_days *kept, int64_t day, int64_t now_ms);
/* Whether number I of them was today no more than DAYS days ago, today the first of them. */
bool route_days_hold(const struct route_days *kept, unsigned i, unsigned days, int64_t now_ms);
void route_key_write(const struct branches *b, struct str call_id, struct str caller_tag,
                     const struct route_place *place, enum route_side side, int64_t day,
                     char text[ROUTE_KEY_LENGTH + 1]);
/*
 * Who sent the request of DIALOG that bears KEY in a Route for PLACE; 0: nobody, the key is not
 * for it. A key holds for DAYS days, today the first of them. A day ahead of TODAY is none of ours
 * or of a node whose clock is a little fast: it holds.
 */
unsigned route_key_senders(const struct branches *b, struct str key, const struct dialog_id *dialog,
                           const struct route_place *place, int64_t today, unsigned days,
                           enum route_side *side);

#endif
