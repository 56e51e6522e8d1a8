/*
 * asker - who asks stird something, as the part knows him that answers: at once, or when what he
 * waits for has come about. Where he sits, and how he is reached, is for the part that let him in.
 */
#ifndef STIRD_SUPERVISOR_ASKER_H
#define STIRD_SUPERVISOR_ASKER_H

#include "loop.h"

#include "daemon/control_groups.h"

#include <stird/core/tn.h>

#define ASKER_REFUSED 1 /* a status */
#define ASKER_WAIT_MS 600000

struct asker {
    /* Sends him an answer, with descriptors that stay the caller's. 0 or -errno. */
    int (*answer)(struct asker *a, uint32_t status, struct str text, const int *fds,
                  unsigned n_fds);
    struct asker *next;       /* of all there are: asker_seat() */
    int64_t deadline_ms;      /* for him to ask, or to be answered */
    bool waits;               /* he would rather wait for the end of what he asked for */
    const struct part *asked; /* answers him later; NULL: he has his answer, or has not asked */
    uint64_t ticket;          /* that part's, of what he asked for */
    struct tn number;         /* of an urgent change */
    uint32_t uid;
};

struct ask {
    unsigned type; /* enum admin_type */
    /* Answers, or calls asker_wait(); NULL: the last one of a table. */
    void (*act)(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms);
    enum control_right right; /* that it takes */
};

/* His waiting ends; whether he takes the answer is his affair. */
void asker_answer(struct asker *a, uint32_t status, struct str text);
void asker_answer_json(struct asker *a, uint32_t status, const struct buf *text);
/* PART answers him later, or says at DEADLINE_MS that it is late. */
void asker_wait(struct asker *a, const struct part *part, uint64_t ticket, int64_t deadline_ms);
/* Those whom PART answers later. */
void asker_each(struct supervisor *s, const struct part *part,
                void (*visit)(struct supervisor *s, struct asker *a, void *user), void *user);
/* There is a seat for one, for as long as S is there. */
void asker_seat(struct supervisor *s, struct asker *a);

#endif
