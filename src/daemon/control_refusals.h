/*
 * control_refusals - connections that the control socket did not hear: counted, and logged with the
 * reason, one line a minute for each reason, however often somebody asks.
 */
#ifndef STIRD_DAEMON_CONTROL_REFUSALS_H
#define STIRD_DAEMON_CONTROL_REFUSALS_H

#include <stdint.h>
#include <sys/types.h>

enum control_refusal {
    CONTROL_REFUSED_OWN,      /* a process of stird's own: an error, and an alarm */
    CONTROL_REFUSED_CROWDED,  /* others have all places: an error, and an alarm */
    CONTROL_REFUSED_UNREAD,   /* it does not read its replies, and is closed */
    CONTROL_REFUSED_STRANGER, /* in none of the groups */
    CONTROL_REFUSED_GONE,     /* it has ended */
    CONTROL_REFUSALS
};

struct control_refusals {
    uint64_t of[CONTROL_REFUSALS];
    int64_t said_ms[CONTROL_REFUSALS];
};

void control_refusals_add(struct control_refusals *r, enum control_refusal why, pid_t pid,
                          uid_t uid, int64_t now_ms);

#endif
