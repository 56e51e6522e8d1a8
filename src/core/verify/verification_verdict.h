/*
 * verification_verdict - what follows for a call from the findings on all its tokens: class,
 * reason, status, verstat; has the table of outcomes. Private to core/verify.
 */
#ifndef STIRD_CORE_VERIFICATION_VERDICT_H
#define STIRD_CORE_VERIFICATION_VERDICT_H

#include <stird/core/verification.h>

/* From V's headers, each with its report, fills in the rest of V. */
void verification_verdict(const struct verification_question *q, struct verification *v);

#endif
