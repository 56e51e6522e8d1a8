/*
 * replay - decides the calls of a record file anew with two number tables, so that every difference
 * comes from the tables.
 *
 * A record has trunk, numbers and time. Headers that rules ask for are not in it, and are missing
 * for both tables alike.
 */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include <stird/base/buf.h>
#include <stird/core/numbers.h>
#include <stird/core/settings.h>

#define REPLAY_LEVEL_MAX 16 /* "A", "B", "C", "unsigned", "refused 603" */

/* Calls of one trunk that change in the same way. */
struct replay_change {
    struct str trunk, customer; /* the settings' */
    char from[REPLAY_LEVEL_MAX], to[REPLAY_LEVEL_MAX];
    uint64_t calls;
    char example[80]; /* the first one's origid, else its Call-ID */
    char number[TN_MAX_DIGITS + 1];
};

struct replay {
    const struct settings *settings;
    const struct numbers *old, *new;
    uint64_t calls;   /* how many were decided anew */
    uint64_t skipped; /* records that name no trunk of the settings or no whole numbers */
    uint64_t masked, without_trunk; /* of these */
    struct buf changes;             /* struct replay_change */
};

/* False after complaints. */
bool replay_file(struct replay *r, const char *path);
void replay_fini(struct replay *r);

#endif
