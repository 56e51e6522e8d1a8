/*
 * verification_verdict - what the findings on all tokens of a call make of it: class, reason,
 * status, verstat; the table of outcomes. Private to core/verify.
 */
#ifndef STIRD_CORE_VERIFICATION_VERDICT_H
#define STIRD_CORE_VERIFICATION_VERDICT_H

#include <stird/core/verification.h>

/* Of V's headers, each with its report; fills the rest of V. */
void verification_verdict(const struct verification_question *q, struct verification *v);

#endif
