/*
 * trust - trust anchors and revocation lists, and whether a chain leads to one of them.
 *
 * Pure: texts in, verdict out. Not shared between threads.
 */
#ifndef STIRD_TRUST_H
#define STIRD_TRUST_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/base/problems.h>
#include <stird/base/str.h>

/* The end of 9999, which is the last second that a certificate can name. */
#define TRUST_TIME_MAX_S INT64_C(253402300799)

struct trust;

struct trust *trust_new(void); /* NULL: no memory */
/* The same, where anchors that have ended at NOW_S are left out; else each is judged when a chain
   leads to it. */
struct trust *trust_new_at(int64_t now_s);
void trust_free(struct trust *t); /* NULL is fine */
/*
 * Certificates (certificate_text.h), each of them an anchor; NAME is for problems. What is no
 * certificate of an authority is left out: trust_left_out(). False: no memory, or there is no
 * other.
 */
bool trust_add_anchors(struct trust *t, struct str name, struct str text,
                       struct problems *problems);
/* One more; X stays the caller's. False: no memory. */
bool trust_add_anchor(struct trust *t, X509 *x);
/*
 * The same for those who sign lists that tell of others' certificates, such as the policy
 * administrator: the signers, or those above them. Without any, the anchors serve for this too.
 * Those that have ended are told as left out, and stay for lists that were taken before.
 */
bool trust_add_crl_anchors(struct trust *t, struct str name, struct str text,
                           struct problems *problems);
/* Revocation lists, PEM (several) or DER; certificates beside them may be their signers'. */
bool trust_add_crls(struct trust *t, struct str name, struct str text, struct problems *problems);
/* The same for lists that were fetched from URL, which must be their distribution point. */
bool trust_add_crls_from(struct trust *t, struct str name, struct str text, struct str url,
                         struct problems *problems);
/* Certificates of list signers that do not lie beside their lists; each has to lead to an anchor
   for lists. */
bool trust_add_crl_signers(struct trust *t, struct str name, struct str text,
                           struct problems *problems);
bool trust_has_crls(const struct trust *t);
unsigned trust_anchors_count(const struct trust *t);
int64_t trust_anchors_until_s(const struct trust *t); /* when the last one ends; INT64_MIN: none */
bool trust_has_anchors_at(const struct trust *t, int64_t now_s); /* one of them is in force */
/* How many certificates of texts of anchors, of either kind, are none; *WHY: what the first of them
   is, a static text ("a certificate that is no authority's"), or NULL. */
unsigned trust_left_out(const struct trust *t, const char **why);
/* Visits the lists that are not used, with a static sentence that says why: broken ones, those of
   another place, and those whose signer is unknown. */
void trust_visit_crl_faults(const struct trust *t, void (*visit)(void *user, const char *why),
                            void *user);
/* NULL, or why one of the lists cannot take the place of another one at NOW_S: the above, or none
   of its signers leads to an anchor for lists, or it is not in force yet. WAS_TAKEN: they
   were good before; then whatever has ended since of the way to that anchor, they are none the
   worse. */
const char *trust_crls_fault(const struct trust *t, int64_t now_s, bool was_taken);
/* How many certificates they revoke, and since when the newest of them is in force. */
uint64_t trust_crls_count(const struct trust *t);
int64_t trust_crls_from_s(const struct trust *t);
/* When the next one of the lists in use is due to be replaced; INT64_MAX: none is in use. */
int64_t trust_crls_until_s(const struct trust *t);

/*
 * All of these: NULL, or a static sentence that says why not; TRUST_NO_MEMORY is one, with which
 * nothing is judged. NOW_S is when it is asked for.
 */
#define TRUST_NO_MEMORY "out of memory"
const char *trust_check_chain(const struct trust *t, X509 *leaf, STACK_OF(X509) * more,
                              int64_t now_s);
/* Whether LEAF would lead to an anchor if all of their dates were good: of what was judged by these
   dates before. Also false: no memory. */
bool trust_led(const struct trust *t, X509 *leaf, STACK_OF(X509) * more);
/*
 * *REVOKED, when no sentence comes back: the leaf is, or a certificate above it up to its anchor;
 * a list that has expired revokes too. With a sentence it is not known: no list that can be relied
 * on, and is in force, is about the leaf, or about an authority below the anchor. An anchor is
 * trusted by whoever lists it, and needs none.
 */
const char *trust_check_revoked(const struct trust *t, X509 *leaf, STACK_OF(X509) * more,
                                int64_t now_s, bool *revoked);

/* Both answers at once, and how long they hold, good or bad: until one of the certificates or lists
   that they rest on begins or ends. */
enum trust_revoked { TRUST_NO_LISTS, TRUST_NOT_REVOKED, TRUST_REVOKED, TRUST_NOT_KNOWN };
struct trust_answer {
    const char *chain; /* NULL: it leads to an anchor */
    enum trust_revoked revoked;
    const char *not_known;   /* why */
    int64_t from_s, until_s; /* the answer is the same between these, except for the leaf's own
                                dates */
};
/*
 * False: no memory, and nothing is judged. BUILT, if not NULL, becomes the chain from LEAF to its
 * anchor, to be freed with its certificates; NULL where it leads to none.
 */
bool trust_judge(const struct trust *t, X509 *leaf, STACK_OF(X509) * more, int64_t now_s,
                 struct trust_answer *answer, STACK_OF(X509) * *built);

#endif
