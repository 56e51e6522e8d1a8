/*
 * fetched - what came of URLs: bodies and failures, kept apart, so that no failure ever pushes out
 * a body. Both are bounded. No clock; the disk by fetched_file.h alone. Private to fetch.
 *
 * Whoever sends calls can have anything fetched that some web server has, copies of somebody's
 * chain too. So a body is on probation until somebody says that it leads to an anchor and that a
 * call's signature verified by it: the first to go is the one used the
 * longest ago of those that nobody vouched for; proven ones go only when there is no other. Only
 * what is proven is kept on disk.
 *
 * A server that serves garbage for a while, or somebody else's certificate, has not taken back what
 * it served before: a newer body stands beside the proven one of its URL, in memory and on disk,
 * until somebody says that the newer one is good too, or refuses it.
 */
#ifndef STIRD_FETCH_FETCHED_H
#define STIRD_FETCH_FETCHED_H

#include <stird/base/lru.h>
#include <stird/fetch/keep.h>

struct fetched_limits {
    unsigned bodies, failures;
    size_t octets; /* of all bodies */
};

/* A process of 23 MiB when it is full: bodies of 3 KiB, a chain of three certificates. */
#define FETCHED_LIMITS_USUAL                                                                       \
    ((struct fetched_limits){.bodies = 4096, .failures = 1024, .octets = (size_t)12 << 20})

struct fetched_body {
    struct lru_link link; /* its name is the URL */
    struct str body;
    struct kept kept;
    struct kept written; /* while it is of the future: as on disk */
    bool is_of_the_future, proven;
};

struct fetched_failure {
    struct lru_link link;
    enum fetch_outcome outcome;
    unsigned status; /* of HTTP */
    unsigned in_a_row;
    int64_t failed_ms; /* the last time */
    int64_t until_ms;  /* until then it is not asked for again */
};

struct fetched_counts {
    unsigned bodies, proven, failures;
    size_t octets;
    uint64_t pushed_out;   /* bodies that made room for others */
    uint64_t files_failed; /* bodies that could not be written: kept only in memory */
    uint64_t files_broken; /* files that were found broken, and deleted */
};

struct fetched;

/* DIRECTORY: a descriptor that stays the caller's; what lies there is read in. -1: nothing is kept
   on disk. NULL: no memory. */
struct fetched *fetched_new(const struct fetched_limits *limits, int directory);
void fetched_free(struct fetched *f);
const struct fetched_counts *fetched_counts(const struct fetched *f);

/* The newest. What is found stays until the next call that adds or removes. NULL: there is none. */
const struct fetched_body *fetched_find(struct fetched *f, struct str url);
/* The same of the one that proved good. */
const struct fetched_body *fetched_proven(struct fetched *f, struct str url);
/* Whether there is one; it is no use of it. */
bool fetched_has_proven(const struct fetched *f, struct str url);
/* The URL of the proven body that was used the longest ago, and of the one after URL's; empty:
   there is none. It stays as what is found. It is no use of them. */
struct str fetched_first_proven(const struct fetched *f);
struct str fetched_next_proven(const struct fetched *f, struct str url);
/* Puts it in place of what was there, or beside what was proven; earlier failures are forgotten.
   The same octets as before stay proven until the end that they were given. NULL: no memory, or it
   has more octets than all bodies together may have. */
const struct fetched_body *fetched_put(struct fetched *f, struct str url, struct str body,
                                       int64_t fetched_s, int64_t served_s);
/* The newest is good, and nobody may use it from ENDS_S on; of several who say so, the
   first end counts. An older one goes. */
void fetched_prove(struct fetched *f, struct str url, int64_t ends_s);
/* The newest, which nobody has vouched for, is not to be used from ENDS_S on. */
void fetched_bound(struct fetched *f, struct str url, int64_t ends_s);
/* Where what is kept of URL is of the future (keep.h), it is to be renewed now. Nobody knows which
   clock was wrong: on disk nothing changes, and when the clock is past that time it counts as
   before. */
void fetched_mend_times(struct fetched *f, struct str url, const struct keep_rules *rules,
                        int64_t now_s);
/* Drops the newest: one that was proven before is found again. */
void fetched_drop(struct fetched *f, struct str url);
/* The same, and its failures: whoever asks next has it fetched. */
void fetched_forget(struct fetched *f, struct str url);

/* The failure that counts now; NULL: the URL may be tried. */
const struct fetched_failure *fetched_failing(struct fetched *f, struct str url, int64_t now_ms);
/* What has failed since SINCE_MS so that WHICH tells it may have been no fault of theirs: each may
   be tried once more, ten a second at most. Who fails again has failed so often. */
void fetched_ease(struct fetched *f, bool (*which)(enum fetch_outcome outcome), int64_t since_ms,
                  int64_t now_ms);
/* Where the clock was set since it was looked at last, what failed by a false one may have failed
   for it (the dates of a server's certificate), and may be tried once more, as above. */
void fetched_watch_clock(struct fetched *f, int64_t now_s, int64_t now_ms);
/* Keeps the failure as long as keep.h says; one that is not kept changes nothing. */
void fetched_fail(struct fetched *f, struct str url, enum fetch_outcome outcome, unsigned status,
                  int64_t now_ms);

#endif
