/*
 * supervisor - reads and checks everything but keys, opens the listeners, starts the children and
 * starts them again. Never parses network input.
 *
 *     loader (at a reload)        signer  <--- channel --->  worker 1..N  --- records ---> recorder
 *          \                        |                          |                             |
 *           +------------------- control sockets of the supervisor -------------------------+
 *
 * One loop over poll(2); nothing in it waits. What may take long (a reload's files) runs in a
 * child. This header is shared by the supervisor_*.c files; main() needs the first part only.
 */
#ifndef STIRD_SUPERVISOR_H
#define STIRD_SUPERVISOR_H

#include "daemon/alarms.h"
#include "daemon/child.h"
#include "daemon/configuration.h"
#include "daemon/control_places.h"
#include "daemon/control_refusals.h"
#include "daemon/counter_book.h"
#include "daemon/options.h"

#include <stird/base/json.h>
#include <stird/io/folder.h>
#include <stird/io/overlay.h>
#include <stird/io/record_writer.h>
#include <stird/net/dispatch.h>
#include <stird/net/listen.h>

struct supervisor;
struct stat;

/*
 * Takes all steps up to the children (configuration, listeners, secret, record file), while
 * stderr is still the operator's. NULL after all problems were printed there; *STATUS is what to
 * end with then: SUPERVISOR_MISCONFIGURED where the next start would fail likewise.
 */
struct supervisor *supervisor_new(struct str configuration_path, int *status);
/* EX_CONFIG of sysexits.h; systemd/stird.service does not start stird again after it. */
#define SUPERVISOR_MISCONFIGURED 78
/* Starts the children and serves until SIGTERM. READY, if not NULL, is called once when serving. */
int supervisor_run(struct supervisor *s, bool journal, void (*ready)(void *user), void *user);
void supervisor_free(struct supervisor *s);

/* ---- for supervisor_*.c ---- */

#define RETIRED_MAX 8

#define CHILDREN_MAX      (WORKERS_MAX + 5 + RETIRED_MAX) /* see supervisor_each_child() */
#define BURIED_MAX        16
#define ADMIN_CLIENTS_MAX CONTROL_PLACES
#define FAILURE_TEXT_MAX  256

#define ADMIN_SILENCE_MS 10000 /* who says nothing for so long is closed */

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

/* Somebody at the control socket. */
struct admin_client {
    int fd; /* -1: free */
    int64_t deadline_ms;
    bool waits; /* for the end of a reload, or of a check */
    bool for_check;
    bool for_numbers; /* for the workers to take the urgent change of NUMBER */
    struct tn number;
    struct control_peer peer;
    uint64_t ticket; /* of the reload or check that it asked for; of urgent changes, which */
};

enum reload_step {
    RELOAD_NONE,
    RELOAD_LOADING,   /* the loader reads and checks */
    RELOAD_SIGNER,    /* the next signer tests its keys */
    RELOAD_SWITCHING, /* the workers were given the next snapshot */
};

#define SNAPSHOTS_OWED_MAX 4

/* Since when an answer is waited for, and how often the worker's loop has turned since. */
struct patience {
    int64_t since_ms; /* 0: none is */
    unsigned beats;
};

/* What a worker has not said yet that it has: supervisor_owed.c. */
struct owed {
    uint64_t snapshots[SNAPSHOTS_OWED_MAX]; /* generations, as they were sent */
    unsigned n_snapshots;
    struct patience snapshot, overlay;
};

/* What the recorder may ask for: supervisor_rotation.c. Monotonic times. */
struct rotation {
    int64_t next_ms; /* before that nothing comes of it; 0: any time */
    int64_t aged_ms; /* when a file moved aside for its age alone; 0: none has */
    bool put_off;    /* it asked for one for its age too early, which was said */
    bool may_cross;  /* it was given a file or limits, and may have asked before it knew */
};

#define REFUSED_KEPT 64   /* of a kind */
#define HOPS_KEPT    2048 /* of all workers */
#define FAILED_KEPT  20

/* A next hop as one worker finds it. */
struct hop_seen {
    struct hop_state state;
    unsigned worker;
};

/* A source that workers do not hear, or do not let through. */
struct refused_sum {
    struct refused_source last; /* its count is of all; 0: this place is free */
    uint64_t count;
};

