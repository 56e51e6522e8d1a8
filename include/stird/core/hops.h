/*
 * hops - what became of a call's identity between two places where its INVITE was seen. Pure.
 */
#ifndef STIRD_HOPS_H
#define STIRD_HOPS_H

#include <stdbool.h>
#include <stird/base/arena.h>
#include <stird/core/tn.h>

/* What a verifier looks at in a SIP message. Texts are borrowed from it. */
struct sip_identity_facts {
    bool invite;
    struct str method, call_id, via; /* via: the topmost */
    struct str from_uri, to_uri;
    struct str date;
    struct tn orig, dest; /* n == 0: no telephone number */
    struct tn requested;  /* of the Request-URI, which no verifier compares (RFC 8224) */
    bool has_orig, has_dest, has_requested;
};
/*
 * COUNTRY tells how numbers without a plus are written; its code may be empty. orig is that of
 * P-Asserted-Identity when there is one, as it is signed (asserted.h), else of From (RFC 8224
 * section 8, TS 24.229).
 */
void sip_identity_facts(struct str message, const struct country *country,
                        struct sip_identity_facts *facts);

/*
 * Calls TELL with a sentence, in ARENA, for each change from BEFORE to AFTER that matters to a
 * verifier. Returns how many there were.
 */
unsigned hops_compare(struct str before, struct str after, const struct country *country,
                      struct arena *arena, void (*tell)(void *user, struct str sentence),
                      void *user);

#endif
