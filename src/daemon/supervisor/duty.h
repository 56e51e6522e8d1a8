/*
 * duty - what the supervisor does for the children of a role: how many it keeps, what they take
 * along and are given, and what their deaths lead to. roles.def names one for each role. What they
 * say, each part hears that wants it (struct word), whoever has the duty.
 */
#ifndef STIRD_SUPERVISOR_DUTY_H
#define STIRD_SUPERVISOR_DUTY_H

#include "daemon/child.h"

#include <assert.h>

struct supervisor;
struct worker_options;

/* A message, on its way to who acts on it. */
struct heard {
    struct child *child;
    const struct control_message *message;
    int *fds; /* those that are set to -1 were taken, the others are closed afterwards */
    unsigned n_fds;
    int64_t now_ms;
};

/* A word that a part hears of children of a role; other parts may hear it too. */
struct word {
    unsigned role; /* enum role */
    enum control_type type;
    void (*take)(struct supervisor *s, const struct heard *h); /* NULL: the last of a table */
};

/* What a child takes along through fork(): each part puts in what it has for it. */
struct kit {
    int fds[CHILD_KEEP_MAX]; /* that stay open in it; closed by nobody but their part */
    unsigned n;
    struct worker_options *worker; /* what a worker's main is told; NULL: it is no worker */
    int *fetcher_fd; /* a checker's channel to a fetcher of its own; NULL: it is no checker */
};

static inline void kit_keep(struct kit *kit, int fd)
{
    assert(kit->n < CHILD_KEEP_MAX);
    kit->fds[kit->n++] = fd;
}

/*
 * What a child has to hear as soon as it is so: supervisor_owe() tells it, and again at each turn
 * for as long as there is no memory or descriptor for that.
 */
struct due {
    /* All of it that C has not heard yet, which nothing needs any more when C has ended. 0 or
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
    /* So many are kept running; NULL: it comes for a while, when supervisor_start_child() says so,
       and says neither READY nor PONG. */
    unsigned (*kept)(const struct supervisor *s);
    bool (*may_start)(const struct supervisor *s); /* of those that are kept */
    /* Begins its kit, before the parts put in theirs. 0 or -errno. */
    int (*equip)(struct supervisor *s, const struct child *c, struct kit *kit);
    /* In the new process, which has a copy of S. Its exit status. */
    int (*enter)(const struct supervisor *s, const struct child *c, int control_fd);
    /* It was forked, and parts have told it what it has to know before: what it needs to begin. 0
       or -errno, and it is replaced. */
    int (*started)(struct supervisor *s, struct child *c, int64_t now_ms);
    void (*serves)(struct supervisor *s, struct child *c, int64_t now_ms); /* it says READY */
    void (*gone)(struct supervisor *s, struct child *c, const struct death *death);
};

#endif
