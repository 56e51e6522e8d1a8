/*
 * verifying - the verification of one call: its Identity values, the certificates that they need,
 * and the judgement (verification.h).
 *
 * A call is judged by the certificates of its worker (certificates.h), a rehearsal by those that
 * whoever explains has brought along.
 */
#ifndef STIRD_SIP_VERIFYING_H
#define STIRD_SIP_VERIFYING_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/core/reason.h>

struct context;
struct verifying;
struct verification;
struct verification_question;
struct verified;

/* Reads the Identity values of C, whose trunk verifies. NULL: no memory. Ends with the context. */
struct verifying *verifying_new(struct context *c);
void verifying_free(struct verifying *v); /* NULL is fine */

/*
 * Asks once for each certificate that is missing, and returns how many are on their way. WAKE is
 * called once, when all have come or cannot be had; that may be before this returns. Not for
 * rehearsals.
 */
unsigned verifying_ask(struct verifying *v, void (*wake)(struct context *c), uint32_t wait_ms);
/* Nobody waits any longer; what comes is kept for others. */
void verifying_leave(struct verifying *v);
/* Whether a certificate that was at hand does not fit a signature, and may have been replaced since
   it was fetched: then it is to be asked for anew. Said once. */
bool verifying_renews(struct verifying *v);

/* Does not judge the call, which is open for REASON. V may be NULL. */
void verifying_leave_open(struct verifying *v, struct context *c, enum reason reason);
/* Judges the call; what is kept of that is C->outcome's. V may be NULL, for want of memory. */
void verifying_judge(struct verifying *v, struct context *c);

/* How V was judged; borrowed of it, and of the context. */
struct verifying_judged {
    const struct verification_question *question;
    const struct verification *answer;
    struct verified *kept; /* which the outcome has */
};
/* False: it was not judged. */
bool verifying_judged(const struct verifying *v, struct verifying_judged *judged);

#endif
