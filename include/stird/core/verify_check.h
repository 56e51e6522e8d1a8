/*
 * verify_check - the checks that a verifier makes of an Identity header (verify.def), what one of
 * them found, and which SIP status a failure has (RFC 8224 section 6.2.2).
 */
#ifndef STIRD_VERIFY_CHECK_H
#define STIRD_VERIFY_CHECK_H

#include <stird/base/str.h>

enum verify_check {
#define CHECK(upper, name, status, need, text, advice) VERIFY_##upper,
#include <stird/core/verify.def>
#undef CHECK
    VERIFY_CHECKS
};

/* "signature": as in JSON. */
struct str verify_check_name(enum verify_check check);
/* What is checked, in a few words; what to do when it fails. */
struct str verify_check_text(enum verify_check check);
struct str verify_check_advice(enum verify_check check);
/* RFC 8224 section 6.2.2: the status that a failure maps to, and its phrase. */
int verify_check_status(enum verify_check check);
struct str verify_status_phrase(int sip_status);

/* When a token is valid only after it (verify.def). */
enum verify_need {
    NEED_ALWAYS,
    NEED_TO_FETCH,
    NEED_WITH_ORIG,
    NEED_WITH_DEST,
    NEED_WITH_DIV,
    NEED_WITH_RCD,
    NEED_WITH_RPH,
    NEED_WITH_CRLS,
    NEED_WITH_WHOLE
};
enum verify_need verify_check_need(enum verify_check check);

enum verify_result {
    VERIFY_NOT_DONE, /* something that it needs is missing */
    VERIFY_PASSED,
    VERIFY_WARNED, /* done and passed, with something that is not as it should be */
    VERIFY_FAILED
};

struct verify_finding {
    enum verify_result result;
    struct str text; /* what was found, of the report's arena; empty: nothing worth saying */
};

#endif
