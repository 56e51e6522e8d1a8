/* rph (RFC 8443): allows the priority that Resource-Priority asks for. Only verified. */
#include "judged_claims.h"

static const char *rph_fault(const struct passport_claims *claims, enum claims_side side)
{
    (void)side;
    return claims->rph ? NULL : "rph is missing, or no object";
}

const struct passport_type passport_type_rph = {
    .ppt = {"rph", 3},
    .algorithm = &jws_es256,
    .reference = &key_reference_x5u,
    .fault = {[CLAIM_IAT] = judged_claims_iat,
              [CLAIM_ORIG] = judged_claims_orig,
              [CLAIM_DEST] = judged_claims_dest,
              [CLAIM_RPH] = rph_fault},
};
