/* judged_claims - what types that are only verified demand of the claims that all of them have.
   Private to core/passport. */
#ifndef STIRD_CORE_JUDGED_CLAIMS_H
#define STIRD_CORE_JUDGED_CLAIMS_H

#include <stird/core/passport.h>

/* As struct passport_type has them: a number or a URI each. */
const char *judged_claims_iat(const struct passport_claims *claims, enum claims_side side);
const char *judged_claims_orig(const struct passport_claims *claims, enum claims_side side);
const char *judged_claims_dest(const struct passport_claims *claims, enum claims_side side);
/* Whether TN is written as numbers are: digits, no plus. */
bool judged_claims_is_number(const struct tn *tn);

#endif
