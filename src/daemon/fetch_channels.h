/*
 * fetch_channels - the fetcher's ends of the channels to those that ask it: each question goes to
 * the fetcher, each answer back. Neither a worker that does not read nor one that was taken over
 * costs the others anything: what waits for one is bounded, and so is what it may note.
 */
#ifndef STIRD_DAEMON_FETCH_CHANNELS_H
#define STIRD_DAEMON_FETCH_CHANNELS_H

#include <stird/fetch/fetcher.h>
#include <stird/net/listen.h>

#define FETCH_CHANNELS_MAX WORKERS_MAX /* one a worker */

struct fetch_channels;

struct fetch_channels_counts {
    uint64_t answers_dropped; /* answers that were not read in time */
    uint64_t notes_refused;
};

/* FETCHER stays the caller's; when it is NULL each question is answered with FETCH_UNAVAILABLE and
   WHY, which is borrowed. Returns NULL without memory. */
struct fetch_channels *fetch_channels_new(struct fetcher *fetcher, const char *why);
/* To be called before the fetcher is freed. */
void fetch_channels_free(struct fetch_channels *c);
struct fetch_channels_counts fetch_channels_counts(const struct fetch_channels *c);

/* Takes FD, a non-blocking SOCK_SEQPACKET socket, in place of the one that WORKER had. */
void fetch_channels_take(struct fetch_channels *c, int fd, unsigned worker);
/* Puts what to wait for into LIST and returns how many there are. */
unsigned fetch_channels_watch(const struct fetch_channels *c,
                              struct pollfd list[FETCH_CHANNELS_MAX]);
/* Reads and writes what it can, some of each channel. */
void fetch_channels_serve(struct fetch_channels *c, struct fetch_now now);

#endif
