/* rph_claim - which priorities a token allows (RFC 8443, RFC 9027), and whether they are those that
   its message asks for. Private to core/verify. */
#ifndef STIRD_CORE_RPH_CLAIM_H
#define STIRD_CORE_RPH_CLAIM_H

#include <jansson.h>
#include <stird/core/call_priority.h>

/* Of the claims alone: NULL, or a static sentence. */
const char *rph_claim_fault(const json_t *payload);
/*
 * Of claims without that fault: NULL, or a static sentence that says how they differ from what the
 * message asks for (NULL: nothing). *VALUE is the value that differs, borrowed of either; may be
 * empty.
 */
const char *rph_claim_differs(const json_t *payload, const struct call_priority *asked,
                              struct str *value);

#endif
