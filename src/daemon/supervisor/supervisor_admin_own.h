/* supervisor_admin_own - what the files of this part share: supervisor_admin.c,
 * supervisor_callers.c. */
#ifndef STIRD_SUPERVISOR_ADMIN_OWN_H
#define STIRD_SUPERVISOR_ADMIN_OWN_H

#include "supervisor_admin.h"

#include "daemon/control_places.h"
#include "daemon/control_refusals.h"

#define ADMIN_SILENCE_MS 10000 /* who says nothing for so long is closed */

struct admin {
    int fd; /* that listens; -1: closed */
    char *path;
    struct admin_client clients[CONTROL_PLACES];
    struct control_refusals refusals;
    int64_t callers_from_ms; /* nobody is taken before: see LACK_CALLER */
};

static inline struct admin *admin_own(const struct supervisor *s)
{
    return supervisor_part(s, &part_admin);
}

/* supervisor_callers.c: those who wait at the control socket become clients, or are refused. */
void supervisor_accept_callers(struct supervisor *s, int64_t now_ms);

#endif
