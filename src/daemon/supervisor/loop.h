/*
 * loop - the supervisor's loop: it knows children, what they say, time, and parts that register
 * with it (parts.def), each with a state of its own that nobody else sees. Parts do not know each
 * other: what one of them brings about is an event, which the loop tells to all in the order of
 * their table. Where one uses another all the same, tests/lint/supervisor_parts.py says so.
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
    EVENT_BEGINS,       /* the children are started for the first time */
    EVENT_READY,        /* all workers serve, for the first time */
    EVENT_STOPPING,     /* no new calls from now on */
    EVENT_ENDED,        /* no child is there any more */
    EVENT_CHILD_SERVES, /* CHILD said READY */
    EVENT_CHILD_ALARM,  /* CHILD says WHY it cannot serve, and is killed for it */
    EVENT_CHILD_GONE,
    EVENT_SNAPSHOT_IN_USE,  /* CHILD, a worker, has what it was given */
    EVENT_SNAPSHOT_REFUSED, /* cannot take it, */
    EVENT_SNAPSHOT_OWED,    /* does not say that it has it: it is killed for that */
    EVENT_OVERLAY_IN_USE,   /* the same of urgent changes */
    EVENT_RELOAD_WANTED,    /* by SIGHUP, or because files have changed */
    EVENT_RELOAD_BEGINS,
    EVENT_IN_FORCE, /* another configuration is: `current`; BEFORE it was the other one */
    EVENT_RELOAD_ENDS,
    EVENTS
};

/* What an event says; the rest is zero. */
struct news {
    struct child *child;
    const char *why;
    const struct configuration *before;
    int64_t now_ms;
};

struct watched;
struct ask; /* supervisor_admin.h: what stirctl may ask it for */
struct admin_client;

/* Each function may be NULL. */
struct part {
    const char *name;
    size_t bytes; /* of its own state, zero before INIT; supervisor_part() has it */
    void (*init)(struct supervisor *s);
    void (*fini)(struct supervisor *s);
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
    /* Who waits for an answer of this part has waited for too long. */
    void (*late)(struct supervisor *s, struct admin_client *c);
};

#define PART(noun) extern const struct part part_##noun;
#include "parts.def"

extern const struct part *const supervisor_parts[]; /* NULL: the last one */

/* Its state. */
void *supervisor_part(const struct supervisor *s, const struct part *part);
void supervisor_tell(struct supervisor *s, enum event event, const struct news *news);
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
    LACKS
};

struct lacked {
    uint64_t n;
    int64_t said_ms;
};

struct supervisor {
    struct str path;
    struct configuration current, next; /* in force; of a reload, if its settings are not NULL */
    struct settings *started_with;      /* what needs a restart is as it says; maybe `current`'s */
    unsigned n_workers;
    bool journal; /* stderr is journald's */

    const struct part *const *parts; /* the table of those that are there, */
    void **states;                   /* and the state of each */

    const struct child_role *roles; /* the table of */
    unsigned n_roles;
    struct child children[CHILDREN_MAX]; /* places, those of one role behind those of another */
    struct child *workers;               /* the places of this role */
    pid_t buried[BURIED_MAX];            /* children that ended last, in a ring */
    unsigned n_buried;
    uint64_t false_children; /* that said what is not so, or too much */
    struct lacked lacks[LACKS];

    int64_t started_ms;
    int64_t turned_ms; /* when the loop woke last */
    bool ready, stopping, ending;
    bool dismissed;    /* all have drained, and were told to go */
    bool start_failed; /* a worker says that it can never serve */
    int64_t drain_until_ms, end_until_ms;
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
void supervisor_end(struct supervisor *s, int64_t now_ms);
/* Before the first READY: the end, with status 1. */
void supervisor_fail_start(struct supervisor *s, int64_t now_ms);

/* supervisor_children.c */
/* Places for the children of all ROLES. */
void supervisor_make_places(struct supervisor *s, const struct child_role *table, unsigned n_roles);
/* The first place of a role; the others are behind it. */
struct child *supervisor_places(const struct supervisor *s, enum role role);
/* Those that are kept. */
void supervisor_start_children(struct supervisor *s, int64_t now_ms);
/* Those that are due again. */
void supervisor_restart_children(struct supervisor *s, int64_t now_ms);
/* Forks C and gives it what it needs to begin. 0 or -errno; it may have a process all the same. */
int supervisor_start_child(struct supervisor *s, struct child *c, int64_t now_ms);
uint64_t supervisor_count_deaths(const struct supervisor *s); /* of all that are kept */
void supervisor_ping_children(struct supervisor *s, int64_t now_ms);
void supervisor_kill_overdue(struct supervisor *s, int64_t now_ms);
/* Says WHY. */
void supervisor_kill_for(struct child *c, const char *why);
void supervisor_reap(struct supervisor *s, int64_t now_ms);
/* Calls VISIT for each place, whether somebody is there or not. */
void supervisor_each_child(struct supervisor *s,
                           void (*visit)(struct supervisor *s, struct child *c, void *user),
                           void *user);

/* supervisor_messages.c */
/* Some of what the child has said, so that the others have their turn. */
void supervisor_child_messages(struct supervisor *s, struct child *c, int64_t now_ms);
/* All that waits there: the last words of a dead child come before the news of its death. */
void supervisor_last_words(struct supervisor *s, struct child *c, int64_t now_ms);
/* It said WHAT, which is not so, or not for it to say: it is not heard any more, and replaced. */
void supervisor_child_false(struct supervisor *s, struct child *c, const char *what);

/* supervisor_lacks.c: ERROR is an errno. */
void supervisor_lacks(struct supervisor *s, enum lack what, int error, int64_t now_ms);

#endif
