/* sti_scope - what core's verifier asks of a scope besides sti_certificate.h. Private to
 * core/verify. */
#ifndef STIRD_CORE_STI_SCOPE_H
#define STIRD_CORE_STI_SCOPE_H

#include <jansson.h>
#include <stird/core/sti_certificate.h>

/* Appends what limits the first certificate of CHAIN. False: no memory. */
bool sti_scope_read(struct sti_scope *scope, STACK_OF(X509) * chain, struct arena *arena);
/* NULL, or why PAYLOAD, a JSON object, is not allowed; *CLAIM as in claim_constraints.h. */
const char *sti_scope_refuse(const struct sti_scope *scope, const json_t *payload,
                             struct str *claim);

#endif
