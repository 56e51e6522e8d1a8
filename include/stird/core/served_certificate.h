/*
 * served_certificate - whether what a unit's URL serves is what its tokens need: looked at as a
 * verifier does. Pure; the fetching is fetch.h's.
 */
#ifndef STIRD_SERVED_CERTIFICATE_H
#define STIRD_SERVED_CERTIFICATE_H

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
enum certificate_state served_certificate_judge(const struct certificate *certificate,
                                                const struct served *served,
                                                const struct trust *trust, int64_t now_s,
                                                struct arena *arena, struct str *saying);

#endif
