/*
 * supervisor_admin - the control socket: who connects becomes a client, what he asks for goes to
 * the part that has it in its table of asks.
 */
#ifndef STIRD_SUPERVISOR_ADMIN_H
#define STIRD_SUPERVISOR_ADMIN_H

#include "loop.h"

#include "daemon/control_groups.h"

#include <stird/base/problems.h>
#include <stird/core/tn.h>

/* Somebody at the control socket. */
struct admin_client {
    int fd; /* -1: free */
    int64_t deadline_ms;
    bool waits;               /* he would rather wait for the end of what he asked for */
    const struct part *asked; /* answers him later; NULL: he has his answer, or has not asked */
    uint64_t ticket;          /* that part's, of what he asked for */
    struct tn number;         /* of an urgent change */
    struct control_peer peer;
};

struct ask {
    unsigned type; /* enum admin_type */
    /* Answers, or sets `asked`, `ticket` and `deadline_ms`; NULL: the last one of a table. */
    void (*act)(struct supervisor *s, struct admin_client *c, struct str text, int64_t now_ms);
    enum control_right right; /* that it takes */
};

#define ADMIN_REFUSED 1 /* a status */
#define ADMIN_WAIT_MS 600000

bool supervisor_open_admin(struct supervisor *s, struct problems *problems);
/* His waiting ends. */
void supervisor_admin_answer(struct admin_client *c, uint32_t status, struct str text);
void supervisor_admin_answer_json(struct admin_client *c, uint32_t status, const struct buf *text);
/* Those whom PART answers later. */
void supervisor_each_waiting(struct supervisor *s, const struct part *part,
                             void (*visit)(struct supervisor *s, struct admin_client *c,
                                           void *user),
                             void *user);

#endif
