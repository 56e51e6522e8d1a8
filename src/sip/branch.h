/*
 * branch - the proofs that we put into our own Via and To tag, so that what comes back needs no
 * state to be recognised (RFC 3261 sections 8.1.1.7, 16.6 item 8, 16.11). That of our Record-Route
 * is a route_key.
 *
 * A Via branch is z9hG4bKst + worker, attempt, loop, proof in hexadecimal. `loop` hashes what the
 * request was routed by: the same value again means a loop, another one a spiral (RFC 5393 section
 * 4.2). `proof` is a keyed hash that a response alone suffices to check: it holds for the
 * transaction and for the place that the Via below ours leads to, so a response goes there or
 * nowhere.
 */
#ifndef STIRD_SIP_BRANCH_H
#define STIRD_SIP_BRANCH_H

#include <stird/io/snapshot.h>

#include "sip/message/message.h"
#include "siphash.h"

#define BRANCH_PREFIX "z9hG4bKst"
#define BRANCH_LENGTH 45
#define TAG_LENGTH    16

struct branches {
    struct siphash *proof; /* survives restarts: from the secret */
    struct siphash *table; /* transaction keys */
};

/* False: no memory. */
bool branches_init(struct branches *b, const uint8_t secret[SNAPSHOT_SECRET_BYTES]);
void branches_fini(struct branches *b);

#define BRANCH_WITH_ROUTE 0x40u /* in the number of an attempt: it leaves with a Route */
/* The branch for forwarding REQUEST, as received (before its Via, Route and URI are edited). */
void branch_write(const struct branches *b, const struct message *request, unsigned worker,
                  unsigned attempt, char text[BRANCH_LENGTH + 1]);
/* What the proof in a branch of ours is a hash of, taken from a response. */
struct branch_proof {
    struct str branch; /* of our Via */
    struct str call_id, from_tag;
    uint32_t cseq;
    struct via_hop next; /* the Via below */
};
bool branch_proof_holds(const struct branches *b, const struct branch_proof *proof);
/* Whether the top Via of RESPONSE carries a branch of ours for this very response. */
bool branch_is_ours(const struct branches *b, const struct message *response);
/* Whether the request left with a Route, which led through a proxy. */
bool branch_has_route(struct str branch);
/* The worker that wrote BRANCH, if it is one of ours; UINT_MAX: it is not. */
unsigned branch_worker(struct str branch);
/* Whether REQUEST has been here before with the same Request-URI and Route. */
bool branch_shows_loop(const struct branches *b, const struct message *request);

/* A To tag for an answer of our own: the same for the same request (RFC 3261 section 8.2.7). */
void branch_tag_write(const struct branches *b, const struct message *request,
                      char text[TAG_LENGTH + 1]);

/* RFC 3261 section 17.2.3, with METHOD as told: "INVITE" finds the transaction of an ACK or CANCEL.
 */
struct transaction_key branch_server_key(const struct branches *b, const struct message *request,
                                         struct str method);
/* Section 17.1.3. */
struct transaction_key branch_client_key(const struct branches *b, struct str branch,
                                         struct str method);

#endif
