/* div (RFC 8946): says who was called before, when a call goes on to somebody else. Only
   verified. */
#include "judged_claims.h"

static const char *div_fault(const struct passport_claims *claims, enum claims_side side)
{
    (void)side;
    return claims->div_uri.n > 0 || judged_claims_is_number(&claims->div)
               ? NULL
               : "div.tn is missing, or no canonical number: 1 to 15 digits, no plus";
}

const struct passport_type passport_type_div = {
    .ppt = {"div", 3},
    .algorithm = &jws_es256,
    .reference = &key_reference_x5u,
    .fault = {[CLAIM_IAT] = judged_claims_iat,
              [CLAIM_ORIG] = judged_claims_orig,
              [CLAIM_DEST] = judged_claims_dest,
              [CLAIM_DIV] = div_fault},
};
