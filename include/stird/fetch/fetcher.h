/*
 * fetcher - fetches for all who ask. A URL that many want at the same time is fetched by one GET
 * (RFC 8224 section 7.2), and each asker is answered by his own deadline, whatever the servers do.
 * What came is kept (keep.h), and what could not be had is not asked for again at once.
 *
 * It judges nothing, has no key and knows no call. One thread, no clock: time is handed in. It
 * waits nowhere but in fetcher_wait(). All that others can make it hold is bounded: URLs at once
 * and in the queue, of one host (4 at once at a port, 10 a second), of one trunk (20 new ones a
 * second, half of all places, half of these for hosts that have not proven good, its share of a
 * host), threads of a resolver that hangs, those who wait, bodies and failures. Whoever asks for
 * more is told so (FETCH_LIMIT, FETCH_OVERLOADED); that does not count as a failure of the URL.
 */
#ifndef STIRD_FETCHER_H
#define STIRD_FETCHER_H

#include <poll.h>
#include <stird/core/fetch_request.h>
#include <stird/fetch/fetch.h>
#include <stird/fetch/keep.h>

struct fetch_now {
    int64_t monotonic_ms; /* for deadlines, limits, failures */
    int64_t real_s;       /* since 1970: for what is kept over restarts */
};

struct fetcher_options {
    struct fetch_options fetch; /* ca_file: borrowed, as long as there is a fetcher */
    const char *unable; /* a static sentence: why nothing can be fetched, and what is kept is
                           all that there is; NULL: it can */
    struct keep_rules keep;
    unsigned at_once;       /* transfers */
    unsigned per_host;      /* of these, to one port of a host */
    unsigned per_host_rate; /* to a host, so many a second; twice as many at once */
    unsigned new_per_trunk; /* URLs a second; five times as many at once */
    unsigned queued;        /* URLs that wait for their transfer */
    unsigned askers;        /* who wait for an answer */
    unsigned cut_off_after; /* hosts that fail in a row, so that the fault is ours (fetch_reach.h);
                               0: it is always theirs */
    unsigned bodies;        /* that are kept */
    size_t octets;          /* of all of them */
    int directory; /* a directory in which bodies that proved good are kept: borrowed; -1: none */
};

/* The usual values. Whoever wants others starts from these and names only what differs. */
struct fetcher_options fetcher_options_usual(void);

struct fetcher_counts {
    uint64_t outcomes[FETCH_OUTCOMES]; /* answers */
    uint64_t sources[FETCH_SOURCES];   /* answers */
    uint64_t fetched[FETCH_OUTCOMES];  /* transfers that ended */
    unsigned running, queued, waiting; /* now: transfers, URLs, askers */
    unsigned lingering;                /* now: threads of the system's resolver that go on */
    unsigned held;                     /* now: transfers that are none but such a thread */
    unsigned shut;                     /* now: hosts whose breaker is open */
    unsigned bodies, proven, failures; /* now: kept */
    size_t octets;                     /* now: of the bodies */
    uint64_t pushed_out;               /* bodies that made room for others */
    uint64_t files_failed, files_broken;
};

struct fetcher;

/* Reads the bodies that lie in the directory. NULL with *WHY when it cannot be made. */
struct fetcher *fetcher_new(const struct fetcher_options *options, const char **why);
/* Those who wait are told FETCH_UNAVAILABLE. */
void fetcher_free(struct fetcher *f);
struct fetcher_counts fetcher_counts(const struct fetcher *f, struct fetch_now now);
/* While no host is reached (fetch_reach.h): how the last one failed, a static sentence; else NULL.
 */
const char *fetcher_cut_off(const struct fetcher *f);

/* The answer and what it points to are borrowed for the time of the call, during which the fetcher
   must not be called. */
typedef void fetcher_done(void *user, const struct fetch_answer *answer);

/*
 * DONE is called once for FETCH_ASK, FETCH_RENEW and FETCH_FORMER, at once or later, but no later
 * than question.wait_ms (fetcher_run()). It is not called for notes, which say something about a
 * body that is kept. The question is the caller's. FETCH_RENEW fetches again what is older than a
 * minute. FETCH_FORMER fetches nothing: a body that proved good stays beside a newer one of its
 * URL until that proves good too.
 */
void fetcher_ask(struct fetcher *f, const struct fetch_question *question, struct fetch_now now,
                 fetcher_done *done, void *user);
/* Forgets what URL served, or that it cannot be had, on disk too: who asks next has it fetched. */
void fetcher_drop(struct fetcher *f, struct str url);
/* Forgets everybody who asked with USER; what is being fetched goes on. */
void fetcher_forget(struct fetcher *f, const void *user);

#define FETCHER_MORE_MAX 256

/* Waits until there is something to do for the fetcher or at one of N more descriptors (events and
   revents as in poll(2)), at most MOST_MS. */
void fetcher_wait(struct fetcher *f, struct pollfd *more, unsigned n, int most_ms,
                  struct fetch_now now);
/* Does what is to be done. The time is that after the wait. */
void fetcher_run(struct fetcher *f, struct fetch_now now);

#endif
