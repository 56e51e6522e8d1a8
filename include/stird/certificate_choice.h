/*
 * certificate_choice - which unit signs now. A certificate of the configuration has one unit or
 * several, of which the newest that verifiers can fetch signs; the others are a fallback. Pure.
 */
#ifndef STIRD_CERTIFICATE_CHOICE_H
#define STIRD_CERTIFICATE_CHOICE_H

#include <stird/settings.h>

/* What a look at a unit's URL found last (certificate_check.h). */
enum certificate_state {
    CERTIFICATE_UNCHECKED,
    CERTIFICATE_SERVED,      /* its URL serves it */
    CERTIFICATE_UNREACHABLE, /* its URL cannot be fetched: verifiers elsewhere may be luckier */
    CERTIFICATE_WRONG /* its URL serves something else, or it is revoked: verifiers will refuse its
                         tokens */
};
struct str certificate_state_name(enum certificate_state state);

/* Clocks of verifiers differ: for so long a new certificate waits (RFC 8224 section 12). */
#define CERTIFICATE_SETTLING_S 300

/* Index of the first unit of certificate ID, or NO_CERTIFICATE. Its units follow each other. */
uint32_t certificate_find(const struct settings *settings, struct str id);
/*
 * The unit of the certificate that begins at FIRST which signs at NOW_S: the newest that has
 * settled and is served; else the newest that has settled and is not known to be wrong; else the
 * newest in force. STATES has one for each of the settings' units; NULL: none was checked. When
 * there is none, *REASON says why and NO_CERTIFICATE comes back.
 */
uint32_t certificate_choose(const struct settings *settings, uint32_t first, const uint8_t *states,
                            int64_t now_s, enum reason *reason);

#endif
