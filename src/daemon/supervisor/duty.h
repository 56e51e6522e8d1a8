/*
 * duty - what the supervisor does for the children of a role: how many it keeps, what they take
 * along and are given, and what their deaths lead to. roles.def names one for each role. What they
 * say is heard by each part that wants it (struct word), whichever part has the duty.
 */
#ifndef STIRD_SUPERVISOR_DUTY_H
#define STIRD_SUPERVISOR_DUTY_H

#include "daemon/child.h"

#include <assert.h>
#include <stird/base/log.h>

struct supervisor;
struct worker_options;

/* A message on its way to those who act on it. */
struct heard {
    struct child *child;
    const struct control_message *message;
    int *fds; /* one that was set to -1 was taken; the others are closed afterwards */
    unsigned n_fds;
    int64_t now_ms;
};

/* A word that a part hears of children of a role; other parts may hear it too. */
struct word {
    unsigned role; /* enum role */
    enum control_type type;
    void (*take)(struct supervisor *s, const struct heard *h); /* NULL: the last of a table */
};

/* What a child takes along through fork(): each part puts in what it has for the child. */
struct kit {
    int fds[CHILD_KEEP_MAX]; /* that stay open in the child; only their part closes them */
    unsigned n;
    struct worker_options *worker; /* what a worker's main is told; NULL: it is no worker */
    int *fetcher_fd; /* a checker's channel to a fetcher of its own; NULL: it is no checker */
    bool log_held;   /* it says LOG_LEVEL in the log, and not what the settings say */
    enum log_level log_level;
};

static inline void kit_keep(struct kit *kit, int fd)
{
    assert(kit->n < CHILD_KEEP_MAX);
    kit->fds[kit->n++] = fd;
}

/*
 * What a child has to hear at once: supervisor_owe() tells it, and the loop tries again at each
 * turn while it cannot be sent for want of memory or descriptors.
 */
struct due {
    /* Tells all of it that C has not heard yet; nothing of it is needed once C has ended. 0 or
       -errno of child_send(). */
    int (*tell)(struct supervisor *s, struct child *c);
};

struct death {
    int status; /* as waitpid() has it */
    bool was_starting;
    int64_t now_ms;
};

/* Each function may be NULL where there is nothing to do. */
struct duty {
    /* How many are kept running. NULL: a child of this role comes for a while, when
       supervisor_start_child() says so, and says neither READY nor PONG. */
    unsigned (*kept)(const struct supervisor *s);
    bool (*may_start)(const struct supervisor *s); /* of those that are kept */
    /* Begins its kit, before the parts put in theirs. 0 or -errno. */
    int (*equip)(struct supervisor *s, const struct child *c, struct kit *kit);
    /* In the new process, which has a copy of S. Its exit status. */
    int (*enter)(const struct supervisor *s, const struct child *c, int control_fd);
    /* It was forked, and the parts have told it what it has to know first: gives it what it needs
       to begin. 0; or -errno, and it is replaced. */
    int (*started)(struct supervisor *s, struct child *c, int64_t now_ms);
    void (*serves)(struct supervisor *s, struct child *c, int64_t now_ms); /* it says READY */
    void (*gone)(struct supervisor *s, struct child *c, const struct death *death);
};

#endif
