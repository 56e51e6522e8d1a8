/*
 * answering - calls of a trunk whose SBC asks by redirect: nothing of them leaves to anybody. The
 * answer to the INVITE says what was decided, in the dialect of the trunk (redirect_answer.h).
 */
#ifndef STIRD_SIP_ANSWERING_H
#define STIRD_SIP_ANSWERING_H

#include <stird/core/redirect_answer.h>

#include "steps.h"

/* The last step of such a call. */
enum step_result answering_leave(struct context *c);
/*
 * How C is answered that is refused for REASON, which would usually be said by STATUS. False: as
 * usual, for its trunk is not known or has no dialect, or that has no word for it.
 */
bool answering_refusal(const struct context *c, enum reason reason, int status,
                       struct redirect_answer *a);
/* Another request than a new INVITE, of TRUNK, which has a dialect: STEP_DONE. */
enum step_result answering_other(struct context *c, const struct trunk *trunk);
/* OPTIONS, as the trunks of its source are: STEP_DONE. */
enum step_result answering_options(struct context *c);
/* Whether SOURCE has trunks, and the SBC of each of them asks by redirect. */
bool answering_is_all(const struct settings *s, const struct address *source);

#endif