struct supervisor {
    struct str path;
    struct configuration current, next;
    struct settings
        *started_with;        /* what needs a restart is as it says; maybe those of `current` */
    uint64_t last_generation; /* given out, whether it came into force or not */
    uint8_t *secret; /* SNAPSHOT_SECRET_BYTES; the workers are told, no other child has it */
    unsigned n_workers;
    struct dispatch_key dispatch_key; /* with several workers, */
    int dispatch_program;             /* and what chooses among their sockets; -1: there is none */
    struct listener_sockets *sockets; /* those of listener i for worker w: [i * n_workers + w] */
    unsigned n_sockets;               /* listeners */
    int records_file;                 /* -1: no records */
    char records_stamp[32];           /* of the name that was given last, */
    unsigned records_stamp_uses;      /* and how often that stamp was */
    /*
     * Both ends of each worker's record channel are kept: neither a worker's nor the recorder's
     * death loses a record that waits there.
     */
    int record_channels[WORKERS_MAX][2];
    int record_backlogs[WORKERS_MAX]; /* record_queue.h: nor does one that waits for the channel */
    int record_tally_fd; /* of the recorder: its death loses no count of what it lost */
    const struct record_tally *record_tally; /* the same, mapped; NULL: no records */
    int untold_fd;                           /* supervisor_untold.c; -1: none */
    struct record_tally kept_tally;          /* what it holds */
    bool untold_fault;                       /* it could not be written last time */
    int64_t next_untold_ms;
    int inboxes[WORKERS_MAX][2]; /* [0] is worker w's, [1] everybody else's way to it */
    bool journal;                /* stderr is journald's */

    struct child workers[WORKERS_MAX], signer, recorder;
    pid_t buried[BURIED_MAX]; /* children that ended last, in a ring */
    unsigned n_buried;
    uint64_t in_use[WORKERS_MAX]; /* the generation that each worker said it serves */
    struct owed owed[WORKERS_MAX];
    uint64_t oldest[WORKERS_MAX]; /* the oldest one that a call in it still holds */
    struct counter_book *book;    /* what they count: supervisor_counters.c */

    struct name_heard *names; /* what upstreams' names meant last: supervisor_names.c */
    unsigned n_names;
    struct refused_sum refused[UNHEARD_KINDS][REFUSED_KEPT]; /* who is not heard: the last ones */
    uint64_t refused_unlisted[UNHEARD_KINDS];                /* how often others were not */
    struct buf hops;                        /* struct hop_seen, those heard of last at the end */
    struct failed_call failed[FAILED_KEPT]; /* a ring of the last ones */
    unsigned n_failed;                      /* ever */

    /* Urgent changes of numbers. */
    struct overlay *overlay;
    int overlay_fd; /* the table of those in force; -1: there are none */
    uint64_t overlay_generation;
    uint64_t overlay_in_use[WORKERS_MAX]; /* what each worker said it has; 0: nothing yet */

    /* The certificates' URLs and lives: supervisor_certificates.c. */
    struct child checker;
    struct buf findings;                     /* struct finding */
    uint64_t checks;                         /* begun */
    uint64_t check_faults, check_faults_now; /* lists that the last one, this one, cannot read */
    unsigned check_next;                     /* unit that the present one may tell of */
    bool check_over;                         /* it has told all */
    struct problems unreadable;              /* files: supervisor_files.c */
    int64_t next_files_ms;
    uint64_t directories_lost; /* of certificates: they cannot be read */
    uint64_t units_unreadable; /* whose directory can, and a file in it cannot */
    int64_t next_directories_ms;
    bool check_asked; /* a look that does not wait for its time */
    int64_t next_check_ms, next_lives_ms;
    int watch_fd;                          /* inotify of their directories; -1: none */
    int64_t watch_due_ms, watch_latest_ms; /* what came is read anew then, and no later */

    enum reload_step reload;
    bool reload_again;
    bool force_asked; /* of the next reload: past numbers.max_shrink_percent */
    bool loader_told; /* what is wrong: it was its last word */
    struct child loader, next_signer;
    struct child retired[RETIRED_MAX]; /* signers that finish what calls of old snapshots asked */
    uint64_t retired_generation[RETIRED_MAX];
    int64_t retired_until_ms[RETIRED_MAX];
    uint64_t reloads, failed_reloads;
    struct alarms alarms;
    int64_t next_alarms_ms;
    bool record_file_fault;         /* the present one is not what the settings name, or too long */
    uint64_t urgent_changes_lost;   /* could not be written */
    uint64_t names_unsent;          /* to workers that began */
    uint64_t sign_requests_refused; /* by signers, since a worker asked for too many */
    uint64_t false_children;        /* that said what is not so, or too much */
    struct rotation rotation;
    uint64_t sockets_mended;               /* after workers that had changed them */
    uint64_t sockets_broken[WORKERS_MAX];  /* now: that each left and that cannot be mended */
    char reload_failure[FAILURE_TEXT_MAX]; /* of the last reload; empty: it went well */
    struct buf reload_problems;            /* that it found, a line each */
    struct buf reload_warnings;            /* the same of what is probably not meant */

