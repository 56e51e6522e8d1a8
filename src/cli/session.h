/*
 * session - how a command reaches what it works on: the configuration's files, or the stird that
 * runs. Each complains on standard error itself; a command only returns the status.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "command.h"

#include <jansson.h>
#include <stdio.h>
#include <stird/core/settings.h>
#include <stird/io/admin.h>

/* "file:line: text" each. */
void print_problems(FILE *to, struct problems *problems);

/* That PATH is not for us; whose group it is for. */
void session_complain_of_group(const char *path);
/* That PATH cannot be read for ERROR, -errno; where it is not for us, for whom it is. */
void session_complain_of_file(const char *path, int error);
/* That not all files of PROBLEMS are for us, each reader once. */
void session_complain_of_files(const struct problems *problems);

/* To standard output, with what is not printable as \xHH; NULL: nothing. */
void print_shown(const char *text);
/* The plural: "s", or "" for one. */
#define PLURAL(n) ((n) == 1 ? "" : "s")

/*
 * Where things are, by the files of -c (settings_read_paths()): for commands that do not need
 * certificates and tables, or users who may not read them. NULL when a file cannot be read, which
 * is told; other mistakes are left to those who need the settings themselves.
 */
struct settings *session_paths(const struct cli *cli);
/* From the files of -c, but for private keys; NULL when there are problems, which are printed. */
struct settings *session_settings(const struct cli *cli);

/* The same for number tables alone (settings_read_for_tables()): without certificates. */
struct settings *session_tables(const struct cli *cli);

/* What a stird answered. */
struct session_reply {
    struct buf text;
    int status; /* exit status, 0: done; session_granted() reads it */
    int fds[ADMIN_FDS_MAX];
    unsigned n_fds;
};

#define SESSION_TIMEOUT_MS      5000
#define SESSION_LONG_TIMEOUT_MS 600000

/*
 * Asks the running stird. 0 when there is a reply, also one that refuses: session_granted() is to
 * see it. -errno: there is none, which is complained of, but for session_none_runs() where
 * MAY_BE_NONE. To be ended with session_reply_fini().
 */
int session_ask(const struct cli *cli, enum admin_type type, bool wait, struct str text,
                int timeout_ms, bool may_be_none, struct session_reply *reply);
/* The one place that judges a reply: false when stird refuses, which is complained of in its
   words. */
bool session_granted(const struct session_reply *reply);
/* The same, with BEFORE in front of its words: "the reload failed: ". */
bool session_granted_or(const struct session_reply *reply, const char *before);
/* Whether ERROR, of session_ask(), is that no stird is there to be asked. */
bool session_none_runs(int error);
void session_reply_fini(struct session_reply *reply);

/* Why a reload failed, as stird answered: a line each, on standard error. */
void print_reload_failure(const json_t *reply);
/* What is probably not meant in the configuration that is in force now. */
void print_reload_warnings(const json_t *reply);

/*
 * The same for a reply that is JSON: to be released with json_decref(). NULL: none runs, it refuses
 * or cannot be understood, which is complained of.
 */
json_t *session_json(const struct cli *cli, enum admin_type type, bool wait, struct str text,
                     int timeout_ms);

/*
 * For commands whose reply is JSON: asks, prints the text as it is with --json, else by PRINT.
 * Refusals go to standard error. Returns the exit status.
 */
int session_show(const struct cli *cli, enum admin_type type, bool wait, struct str text,
                 int timeout_ms, void (*print)(const json_t *reply));

#endif
