/*
 * revocations - what revocation lists say of a certificate. A list counts only when whoever signed
 * it may speak of that certificate: its own issuer, or for a list that tells of others'
 * certificates (the policy administrator's) one who leads to an anchor that somebody named for
 * lists, or to any when the certificate itself names him. OpenSSL's own check of lists is not used:
 * it wants list and certificate under one root. Private to core/verify.
 */
#ifndef STIRD_CORE_REVOCATIONS_H
#define STIRD_CORE_REVOCATIONS_H

#include "anchors.h"

struct packed; /* packed.h */
struct revocations;

struct revocations *revocations_new(void); /* NULL: no memory */
void revocations_free(struct revocations *r);
/* One more list; CRL stays the caller's. URL as in revocation_list.h. False: no memory. */
bool revocations_add(struct revocations *r, X509_CRL *crl, struct str url);
unsigned revocations_count(const struct revocations *r);
/* Looks among CANDIDATES for the signers of lists whose signer is not known yet. */
void revocations_find_signers(struct revocations *r, STACK_OF(X509) * candidates);

/*
 * Into an image, and out of it: those without a fault whose signer is known. GRACE_S as in
 * revocation_list.h. False, NULL: no memory, or the image is broken.
 */
bool revocations_write(const struct revocations *r, int64_t grace_s, struct buf *out);
/* What is in an image was judged when that was made: a list's signer may have ended since. */
struct revocations *revocations_open(struct packed *in);
/* Why list I is not written, a static sentence; NULL: it is. */
#define REVOCATIONS_NO_SIGNER "its list is signed by nobody who is known and may sign lists"
const char *revocations_fault(const struct revocations *r, unsigned i);
/* The same, or that no signer of it leads to one of ANCHORS over MORE at NOW_S, or that it is not
   in force yet. WAS_TAKEN: it was good before; then its signer may have ended since. */
const char *revocations_fault_at(const struct revocations *r, unsigned i,
                                 const struct anchors *anchors, STACK_OF(X509) * more,
                                 int64_t now_s, bool was_taken);
/* How many certificates those without a fault revoke; since when the newest of them is in force. */
uint64_t revocations_entries(const struct revocations *r);
int64_t revocations_from_s(const struct revocations *r);
/* When the first of them is to be followed by another one; INT64_MAX: there are none. */
int64_t revocations_until_s(const struct revocations *r);

enum revocation { REVOCATION_NONE, REVOCATION_FOUND, REVOCATION_UNKNOWN };
struct revocation_question {
    X509 *certificate;
    X509 *issuer;                  /* which leads to an anchor; NULL: not at hand */
    const struct anchors *anchors; /* to which signers lead */
    bool anchors_are_for_lists;    /* the operator named them for lists */
    STACK_OF(X509) * more;         /* certificates between a signer and these; may be NULL */
    int64_t now_s;
};
struct revocation_answer {
    /*
     * NONE: a list that is in force tells of it, and does not name it. FOUND: a list names it; for
     * that it may have expired. UNKNOWN: WHY, a static sentence, or NULL when no list is about it.
     */
    enum revocation revocation;
    const char *why;
    int64_t from_s, until_s; /* of NONE: how long that list is in force */
};
void revocations_ask(const struct revocations *r, const struct revocation_question *q,
                     struct revocation_answer *answer);
/* Narrows FROM_S to UNTIL_S, which hold NOW_S, to where no list begins or ends. */
void revocations_part(const struct revocations *r, int64_t now_s, int64_t *from_s,
                      int64_t *until_s);

#endif
