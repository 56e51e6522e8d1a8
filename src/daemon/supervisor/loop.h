/*
 * loop - the supervisor's loop: it knows children, what they say, time, and parts that register
 * with it (parts.def), each with a state of its own that nobody else sees. Parts do not know each
 * other: what one of them brings about is an event, which the loop tells to all in the order of
 * their table; what one wants to know is a question (questions.def), which the loop carries without
 * knowing who answers. No part includes another's header (tests/lint/supervisor_parts.py).
 *
 *     loader (at a reload)        signer  <--- channel --->  worker 1..N  --- records ---> recorder
 *          \                        |                          |                             |
 *           +------------------- control sockets of the supervisor -------------------------+
 *
 * One loop over poll(2); nothing in it waits. What may take long (a reload's files) runs in a
 * child.
 */
#ifndef STIRD_SUPERVISOR_LOOP_H
#define STIRD_SUPERVISOR_LOOP_H

#include "daemon/alarms.h"
#include "daemon/child.h"
#include "daemon/configuration.h"
#include "daemon/roles.h"
#include "duty.h"
#include "supervisor.h"

#include <stird/base/json.h>
#include <stird/core/counters.h>

/* ---- parts ---- */

enum event {
    EVENT_BEGINS,       /* the children are about to be started for the first time */
    EVENT_READY,        /* all that are awaited serve, for the first time */
    EVENT_STOP_WANTED,  /* by a signal; the second time at once */
    EVENT_STOPPING,     /* no new calls from now on */
    EVENT_ENDED,        /* no child is there any more */
    EVENT_CHILD_SERVES, /* CHILD said READY */
    EVENT_CHILD_IDLE,   /* CHILD does not do what it was told, and is killed for it */
    EVENT_CHILD_GONE,
    EVENT_MEND,    /* MENDING: sockets of a worker that ended are looked at */
    EVENT_HANDOUT, /* HANDOUT: a worker is about to be given a configuration */
    EVENT_HANDOUT_LOST,
    EVENT_ASKED,         /* somebody is about to be told how things are */
    EVENT_RELOAD_WANTED, /* by SIGHUP, or because files have changed */
    EVENT_RELOAD_BEGINS,
    EVENT_NEXT_READ,     /* `next`: what it takes is to be prepared */
    EVENT_NEXT_FAULT,    /* WHY it cannot be prepared, one line of several; NEXT_FAILS follows */
    EVENT_NEXT_PREPARED, /* it is to be handed out */
    EVENT_NEXT_TAKEN,    /* all workers have it */
    EVENT_NEXT_FAILS,    /* it cannot come into force: WHY */
    EVENT_NEXT_DROPPED,  /* it is gone, and the present one stays */
    EVENT_IN_FORCE,      /* another configuration is in force: `current`; BEFORE was in force until
                            now */
    EVENT_RELOAD_ENDS,
    EVENT_SHADOW_READ, /* `next` is to be decided by beside the present one; who hears it takes it
                        */
    EVENT_STATES, /* something else is known of the certificates' URLs, or an operator has chosen
                     other units */
    EVENTS
};

/* What an event says; the rest is zero. */
struct news {
    struct child *child;
    const char *why;
    const struct configuration *before;
    struct handout *handout; /* questions.h */
    const struct mending *mending;
    int64_t now_ms;
};

struct watched;
struct ask; /* asker.h: what stirctl may ask a part for */
struct asker;

#define QUESTION(word, type) type;
#include "questions.def"

/* Each function may be NULL. */
struct part {
    const char *name;
    size_t bytes; /* of its own state, all zero before INIT; supervisor_part() returns it */
    void (*init)(struct supervisor *s);
    /* Before the first child, while stderr is still the operator's. False with what is wrong. */
    bool (*open)(struct supervisor *s, struct problems *problems);
    void (*fini)(struct supervisor *s); /* the last part first */
    /* Puts what a child that is about to start takes along into its kit. 0 or -errno. */
    int (*equip)(struct supervisor *s, const struct child *c, struct kit *kit);
    /* Tells a child that was forked what it has to know from the start. 0; or -errno, and it is
       replaced. */
    int (*give)(struct supervisor *s, struct child *c, int64_t now_ms);
    const struct word *hears; /* beside READY, PONG and DRAINED, which the loop hears */
    void (*watch)(const struct supervisor *s, struct watched *watched, int64_t now_ms);
    int64_t (*deadline)(const struct supervisor *s, int64_t now_ms); /* INT64_MAX: none */
    void (*tick)(struct supervisor *s, int64_t now_ms);              /* every turn of the loop */
    void (*on[EVENTS])(struct supervisor *s, const struct news *news);
    /* What its alarms count now: values[ALARM_NAME] of its own alarms. */
    void (*count)(const struct supervisor *s, uint64_t values[ALARMS]);
    /* Members of an object: its part of `stirctl status`, and of `stirctl stats`. */
    void (*put_status)(const struct supervisor *s, struct json *j, int64_t now_ms);
    void (*put_counts)(const struct supervisor *s, struct json *j);
    /* Sets its own of these, for `stirctl stats`. */
    void (*add_counts)(const struct supervisor *s, struct service_counters *c);
    const struct ask *asks; /* the last one is none */
    /* An asker who waits for an answer of this part has waited for too long. */
    void (*late)(struct supervisor *s, struct asker *a);
#define QUESTION(word, type) void (*answers_##word)(const struct supervisor *s, type *question);
#include "questions.def"
};

#define PART(noun) extern const struct part part_##noun;
#include "parts.def"

extern const struct part *const supervisor_parts[]; /* NULL: the last one */

