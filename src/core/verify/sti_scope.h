/* sti_scope - what core's verifier asks of a scope besides sti_certificate.h. Private to
 * core/verify. */
#ifndef STIRD_CORE_STI_SCOPE_H
#define STIRD_CORE_STI_SCOPE_H

#include <jansson.h>
#include <stird/core/sti_certificate.h>

/* Appends the limits on the first certificate of CHAIN, in which each one is issued by the next:
   the chain by which it was trusted (trust.h), or was followed (chain_ways.h). False: no memory. */
bool sti_scope_read(struct sti_scope *scope, STACK_OF(X509) * chain, struct arena *arena);
/* NULL, or why PAYLOAD, a JSON object, is not allowed; *CLAIM as in claim_constraints.h. */
const char *sti_scope_refuse(const struct sti_scope *scope, const json_t *payload,
                             struct str *claim);
/* Whether no list has a service provider code that the one above it does not have (RFC 9060). */
bool sti_scope_is_encompassed(const struct sti_scope *scope);

#endif
