/*
 * duty - what the supervisor does for the children of a role: how many it keeps, what it gives
 * them, what it hears from them, and what their deaths lead to. roles.def names one for each role.
 */
#ifndef STIRD_SUPERVISOR_DUTY_H
#define STIRD_SUPERVISOR_DUTY_H

#include "daemon/child.h"

struct supervisor;

/* A message, on its way to who acts on it. */
struct heard {
    struct child *child;
    const struct control_message *message;
    int *fds; /* those that are set to -1 were taken, the others are closed afterwards */
    unsigned n_fds;
    int64_t now_ms;
};

struct word {
    enum control_type type; /* CONTROL_NO_WORD: the last one, which is none */
    void (*take)(struct supervisor *s, const struct heard *h);
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
    /* Descriptors that it gets, into FDS[CHILD_KEEP_MAX]; how many, or -errno. */
    int (*keep)(struct supervisor *s, const struct child *c, int *fds);
    /* In the new process, which has a copy of S. Its exit status. */
    int (*enter)(const struct supervisor *s, const struct child *c, int control_fd);
    /* It was forked: what it needs to begin. 0 or -errno, and it is replaced. */
    int (*started)(struct supervisor *s, struct child *c, int64_t now_ms);
    void (*serves)(struct supervisor *s, struct child *c, int64_t now_ms); /* it says READY */
    const struct word *hears; /* beside READY and PONG; a word that is not among them is false */
    void (*gone)(struct supervisor *s, struct child *c, const struct death *death);
};

#endif
