/*
 * decision_answer - how an SBC that asks by redirect would be answered, as stirctl tells it: no
 * signer is asked, so a word stands where a token would.
 */
#ifndef CLI_DECISION_ANSWER_H
#define CLI_DECISION_ANSWER_H

#include "decision.h"

#include <stird/core/redirect_answer.h>

/* MESSAGE: the INVITE. Texts are of the call's arena. False: the call gets no such answer, or there
   is no memory. */
bool decision_answer_of(const struct decision_basis *basis, const struct rehearsal *told,
                        struct str message, struct redirect_answer *a);

#endif