    /* Control socket. A reload answers all tickets that were given out before it began. */
    int admin_fd;
    char *admin_path;
    struct admin_client clients[ADMIN_CLIENTS_MAX];
    struct control_refusals refusals;
    int64_t callers_from_ms; /* nobody is taken before: see LACK_CALLER */
    struct lacked lacks[LACKS];
    uint64_t reload_tickets, reload_ticket;
    int64_t started_ms;
    int64_t turned_ms; /* when the loop woke last */

    bool ready, stopping, ending;
    bool drained[WORKERS_MAX], dismissed; /* all are, and were told to go */
    bool start_failed;                    /* a worker says that it can never serve */
    int64_t drain_until_ms, end_until_ms;

    int64_t watchdog_every_ms, next_watchdog_ms, next_status_ms;
    int signal_fd;
    void (*on_ready)(void *user);
    void *on_ready_user;
};

/* supervisor.c */
void supervisor_end(struct supervisor *s, int64_t now_ms);
/* Before the first READY: the end, with status 1. */
void supervisor_fail_start(struct supervisor *s, int64_t now_ms);

/* supervisor_records.c */
int supervisor_open_records(struct str path);
/* What is wrong with it, by its errno: in words. */
const char *supervisor_records_fault(int error);
/* Whether a file ST in D may be written as a record file; -EPERM else. */
bool supervisor_may_record_in(const struct folder *d, const struct stat *st);
/* The same, for writing over what is in it. */
int supervisor_open_in_place(struct str path);
int supervisor_send_record_file(struct supervisor *s);
/* Channels, backlogs and the tally, for as long as stird runs. 0 or -errno. */
int supervisor_open_record_ways(struct supervisor *s);
void supervisor_close_record_ways(struct supervisor *s);
/* That a reload was forced, at this place of the records. */
void supervisor_record_forced(struct supervisor *s, uint64_t rows_before);
bool supervisor_use_record_file(struct supervisor *s, struct str path);
void supervisor_reopen_records(struct supervisor *s);
/* False, after a line of the log: the present one goes on. */
bool supervisor_rotate_records(struct supervisor *s);

/* supervisor_rotation.c: the recorder says that its file is full or old. */
void supervisor_rotation_asked(struct supervisor *s);

/* supervisor_owed.c: the answers of worker W. */
void supervisor_owes_nothing(struct supervisor *s, unsigned w); /* it begins */
/* False: it owes too many already. */
bool supervisor_owes_snapshot(struct supervisor *s, unsigned w, uint64_t generation,
                              int64_t now_ms);
void supervisor_owes_overlay(struct supervisor *s, unsigned w, int64_t now_ms);
/* It says so; false: it was not asked, and lies. */
bool supervisor_snapshot_was_owed(struct supervisor *s, unsigned w, uint64_t generation,
                                  int64_t now_ms);
bool supervisor_overlay_was_owed(struct supervisor *s, unsigned w, uint64_t generation,
                                 int64_t now_ms);
void supervisor_owed_beat(struct supervisor *s, unsigned w);
/* Why it has to be killed now, or NULL. */
const char *supervisor_owed_too_long(const struct supervisor *s, unsigned w, int64_t now_ms);

/* supervisor_untold.c */
#define UNTOLD_FILE "records-untold" /* in the state directory */
/* What an earlier stird left; *TALLY is what this one begins with. */
void supervisor_open_untold(struct supervisor *s, struct record_tally *tally);
void supervisor_keep_untold(struct supervisor *s, int64_t now_ms);
/* When all children have ended: with what they left in channels and backlogs. */
void supervisor_keep_last(struct supervisor *s);

