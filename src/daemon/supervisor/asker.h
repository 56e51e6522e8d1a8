/*
 * asker - somebody who asks stird something, as the part that answers knows them. It answers at
 * once, or when what the asker waits for has come about. Where the asker sits and how to reach them
 * is known to the part that let them in.
 */
#ifndef STIRD_SUPERVISOR_ASKER_H
#define STIRD_SUPERVISOR_ASKER_H

#include "loop.h"

#include "daemon/control_groups.h"

#include <stird/core/tn.h>

#define ASKER_REFUSED 1 /* a status */
#define ASKER_WAIT_MS 600000

struct asker {
    /* Sends the asker an answer, with descriptors that stay the caller's. 0 or -errno. */
    int (*answer)(struct asker *a, uint32_t status, struct str text, const int *fds,
                  unsigned n_fds);
    struct asker *next;       /* of all there are: asker_seat() */
    int64_t deadline_ms;      /* for the asker to ask, or to be answered */
    bool waits;               /* the asker would rather wait for the end of what was asked for */
    const struct part *asked; /* answers later; NULL: the answer was given, or nothing was asked */
    uint64_t ticket;          /* that part's, for what was asked */
    struct tn number;         /* of an urgent change */
    uint32_t uid;
};

struct ask {
    unsigned type; /* enum admin_type */
    /* Answers, or calls asker_wait(); NULL: the last one of a table. */
    void (*act)(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms);
    enum control_right right; /* that it takes */
};

/* The asker waits no more; whether the answer is read does not matter. */
void asker_answer(struct asker *a, uint32_t status, struct str text);
void asker_answer_json(struct asker *a, uint32_t status, const struct buf *text);
/* PART answers later, or says at DEADLINE_MS that it is late. */
void asker_wait(struct asker *a, const struct part *part, uint64_t ticket, int64_t deadline_ms);
/* Visits the askers whom PART answers later. */
void asker_each(struct supervisor *s, const struct part *part,
                void (*visit)(struct supervisor *s, struct asker *a, void *user), void *user);
/* Adds a seat for one asker, for as long as S lives. */
void asker_seat(struct supervisor *s, struct asker *a);

#endif