/* Its state. */
void *supervisor_part(const struct supervisor *s, const struct part *part);
/* What stird counts of itself. */
struct service_counters supervisor_counts(const struct supervisor *s);
void supervisor_tell(struct supervisor *s, enum event event, const struct news *news);
/* Changes nothing of S but the states of the parts that answer. */
#define QUESTION(word, type) void supervisor_ask_##word(const struct supervisor *s, type *question);
#include "questions.def"
/* Something to read at FD wakes the loop. */
void supervisor_watch(struct watched *watched, int fd);

/* ---- the loop's own ---- */

/* Places for children: those of all roles. */
enum {
    CHILDREN_MAX = 0
#define ROLE(word, noun, places, ...) +(places)
#include "daemon/roles.def"
};

#define BURIED_MAX 16

/* supervisor_lacks.c */
enum lack {
    LACK_POLL,   /* poll() fails: no child is judged by that */
    LACK_CALLER, /* accept() fails at the control socket */
    LACK_MENDING,
    LACK_TELLING,
    LACKS
};

struct lacked {
    uint64_t n;
    int64_t said_ms;
};

struct supervisor {
    /* What the parts share; the loop itself does not use it. */
    struct str path;
    struct configuration current, next; /* in force; of a reload, if its settings are not NULL */
    struct settings *started_with;      /* what needs a restart is as it says; maybe `current`'s */
    bool journal;                       /* stderr is journald's */

    const struct part *const *parts; /* the table of those that are there, */
    void **part_states;              /* and the state of each */

    const struct child_role *roles; /* the table of */
    unsigned n_roles;
    struct child children[CHILDREN_MAX]; /* places, those of one role behind those of another */
    struct asker *askers;                /* of all seats; asker.h */
    pid_t buried[BURIED_MAX];            /* children that ended last, in a ring */
    unsigned n_buried;
    uint64_t false_children; /* children that said what is not so, or too much */
    struct lacked lacks[LACKS];

    int64_t started_ms;
    int64_t turned_ms; /* when the loop woke last */
    bool ready, stopping, ending;
    bool start_failed; /* a child says that it can never serve */
    int64_t end_until_ms;
    int signal_fd;
    void (*on_ready)(void *user);
    void *on_ready_user;
};

/* supervisor.c */
/* With PARTS and places for children of ROLES; NULL: no memory. */
struct supervisor *supervisor_make(const struct child_role *table, unsigned n_roles,
                                   const struct part *const *parts);
/* Frees it with its parts, and nothing else. */
void supervisor_unmake(struct supervisor *s);
/* 0 or -errno. */
int supervisor_take_signals(struct supervisor *s);
/* Waits for news of children, and for what parts watch, until something is due; acts on it. */
void supervisor_turn(struct supervisor *s);
/* Ends all children, each in its way, and then the loop. */
void supervisor_end(struct supervisor *s, int64_t now_ms);
/* The same by force. */
void supervisor_kill_all(struct supervisor *s, int64_t now_ms);
/* Before the first READY: the end, with status 1. */
void supervisor_fail_start(struct supervisor *s, int64_t now_ms);

/* supervisor_children.c */
/* Places for the children of all ROLES. */
void supervisor_make_places(struct supervisor *s, const struct child_role *table, unsigned n_roles);
/* The first place of a role; the others are behind it. */
struct child *supervisor_places(const struct supervisor *s, enum role role);
/* The one child of a role that keeps one; where the role has several places, the present one. */
struct child *supervisor_kept(const struct supervisor *s, enum role role);
/* The state of stird, in a word or two. */
const char *supervisor_state_text(const struct supervisor *s);
/* Starts those that are kept. */
void supervisor_start_children(struct supervisor *s, int64_t now_ms);
/* Starts those that are due again. */
void supervisor_restart_children(struct supervisor *s, int64_t now_ms);
/* Forks C and gives it what it needs to begin. 0 or -errno; it may have a process all the same. */
int supervisor_start_child(struct supervisor *s, struct child *c, int64_t now_ms);
/* Whether another one takes its place when it ends: while stird stops, none takes the place of one
   that drains. */
bool supervisor_keeps(const struct supervisor *s, const struct child *c);
uint64_t supervisor_count_deaths(const struct supervisor *s); /* of all that were kept */
void supervisor_ping_children(struct supervisor *s, int64_t now_ms);
void supervisor_kill_overdue(struct supervisor *s, int64_t now_ms);
/* C does not do what it was told: WHY is logged, C is not heard any more and is replaced. */
void supervisor_kill_idle(struct supervisor *s, struct child *c, const char *why, int64_t now_ms);
void supervisor_reap(struct supervisor *s, int64_t now_ms);
/* Calls VISIT for each place, whether a child is there or not. */
void supervisor_each_child(struct supervisor *s,
                           void (*visit)(struct supervisor *s, struct child *c, void *user),
                           void *user);

/* supervisor_dues.c */
void supervisor_owe(struct supervisor *s, struct child *c, const struct due *due);
/* Tells again what could not be sent. */
void supervisor_tell_owed(struct supervisor *s);

/* supervisor_messages.c */
/* Hears some of what the child has said, so that the others have their turn. */
void supervisor_child_messages(struct supervisor *s, struct child *c, int64_t now_ms);
/* Hears all that waits there: the last words of a dead child come before the news of its death. */
void supervisor_last_words(struct supervisor *s, struct child *c, int64_t now_ms);
/* C said WHAT, which is not so or not for it to say: it is not heard any more and is replaced. */
void supervisor_child_false(struct supervisor *s, struct child *c, const char *what);

/* supervisor_lacks.c: ERROR is an errno. */
void supervisor_lacks(struct supervisor *s, enum lack what, int error, int64_t now_ms);

#endif
