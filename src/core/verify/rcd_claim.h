/* rcd_claim - rich call data of a token (RFC 9795), as far as they can be judged without fetching
   what they point to. Private to core/verify. */
#ifndef STIRD_CORE_RCD_CLAIM_H
#define STIRD_CORE_RCD_CLAIM_H

#include <jansson.h>
#include <stdbool.h>

/* NULL, or a static sentence that says what is wrong with rcd, rcdi or crn of PAYLOAD; which has at
   least one of them. */
const char *rcd_claim_fault(const json_t *payload);
/* Whether PAYLOAD has one of them, however it is made. */
bool rcd_claim_is_there(const json_t *payload);

#endif
