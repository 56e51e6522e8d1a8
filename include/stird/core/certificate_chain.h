/*
 * certificate_chain - whether verifiers can follow a chain from its end-entity certificate, the
 * first, to an anchor of theirs (RFC 5280 section 6, RFC 8226 section 14).
 *
 * The loader, stirctl cert import and the check of the certificates' URLs ask here; this asks
 * trust.h, as the verifier does. Pure.
 */
#ifndef STIRD_CERTIFICATE_CHAIN_H
#define STIRD_CERTIFICATE_CHAIN_H

#include <stird/base/arena.h>
#include <stird/core/certificate.h>
#include <stird/core/trust.h>

/*
 * NULL, or why nobody can follow CHAIN: a sentence that goes behind the file's name, of ARENA.
 * ANCHORS are those that it must lead to. Where it is NULL no anchors are known: the last
 * certificate is taken for one, so that each of the others is judged by the one behind it.
 */
const char *certificate_chain_fault(STACK_OF(X509) * chain, const struct trust *anchors,
                                    int64_t now_s, struct arena *arena);
/*
 * NULL, or what CHAIN probably lacks when no anchors are known: it is an end-entity certificate
 * alone, and its issuer is seldom an anchor.
 */
const char *certificate_chain_warning(STACK_OF(X509) * chain, const struct trust *anchors,
                                      struct arena *arena);

/* The same two for a unit that was read; one that begins later is judged as it will be then. */
const char *certificate_fault(const struct certificate *c, const struct trust *anchors,
                              int64_t now_s, struct arena *arena);
const char *certificate_warning(const struct certificate *c, const struct trust *anchors,
                                struct arena *arena);
/*
 * Makes C's scope that of the chain by which it leads to one of ANCHORS, which may limit it too.
 * Only for a certificate without certificate_fault(). NULL, or a sentence as certificate_fault()
 * gives it.
 */
const char *certificate_take_scope(struct certificate *c, const struct trust *anchors,
                                   int64_t now_s, struct arena *arena);

/* Whether a list of TRUST (may be NULL) revokes a certificate of the unit's own chain, whatever its
   URL serves. Also false when there is no memory (shortage.h). */
bool certificate_is_revoked(const struct certificate *certificate, const struct trust *trust,
                            int64_t now_s);

#endif
