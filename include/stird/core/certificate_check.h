/*
 * certificate_check - whether what a unit's URL serves is what its tokens need: looked at as a
 * verifier does. Pure; the fetching is fetch.h's.
 */
#ifndef STIRD_CERTIFICATE_CHECK_H
#define STIRD_CERTIFICATE_CHECK_H

#include <stird/base/arena.h>
#include <stird/core/certificate.h>
#include <stird/core/certificate_choice.h>
#include <stird/core/trust.h>

struct served {
    struct str body;
    struct str content_type; /* lower case, no parameters */
};

/*
 * SERVED or WRONG, or UNCHECKED when there is no memory. *SAYING, of ARENA: what is wrong, or worth
 * a word although it is served, or empty. TRUST: NULL when chains are not judged; revocation is
 * when it has lists.
 */
enum certificate_state certificate_check(const struct certificate *certificate,
                                         const struct served *served, const struct trust *trust,
                                         int64_t now_s, struct arena *arena, struct str *saying);

/* Whether a list of TRUST (may be NULL) says so of the unit's own chain, whatever is served. False
   without memory too (shortage.h). */
bool certificate_is_revoked(const struct certificate *certificate, const struct trust *trust,
                            int64_t now_s);

/* How much of a certificate's life is left: alarms go by it. */
enum certificate_life { LIFE_LONG, LIFE_A_THIRD, LIFE_A_TENTH, LIFE_OVER };
enum certificate_life certificate_life(const struct certificate *certificate, int64_t now_s);

#endif
