/*
 * fetch_tally - what a fetcher has done since it began, as the supervisor is told and counts it.
 * Pure.
 */
#ifndef STIRD_FETCH_TALLY_H
#define STIRD_FETCH_TALLY_H

#include <stdint.h>
#include <stird/core/fetch_request.h>

struct fetch_tally {
    uint64_t outcomes[FETCH_OUTCOMES]; /* of answers */
    uint64_t sources[FETCH_SOURCES];   /* where answers came from */
    uint64_t fetched[FETCH_OUTCOMES];  /* of transfers that ended */
    uint64_t pushed_out;               /* bodies that made room for others */
    uint64_t files_failed, files_broken;
    uint64_t answers_dropped; /* that workers did not take */
    uint64_t notes_refused;   /* that workers said too often */
    /* of now */
    uint32_t running, queued; /* transfers, and URLs that wait for one */
    uint32_t waiting;         /* who wait for an answer */
    uint32_t shut;            /* hosts that are not asked for a while */
    uint32_t bodies;          /* that are kept */
    uint32_t lame;            /* 1: it cannot fetch at all */
    uint32_t cut_off;         /* 1: no host is reached: fetch_reach.h */
    uint32_t blind;           /* 1: it has no authorities by which it could tell web servers */
};

#endif
