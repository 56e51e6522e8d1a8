/*
 * supervisor_trust_held - the last good lists of domains of trust: in memory as long as stird runs,
 * since what counts must not hang on a disk, and in the state directory for the next start. For the
 * part trust alone.
 */
#ifndef STIRD_SUPERVISOR_TRUST_HELD_H
#define STIRD_SUPERVISOR_TRUST_HELD_H

#include "supervisor_trust_told.h"

#include <stird/core/settings.h>
#include <stird/io/trust_kept.h>

struct trust_held {
    int fd; /* sealed memory; -1: nothing is held */
    int64_t next_write_ms;
    struct trust_kept_place places[TRUST_DOMAINS_MAX][TRUST_SOURCES_MAX];
    struct trust_unkept unkept[TRUST_DOMAINS_MAX][TRUST_SOURCES_MAX];
};

void trust_held_init(struct trust_held *h);
void trust_held_fini(struct trust_held *h);
/* AFTER is in force in place of BEFORE (either may be NULL): what is held of a domain goes on with
   the places that AFTER has in the domain of that name. */
void trust_held_follow(struct trust_held *h, const struct settings *before,
                       const struct settings *after);
/* Whether FD, which nobody writes any more, holds what was FOUND of N domains and nothing else. */
bool trust_held_fits(int fd, const struct trust_found *found, unsigned n);
/* Takes FD, with what was found, in place of what is held. */
void trust_held_take(struct trust_held *h, int fd, const struct trust_found *found, unsigned n);
/* Writes what the state directory does not have. What cannot be written is owed. */
void trust_held_write(struct trust_held *h, const struct settings *s, int64_t now_ms);
/* The same some time after it failed. */
void trust_held_retry(struct trust_held *h, const struct settings *s, int64_t now_ms);
/* Lists that are owed. */
unsigned trust_held_owed(const struct trust_held *h);

#endif
