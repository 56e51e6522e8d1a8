/*
 * claim_constraints - what a certificate demands of the claims of its tokens: JWTClaimConstraints
 * (RFC 8226 section 8) and EnhancedJWTClaimConstraints (RFC 9118), as DER. Private to core/verify.
 */
#ifndef STIRD_CORE_CLAIM_CONSTRAINTS_H
#define STIRD_CORE_CLAIM_CONSTRAINTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stird/base/str.h>

#define CLAIM_CONSTRAINTS_OID          "1.3.6.1.5.5.7.1.27"
#define ENHANCED_CLAIM_CONSTRAINTS_OID "1.3.6.1.5.5.7.1.33"

/* NULL, or a static sentence that says what is wrong with the extension. */
const char *claim_constraints_read(struct str der, bool enhanced);
/*
 * Of an extension that was found good: NULL, or why PAYLOAD, a JSON object, is not allowed; *CLAIM
 * is the claim's name then, borrowed from DER.
 */
const char *claim_constraints_refuse(struct str der, const json_t *payload, struct str *claim);

#endif