/* supervisor_children.c */
void supervisor_start_children(struct supervisor *s, int64_t now_ms);
/* Those that are due again. */
void supervisor_restart_children(struct supervisor *s, int64_t now_ms);
/* Calls VISIT for each child slot, running or not. */
void supervisor_each_child(struct supervisor *s,
                           void (*visit)(struct supervisor *s, struct child *c, void *user),
                           void *user);
int supervisor_start_signer(struct supervisor *s, struct child *c,
                            const struct configuration *configuration, int64_t now_ms);
/* Gives worker W the snapshot of CONFIGURATION with a channel to SIGNER. 0 or -errno. */
int supervisor_send_snapshot(struct supervisor *s, unsigned w,
                             const struct configuration *configuration, struct child *signer);
/* Gives each worker a channel to the present signer. */
void supervisor_connect_workers(struct supervisor *s);

/* supervisor_sockets.c */
bool supervisor_open_sockets(struct supervisor *s, struct problems *problems);
/* What reaches the wrong worker goes on to the right one through its inbox (handover.h). */
bool supervisor_open_inboxes(struct supervisor *s, struct problems *problems);
void supervisor_close_sockets(struct supervisor *s);
/* What worker W shared with others and left behind is as it was when it began (mend.h). */
void supervisor_mend_sockets(struct supervisor *s, unsigned w);
uint64_t supervisor_sockets_broken(const struct supervisor *s); /* now */

/* supervisor_messages.c */
void supervisor_ping_children(struct supervisor *s, int64_t now_ms);
void supervisor_kill_overdue(struct supervisor *s, int64_t now_ms);
/* Some of what the child has said, so that the others have their turn. */
void supervisor_child_messages(struct supervisor *s, struct child *c, int64_t now_ms);
void supervisor_reap(struct supervisor *s, int64_t now_ms);
/* It said WHAT, which is not so, or not for it to say: it is not heard any more, and replaced. */
void supervisor_child_false(struct supervisor *s, struct child *c, const char *what);

/* supervisor_reload.c */
void supervisor_reload(struct supervisor *s, int64_t now_ms); /* SIGHUP */
void supervisor_loader_message(struct supervisor *s, const struct control_message *message,
                               int *fds, unsigned n_fds, int64_t now_ms);
void supervisor_next_signer_serves(struct supervisor *s, int64_t now_ms);
void supervisor_worker_switched(struct supervisor *s, unsigned w, int64_t now_ms);
void supervisor_reload_failed(struct supervisor *s, const char *why);
/* For who waits for the reload to hear why it failed. */
void supervisor_reload_problem(struct supervisor *s, const char *text);
void supervisor_drop_retired(struct supervisor *s, int64_t now_ms);

/* supervisor_admin.c */
/* What clients at the control socket have asked since the last turn. */
void supervisor_serve_admin(struct supervisor *s, int64_t now_ms);
void supervisor_close_admin(struct supervisor *s);
/* The socket's file is for those whom the present configuration names. 0 or -errno. */
int supervisor_let_in(struct supervisor *s);
/* To those who wait for the reload that has just ended; WHY it failed, or NULL. */
void supervisor_admin_reloaded(struct supervisor *s, const char *why);

void supervisor_admin_answer(struct admin_client *c, uint32_t status, struct str text);

void supervisor_admin_checked(struct supervisor *s, const char *why); /* the same of a check */

/* supervisor_callers.c: those who wait at the control socket become clients, or are refused. */
void supervisor_accept_callers(struct supervisor *s, int64_t now_ms);

/* supervisor_files.c: whether a reload could read what the present configuration names. */
void supervisor_tend_files(struct supervisor *s, int64_t now_ms);

/* supervisor_certificates.c */
void supervisor_tend_certificates(struct supervisor *s, int64_t now_ms);
/* Of the present configuration, which has just come into force. */
void supervisor_watch_certificates(struct supervisor *s);
void supervisor_check_now(struct supervisor *s);
void supervisor_certificate_alarms(const struct supervisor *s, uint64_t values[ALARMS]);
void supervisor_checker_message(struct supervisor *s, const struct control_message *m);
/* A character for each of SETTINGS' units, as in control.h. */
void supervisor_certificate_states(const struct supervisor *s, const struct settings *settings,
                                   char *text, size_t bytes);
void supervisor_put_certificates(const struct supervisor *s, struct json *j);
/* Members of an object: how many units are in each state, and the life that is left. */
void supervisor_put_certificate_counts(const struct supervisor *s, struct json *j);

