/*
 * refusing - what becomes of a call whose Identity was judged, by the profile of its trunk
 * (verification_answer.h): it is refused, or its responses tell what is wrong (RFC 9410), or
 * nothing. One call of refusing_decide() for each call, in the step that judges.
 */
#ifndef STIRD_SIP_REFUSING_H
#define STIRD_SIP_REFUSING_H

#include "sip/message/message.h"
#include "steps.h"

struct context;
struct verifying;

/*
 * Behind the judgement of V, which C's outcome has. STEP_DONE: the call was refused for the
 * outcome's reason. Nothing where it was not judged. V may be NULL.
 */
enum step_result refusing_decide(struct context *c, const struct verifying *v);

/* The lines of C's Reason for a response with STATUS, each with its CRLF; empty: none. They stand
   in the first response over 100, and in final ones. */
struct str refusing_lines(const struct context *c, int status);
/* Has no response tell of it any more. */
void refusing_forget(struct context *c);
/* Adds them to M, a response on its way to the caller; without memory it goes without. */
void refusing_tell(struct context *c, struct message *m);

#endif
