/*
 * redirect_case - which of a dialect's answers a call gets, by its outcome. Private to
 * core/redirect.
 */
#ifndef STIRD_CORE_REDIRECT_CASE_H
#define STIRD_CORE_REDIRECT_CASE_H

#include <stird/core/redirect_answer.h>

/* False: no dialect has a word for it. */
bool redirect_case_of(const struct redirect_question *q, enum dialect_case *which);
/* The profile of the call's trunk whose verdict may be told; NULL: nobody judged the call, or the
   profile observes, which changes nothing of a call. */
const struct verification_setting *redirect_case_profile(const struct redirect_question *q);

#endif
