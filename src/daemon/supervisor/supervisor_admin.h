/*
 * supervisor_admin - the control socket: whoever connects gets a seat, and each request goes to the
 * part that has it in its table of asks (asker.h). The state is for the files of this part: _admin,
 * _callers.
 */
#ifndef STIRD_SUPERVISOR_ADMIN_H
#define STIRD_SUPERVISOR_ADMIN_H

#include "asker.h"

#include "daemon/control_places.h"
#include "daemon/control_refusals.h"

#define ADMIN_SILENCE_MS 10000 /* a client that says nothing for so long is closed */

/* Somebody at the control socket. */
struct admin_client {
    struct asker asker; /* its first member: what the client asks */
    int fd;             /* -1: free */
    struct control_peer peer;
};

struct admin {
    int fd; /* that listens; -1: closed */
    char *path;
    struct admin_client clients[CONTROL_PLACES];
    struct control_refusals refusals;
    int64_t callers_from_ms; /* nobody is accepted before: see LACK_CALLER */
};

static inline struct admin *admin_own(const struct supervisor *s)
{
    return supervisor_part(s, &part_admin);
}

/* supervisor_callers.c: those who wait at the control socket become clients, or are refused. */
void supervisor_accept_callers(struct supervisor *s, int64_t now_ms);

#endif
