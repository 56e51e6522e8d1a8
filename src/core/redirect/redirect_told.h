/*
 * redirect_told - what an SBC is told of a call that was judged (marking.h): as a next hop would
 * be, in headers that it puts into its INVITE. Private to core/redirect.
 */
#ifndef STIRD_CORE_REDIRECT_TOLD_H
#define STIRD_CORE_REDIRECT_TOLD_H

#include <stird/base/buf.h>
#include <stird/core/redirect_answer.h>

/* Writes whole lines, each with its CRLF. PROFILE is redirect_case_profile(). */
void redirect_told_add(const struct redirect_question *q,
                       const struct verification_setting *profile, struct buf *out);

#endif
