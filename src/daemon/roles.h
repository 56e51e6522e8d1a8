/*
 * roles - the child processes: one table (roles.def) of how each is watched and what it may do, and
 * their main functions. Each main is called right after fork() and its return value is the exit
 * status; none returns to the supervisor's code.
 */
#ifndef STIRD_ROLES_H
#define STIRD_ROLES_H

#include "child.h"

#include <stird/base/problems.h>
#include <stird/core/settings.h>
#include <stird/net/dispatch.h>
#include <stird/net/listen.h>

#define SIGNERS_RETIRED_MAX 8

enum role {
#define ROLE(word, ...) ROLE_##word,
#include "roles.def"
    ROLES
};

/* What the supervisor does for each: in supervisor/. */
#define ROLE(word, noun, ...) extern const struct duty duty_##noun;
#include "roles.def"

extern const struct child_role roles[ROLES];

/* What a process keeps beside its role's row. */
struct role_keeps {
    const char *const *readable; /* of a role that opens files: what it may read (landlock.h) */
    const char *kept;            /* the same: a directory for files of its own; NULL: none */
    bool landlock_required;      /* a kernel without Landlock is an error, not only a warning */
    const int *given;            /* that others have too: used, and never changed (given.h) */
    unsigned n_given;            /* standard error is always among them */
};

/*
 * Gives up, for good and all at once, what the row of ROLE does not name: the user root, files,
 * capabilities, system calls, being looked at. 0, or -errno after a log line that says what to do:
 * the process must end then. A process that has not called it can say only what its row has as
 * `early` (control.h).
 */
int roles_narrow(enum role role, const struct role_keeps *keeps);
int roles_narrow_to(const struct child_role *row, const struct role_keeps *keeps);
/* The same where a token's library runs, which has files and system calls of its own. */
int roles_narrow_beside_token(void);
/* Descriptors that a child keeps; everything else but stderr is closed by the caller before. */
struct worker_options {
    int control_fd;
    int records_fd; /* -1: no records */
    int backlog_fd; /* record_queue.h, of records that the recorder does not take; taken */
    unsigned worker, n_workers;
    const struct listener_sockets *sockets; /* as many as settings->n_listeners */
    int inbox_fd;                           /* what other workers hand over; -1: there are none */
    int *others_fds;                        /* the way to each of them; -1: itself */
    const struct dispatch_key *dispatch_key;
    int counters_fd; /* counter_page.h; taken */
    int rates_fd;    /* rates_page.h; taken */
    const struct rates_shape *rates_shape;
    int replays_fd; /* sections of replays.h; taken */
};

/*
 * Waits for CONTROL_SNAPSHOT, gives up opening files, says CONTROL_READY, serves until
 * CONTROL_DRAIN or until the supervisor is gone.
 */
int worker_main(const struct worker_options *options);

/*
 * Reads the keys of SETTINGS' certificates, self-tests every one that is usable now, gives up
 * files, sockets and exec, says CONTROL_READY, serves channels until the control socket closes.
 */
int signer_main(const struct settings *settings, int control_fd);

/*
 * Reads records from its channels and appends them as lines to the record file. TALLY_FD: memory
 * for a struct record_losses, which outlives it; taken; -1: there is none.
 */
int recorder_main(int control_fd, int tally_fd);

/*
 * Fetches certificates for its channels: others' as fetch.* of SETTINGS says, which it keeps below
 * the state directory; or, FOR_CHECKER, our own as check.* says.
 */
int fetcher_main(const struct settings *settings, bool for_checker, int control_fd);

/*
 * Serves pages as web.* of SETTINGS says, to whoever connects to LISTENING, until the supervisor is
 * gone. FILES_FD, taken: texts that the settings were made from; -1 where there is no TLS.
 */
int web_main(const struct settings *settings, int listening, int files_fd, int control_fd);

/*
 * The same for the chains of our own certificates, as repository.* of SETTINGS says; FILES_FD has
 * their texts.
 */
int publisher_main(const struct settings *settings, int listening, int files_fd, int control_fd);

/*
 * Checks every key in a short-lived process of its own, so that the caller never holds one: adds a
 * problem for each key that is missing, readable by others, no P-256 key or not its
 * certificate's. False when there were problems. IS_NARROWED: the process has no more rights than
 * to read, and keys in tokens are left out.
 */
bool signer_check_keys(const struct settings *settings, bool is_narrowed,
                       struct problems *problems);

#endif
