/*
 * replays - which tokens were seen lately, and with which call: one that comes with another call is
 * used a second time (RFC 8224 section 12.1). That says something of the call and refuses none by
 * itself: an element that begins a call anew has the same token in two.
 *
 * Memory that workers share, a section for each, which that one writes and all read; so what one
 * forgets or makes up is not the others' fault. Only tokens that are valid are noted: nobody can
 * fill it with others. Pure.
 */
#ifndef STIRD_REPLAYS_H
#define STIRD_REPLAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stird/base/str.h>

#define REPLAYS_SLOTS         65536 /* tokens of a worker; in each of 16,384 sets the oldest goes */
#define REPLAYS_SECTION_BYTES (REPLAYS_SLOTS * sizeof(uint64_t))
#define REPLAYS_WINDOW_MAX_S  4000 /* no token is remembered for longer */

struct replays {
    const uint64_t *all; /* the sections, one behind another */
    uint64_t *own;       /* this worker's */
    unsigned workers;
};

/* A call is known by its Call-ID and the tag of its From: a copy, a fork or another try has them.
 */
uint64_t replays_call(struct str call_id, struct str from_tag);
/*
 * Notes that CALL has the token with SIGNATURE, at NOW_S (real time); true: another call had it
 * within WINDOW_S. SIGNATURE is that of JWS, eight octets or more: of ES256 its first half counts
 * alone, for whoever has a signature can make another one of its second half.
 */
bool replays_see(struct replays *r, const unsigned char *signature, uint64_t call, int64_t now_s,
                 int64_t window_s);

#endif
