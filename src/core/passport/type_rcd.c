/* rcd (RFC 9795): rich call data: a name, a picture, a reason to call. Only verified. */
#include "judged_claims.h"

static const char *rcd_fault(const struct passport_claims *claims, enum claims_side side)
{
    (void)side;
    return claims->rcd ? NULL : "rcd is missing, or no object";
}

const struct passport_type passport_type_rcd = {
    .ppt = {"rcd", 3},
    .algorithm = &jws_es256,
    .reference = &key_reference_x5u,
    .fault = {[CLAIM_IAT] = judged_claims_iat,
              [CLAIM_ORIG] = judged_claims_orig,
              [CLAIM_DEST] = judged_claims_dest,
              [CLAIM_RCD] = rcd_fault},
};
