/*
 * undecided - requests that are refused before anything is decided of them: malformed ones, those
 * of RFC 3261 section 16.3, those above a limit, those that there is no memory for. Each has a line
 * in the log, an INVITE a record too; a source that sends more than UNDECIDED_EACH of them in a
 * second has one line a second that says how many, and one record.
 *
 * The memory is a table of fixed size. What does not fit is counted as if it came of one source.
 */
#ifndef STIRD_SIP_UNDECIDED_H
#define STIRD_SIP_UNDECIDED_H

#include <stird/base/address.h>
#include <stird/base/str.h>
#include <stird/core/reason.h>

#include "timers.h"

#define UNDECIDED_EACH    10 /* of a source in a second, told one by one */
#define UNDECIDED_SOURCES 64 /* that are being counted at once */

struct proxy;

/* One of them. */
struct undecided {
    struct address source;
    bool invite, emergency; /* the latter: an INVITE that looks like an emergency call */
    enum reason reason;
    int sip_status;            /* of the answer; 0: none */
    struct str call_id, trunk; /* empty: not known */
    struct str detail;         /* what is wrong, and where; empty: nothing to say */
    struct str start_line;     /* empty: not for the log */
};

/* Of one source (an address; of IPv6 its /64), within a second. */
struct undecided_source {
    struct timer second; /* set: in use */
    struct proxy *proxy;
    struct address source; /* of the last one */
    uint32_t requests;     /* in this second */
    uint32_t untold, untold_invites;
    bool untold_emergency; /* one among them is such */
    bool flood;            /* the second before had too many: none is told by itself */
    enum reason reason;
    int sip_status;
    char call_id[128], trunk[64], detail[128]; /* of the last one; cut */
    size_t call_id_bytes, trunk_bytes, detail_bytes;
};

struct undecided_table {
    struct undecided_source sources[UNDECIDED_SOURCES];
    struct undecided_source others;
};

/* Counts it. True: the caller tells of it; false: it is told together with others. */
bool undecided_alone(struct proxy *p, const struct undecided *u);
/* Counts it and tells of it, by itself or with others: line, record, counters. */
void undecided_tell(struct proxy *p, const struct undecided *u);
/* Tells what is still untold: the process ends. */
void undecided_flush(struct proxy *p);

#endif
