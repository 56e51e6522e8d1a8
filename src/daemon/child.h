/*
 * child - one child process as its parent sees it: how it is started, reached, timed and ended.
 *
 * A child is forked, not executed: it is the same binary in another role. It is killed by the
 * kernel when its parent dies, whatever the parent died of, and sees EOF on its control socket.
 */
#ifndef STIRD_CHILD_H
#define STIRD_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/io/control.h>
#include <sys/types.h>

enum child_state {
    CHILD_NONE,     /* no process */
    CHILD_STARTING, /* forked, not READY yet */
    CHILD_SERVING,
};

/* When a child of a stird that was started as root becomes the service's user (service_user.h). */
enum child_user {
    USER_AT_ONCE,
    USER_WITH_THE_REST, /* with roles_narrow(): it has read what only root can read */
    USER_STAYS,         /* it reads such files until it ends, and can do nothing else with them */
};

/* What holds for every child of a role, and what it may: roles.h has the table. */
struct child_role {
    unsigned id;             /* its place in the table */
    const char *name;        /* of the process, at most 15 characters, "stird-" before a noun */
    unsigned places;         /* the most that there may be at once */
    unsigned words;          /* that it may say in a second; 0: as most, CHILD_WORDS */
    const struct duty *duty; /* what the supervisor does for it: supervisor/duty.h */
    const char *shown;       /* in `stirctl status`; NULL: it is not shown */
    bool numbered;           /* there are several of it that differ by their index */
    bool drains;             /* at a stop it finishes what runs before others end (CONTROL_DRAIN) */
    bool awaited;            /* stird is ready when all that are kept of it serve */
    const char *without;    /* the state of stird while none of it serves; NULL: there is no such */
    bool missed;            /* the alarm child_missing tells when one is not there */
    int64_t start_limit_ms; /* from fork() to READY */
    int64_t ping_every_ms;  /* 0: is not pinged */
    int64_t silence_ms;     /* longest unanswered ping, or time between heartbeats; 0: any */
    int64_t patience_ms;    /* of hangs in a row each may last twice as long, up to this; 0: not */
    uint64_t early;         /* words that it may say before it has given up rights: CONTROL_WORD */
    unsigned may;           /* system calls (rights.h); a role that says nothing cannot start */
    bool opens_files;       /* it may open some files, for reading (Landlock); false: none */
    enum child_user user;
    uint64_t capabilities; /* 1 << CAP_...: what it keeps if it is still root after
                              roles_narrow() */
};

/* A heartbeat is two a second, a ping five; the checker says something for each certificate. */
#define CHILD_WORDS 500

#define CHILD_OWED_MAX 12

struct child {
    const struct child_role *role;
    enum child_state state;
    pid_t pid;
    int pidfd;      /* of PID, so that no signal reaches another process; -1: closed */
    int control_fd; /* -1: closed */
    unsigned index; /* among those of its role */
    bool kept;      /* another one takes its place when it ends */
    bool drained;   /* it has finished what ran, at a stop */
    const struct due *owed[CHILD_OWED_MAX]; /* what it is yet to be told: supervisor_owe() */
    unsigned n_owed;

    int64_t started_ms, served_ms; /* when it was forked, when it said READY */
    int64_t heard_ms;              /* of the last sign of life */
    int64_t pinged_ms;             /* of the oldest ping without an answer; 0: none */
    int64_t next_ping_ms;
    int64_t starved_before_ms; /* starvation.h, up to that sign of life */
    int64_t starved_ms;        /* the same since then: it gets so much more time */
    int64_t paused_ms;         /* since that sign of life the supervisor itself stood still */
    int64_t goodbye_ms;        /* its control socket is closed, and it is killed then; 0: not */

    unsigned early_deaths; /* deaths in a row, each before it had served for a while */
    int64_t restart_at_ms; /* 0: not to be restarted */
    uint64_t deaths;       /* of those that were kept, since the start of stird */
    uint64_t deaths_then;  /* when its place was taken anew */
    unsigned hangs;        /* how often in a row it was silent for too long */
    uint64_t hangs_ever;   /* since the start of stird */

    int64_t counted_from_ms; /* begin of the second in which it said HEARD messages */
    unsigned heard;
};

#define CHILD_KEEP_MAX 512

void child_init(struct child *c, const struct child_role *role, unsigned index);
/* Its place is for another one now, of which only the counts of those before are left. */
void child_renew(struct child *c);

/* Runs in the new process; the result is its exit status. */
typedef int child_main(void *user, int control_fd);

/*
 * Forks. The child keeps standard input to error, its control socket and KEEP[0..N_KEEP), nothing
 * else; signals are as after exec, but SIGINT, SIGHUP and SIGPIPE are ignored. 0 or -errno;
 * -EINVAL when the role has no rights.
 */
int child_start(struct child *c, child_main *main, void *user, const int *keep, unsigned n_keep,
                int64_t now_ms);

/*
 * How many of OF_ALL, the supervisor's limit, a child may have that reads what others send. The
 * kernel counts the descriptors that are under way in sockets by user, and refuses more to any
 * process whose limit is below that count: so what a child leaves under way keeps no process with a
 * higher limit from sending.
 */
uint64_t child_descriptors(uint64_t of_all);

/* 0 or -errno; a child that does not read what it is sent is killed. A message that cannot be sent
   is sent again (supervisor_owe()), or the child is replaced: no child goes on without it. */
__attribute__((warn_unused_result)) int
child_send(struct child *c, const struct control_message *message, const int *fds, unsigned n_fds);
/* Says READY was heard. */
void child_serves(struct child *c, int64_t now_ms);
/* To be called for each message. False: there are more in this second than a child of its role
   says. */
bool child_heard(struct child *c, int64_t now_ms);
/* The same for a packet that says nothing, and so is no sign of life. */
bool child_counts(struct child *c, int64_t now_ms);
void child_kill(const struct child *c, int signal);
void child_close_control(struct child *c);
/* Closes its control socket, which ends it: it is not kept any more, and has until UNTIL_MS. */
void child_let_go(struct child *c, int64_t until_ms);
/* Whether it does not serve, though it should. The first one in its place, still on its way, is not
   missing: its start has a limit of its own. */
bool child_is_missing(const struct child *c);

/* The process is gone and was waited for: sets when the next one is due. */
void child_died(struct child *c, int64_t now_ms);

/* When something must be done about this child, INT64_MAX: never. */
int64_t child_deadline_ms(const struct child *c);
/* Why it has to be killed now, or NULL. */
const char *child_overdue(const struct child *c, int64_t now_ms);
/*
 * Looks how long it had no processor since it was heard last, and extends its limits by that,
 * within reason. Asks /proc, so only for one that is overdue.
 */
void child_forgive_starvation(struct child *c);
/* The supervisor stood still for MS, perhaps with the whole machine: it cannot know which children
   did not. */
void child_forgive_pause(struct child *c, int64_t ms);
/* To be called at each turn. True: C was let go, which closed its control socket, has not ended by
   itself in time, and has to be killed now. */
bool child_stays(struct child *c, int64_t now_ms);
/* It was killed as overdue; its death may take a while if it waits for a disk. */
void child_was_overdue(struct child *c, int64_t now_ms);

#endif