/* supervisor_overlay.c */
bool supervisor_open_overlay(struct supervisor *s, struct problems *problems);
/* Before a worker's snapshot: no call may be decided without. 0 or -errno. */
int supervisor_send_overlay(struct supervisor *s, unsigned w);
/* FD, a table of urgent changes or -1, is what workers have from now on. */
void supervisor_overlay_use(struct supervisor *s, int fd);
/* Whether every worker has what was used as GENERATION; those that start begin with it. */
bool supervisor_overlay_in_use(const struct supervisor *s, uint64_t generation);
void supervisor_overlay_taken(struct supervisor *s, unsigned w, uint64_t generation);
/* A journal that is long, or was cut, is written anew. */
void supervisor_overlay_tidy(struct supervisor *s);

/* supervisor_numbers.c */
/* Tells those who wait for it, when all workers have it. */
void supervisor_numbers_in_force(struct supervisor *s);
/* Tells who has waited for too long. */
void supervisor_numbers_late(struct supervisor *s, struct admin_client *c);
void supervisor_admin_numbers_set(struct supervisor *s, struct admin_client *c, struct str text,
                                  int64_t now_ms);
void supervisor_admin_numbers_unset(struct supervisor *s, struct admin_client *c, struct str text,
                                    int64_t now_ms);
void supervisor_admin_numbers_list(struct supervisor *s, struct admin_client *c, struct str text,
                                   int64_t now_ms);

/* supervisor_names.c */
/* What a worker says that a name means; it is believed as far as that page says. */
void supervisor_take_name(struct supervisor *s, unsigned w, const struct known_name *known);
/* known_names_to_fd() of those that the configuration names, which may be none. */
int supervisor_names_to_fd(struct supervisor *s);
/* supervisor_refused.c */
void supervisor_take_refused(struct supervisor *s, const struct refused_source *news);
void supervisor_put_refused(const struct supervisor *s, struct json *j);
/* supervisor_hops.c */
void supervisor_take_hop(struct supervisor *s, unsigned w, const struct hop_state *news);
void supervisor_forget_hops(struct supervisor *s, unsigned w); /* of a worker that is gone */
/* Members of an object: the next hops of each upstream. */
void supervisor_put_hops(const struct supervisor *s, struct json *j, int64_t now_ms);
/* Of each upstream, by its index; the caller's to free, NULL: no memory. */
struct hop_tally {
    const struct supervisor *s;
    unsigned n, usable;
};
struct hop_tally *supervisor_count_hops(const struct supervisor *s);
/* supervisor_trunks.c */
void supervisor_put_trunks(const struct supervisor *s, struct json *j);
/* supervisor_failed.c */
void supervisor_take_failed(struct supervisor *s, const struct failed_call *news);
void supervisor_put_failed(const struct supervisor *s, struct json *j);
/* supervisor_names.c: what the name of U means, NULL: nothing is known of it. */
const struct known_name *supervisor_name_of(const struct supervisor *s, const struct upstream *u);
/* Before a worker's snapshot. Without them it asks DNS: no reason not to start it. */
void supervisor_send_names(struct supervisor *s, unsigned w);

/* supervisor_lacks.c: ERROR is an errno. */
void supervisor_lacks(struct supervisor *s, enum lack what, int error, int64_t now_ms);
uint64_t supervisor_lacked(const struct supervisor *s); /* how often, of all kinds */

/* supervisor_alarms.c */
/* Once a second; NOW: for who asks, so that the answer is no second old. */
void supervisor_look_for_alarms(struct supervisor *s, int64_t now_ms);
void supervisor_look_for_alarms_now(struct supervisor *s, int64_t now_ms);

/* supervisor_report.c */
void supervisor_put_status(const struct supervisor *s, struct json *j, int64_t now_ms);

/* supervisor_status.c */
const char *supervisor_state_text(const struct supervisor *s);
void supervisor_tell_status(struct supervisor *s, int64_t now_ms);
void supervisor_feed_watchdog(struct supervisor *s, int64_t now_ms);

/* supervisor_counters.c */
bool supervisor_open_counters(struct supervisor *s, struct problems *problems);
/* Of all workers, those that are gone included. */
struct proxy_counters supervisor_counters(const struct supervisor *s);
/* Members of an object: all of them, with those of each trunk and upstream. */
void supervisor_put_statistics(const struct supervisor *s, struct json *j);
/* A member of an object: those of each trunk and upstream. */
void supervisor_put_totals(const struct supervisor *s, struct json *j);

#endif
