/*
 * configuration - one generation of what is in the files: settings and compiled numbers, checked
 * together and with the keys, ready to be handed to children.
 *
 * Everything or nothing: with any problem there is no configuration. A start, `stird -t` and a
 * reload go through the same check.
 */
#ifndef STIRD_CONFIGURATION_H
#define STIRD_CONFIGURATION_H

#include "control_groups.h"

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/problems.h>
#include <stird/core/numbers.h>
#include <stird/core/settings.h>

struct configuration {
    struct settings *settings;
    int files_fd;        /* the texts that the settings were made from (settings_file.h), to hand
                            on */
    int public_files_fd; /* the same texts without secrets, for stirctl */
    int numbers_fd;      /* the compiled table */
    struct numbers_summary numbers;
    uint64_t urgent_faults;       /* urgent changes that name a certificate that cannot sign */
    uint64_t urgent_unknown;      /* and those that name a customer whom nothing else names */
    int64_t read_at_s;            /* certificates were in force then */
    struct control_groups groups; /* at the control socket */
    bool is_forced; /* it follows a table that had many more rows, because an operator forced it */
    uint64_t generation;
};

#define CONFIGURATION_INIT                                                                         \
    ((struct configuration){.files_fd = -1, .public_files_fd = -1, .numbers_fd = -1})

void configuration_fini(struct configuration *c);

/*
 * Reads it from the disk and checks the keys. False with all problems; C is untouched then. PRESENT
 * is what is in force at a reload, else NULL: a file that cannot be written any more stops a start,
 * but not a reload that names the same file. NARROW is NULL for a process that has its rights. A
 * process that has given up all but reading (a reload's) calls it to give up more, when keys are
 * checked and before tables are read; when it returns false nothing more is read. Keys in tokens
 * need more rights than such a process has: the next signer is the first that asks for them.
 */
bool configuration_load(struct configuration *c, struct str path,
                        const struct configuration *present,
                        bool (*narrow)(const struct settings *settings), struct problems *problems);
/*
 * The same for `stird -t`: files are judged for the user that stird will serve as
 * (service_user_presume()), whoever asks. C has its settings even where there are mistakes, if no
 * syntax error is among them: only for their warnings.
 */
bool configuration_check(struct configuration *c, struct str path, struct problems *problems);
/*
 * The same from descriptors that another process has loaded; opens nothing. Takes the descriptors
 * in any case. False with *WHY.
 */
bool configuration_from_fds(struct configuration *c, struct str path, int files_fd, int numbers_fd,
                            int64_t read_at_s, const char **why);

/* Logs what its settings probably do not mean. */
void configuration_log_warnings(const struct configuration *c);
/* One line for each, as `stird -t` and `stirctl reload` show them. */
void configuration_print_warnings(const struct configuration *c, struct buf *out);

/*
 * Adds problems for what forbids to go from PRESENT to NEXT without a restart, or before somebody
 * has looked at the numbers. A setting that stays until a restart as it was at the start
 * (STARTED_WITH) becomes a warning of NEXT. FORCE: however few numbers there are; NEXT remembers it
 * where that made the difference.
 */
bool configuration_may_follow(struct configuration *next, const struct configuration *present,
                              const struct settings *started_with, bool force, struct str path,
                              struct problems *problems);

#endif
