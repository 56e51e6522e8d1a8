/*
 * certificate_choice - which unit signs now. A certificate of the configuration has one unit or
 * several, of which the newest that verifiers can fetch signs; the others are a fallback. Pure.
 */
#ifndef STIRD_CERTIFICATE_CHOICE_H
#define STIRD_CERTIFICATE_CHOICE_H

#include <stird/core/settings.h>

/* What was found last at a unit's URL (served_certificate.h). */
enum certificate_state {
    CERTIFICATE_UNCHECKED,
    CERTIFICATE_SERVED,      /* its URL serves it */
    CERTIFICATE_UNREACHABLE, /* its URL cannot be fetched: verifiers elsewhere may be luckier */
    CERTIFICATE_WRONG /* its URL serves something else, or it is revoked: verifiers will refuse its
                         tokens */
};
struct str certificate_state_name(enum certificate_state state);

/* How long a new certificate waits before it signs, since verifiers' clocks differ (RFC 8224
   section 12). */
#define CERTIFICATE_SETTLING_S 300

/* Index of the first unit of certificate ID, or NO_CERTIFICATE. The units of one certificate stand
   side by side. */
uint32_t certificate_find(const struct settings *settings, struct str id);
/*
 * The certificate that signs for PROVIDER where nothing names one: the first of the provider's own,
 * or the first foreign one where it has no other. Index of its first unit, or NO_CERTIFICATE.
 */
uint32_t certificate_first(const struct settings *settings, uint32_t provider);
/* The same for calls of TRUNK where neither row, rule nor customer names one: its own, or the first
   of its provider. */
uint32_t certificate_of_trunk(const struct settings *settings, const struct trunk *trunk);

struct switches;

struct certificate_question {
    const struct settings *settings;
    const uint8_t *states; /* one for each of the settings' units; NULL: none was checked */
    int64_t now_s;
    const struct passport_type *type; /* of the token; NULL: any token */
    const struct passport_claims *claims;
    const struct switches *switches; /* which units an operator has chosen; NULL: none */
};

/*
 * The unit of the certificate that begins at FIRST which signs: of those that are for such a token
 * (sti_certificate.h) the newest that has settled and is served; else the newest that has settled
 * and is not known to be wrong; else the newest in force. One that an operator has chosen
 * (switches.h) comes before all of them, as long as it has settled and is not known to be wrong.
 * When there is none, *REASON says why and
 * NO_CERTIFICATE comes back.
 */
uint32_t certificate_choose(const struct certificate_question *q, uint32_t first,
                            enum reason *reason);
/*
 * The same; and where no unit of that certificate may sign such a token, a unit of another
 * certificate of its provider that may, the provider's own ones first.
 */
uint32_t certificate_choose_or_other(const struct certificate_question *q, uint32_t first,
                                     enum reason *reason);
/* Whether an operator may choose this unit: it has settled, and verifiers take it as far as is
   known. */
bool certificate_may_be_chosen(const struct certificate_question *q, uint32_t unit);

#endif
