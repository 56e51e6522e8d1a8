/*
 * failed_call - a call that failed, as a worker tells it to the supervisor, for `stirctl status`:
 * what to look for in the records, and where to begin.
 *
 * Comes from a process that may have been taken over: nothing in it is used before
 * failed_call_is_sound() has looked at it.
 */
#ifndef STIRD_FAILED_CALL_H
#define STIRD_FAILED_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/io/ledger.h>

#define FAILED_CALL_ID_MAX 127 /* a longer one is cut */
#define FAILED_TRUNK_MAX   63

struct failed_call {
    int64_t ts_us;  /* real time of its arrival */
    uint32_t count; /* it stands for so many calls, of which it was the last; 0: for itself alone */
    uint16_t reason;     /* enum reason, of the decision */
    uint16_t cause;      /* enum cause */
    uint16_t sip_status; /* that the caller got; 0: none */
    char call_id[FAILED_CALL_ID_MAX + 1];
    char trunk[FAILED_TRUNK_MAX + 1]; /* empty: it was not known */
};

/* Whether a call with this record failed: stird refused it, no next hop took it, or a next hop
   refused it although its user was not busy, away or unknown (RFC 3261 section 21). */
bool failed_call_is(const struct ledger_entry *entry);
void failed_call_fill(struct failed_call *f, const struct ledger_entry *entry);
bool failed_call_is_sound(const struct failed_call *f);

#endif
