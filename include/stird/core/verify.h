/*
 * verify - what a verifier says of an Identity header (RFC 8224 section 6.2, RFC 8225, RFC 8588).
 *
 * The received octets are verified, never ones that are made again. Every check that can be done is
 * done, so that a report tells all that is wrong; the first that fails, in the order of
 * verify.def, gives the SIP status. Pure: the certificate is brought along, and so is the time.
 */
#ifndef STIRD_VERIFY_H
#define STIRD_VERIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/arena.h>
#include <stird/core/identity.h>
#include <stird/core/passport.h>
#include <stird/core/trust.h>

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

enum verify_result {
    VERIFY_NOT_DONE, /* something that it needs is missing */
    VERIFY_PASSED,
    VERIFY_WARNED, /* done and passed, with something that is not as it should be */
    VERIFY_FAILED
};

enum token_verdict {
    TOKEN_VALID,   /* every check that is needed was done, and none failed */
    TOKEN_INVALID, /* at least one failed */
    TOKEN_IGNORED, /* a type that is not verified here: as if it were not there */
    TOKEN_OPEN     /* none failed, but one that is needed could not be done */
};
struct str token_verdict_name(enum token_verdict verdict);

#define VERIFY_MAX_AGE_S 60 /* POLICY of RFC 8224 section 4.1 */

struct verify_question {
    struct str value; /* of the Identity header, possibly folded */
    int64_t now_s;
    bool time_is_guessed; /* nobody knows when it was seen: now_s says nothing of its freshness */
    int64_t max_age_s;    /* of iat, either way */
    /* What the message says; without one orig and dest cannot be compared: the token stays open. */
    bool has_message;
    bool message_is_piece;    /* of a text: whoever compares with it reads no call */
    struct str message_fault; /* of a whole one, read as a call is: "From: is there twice, at octet
                                 412"; empty: nothing */
    const struct tn *orig;    /* NULL: it shows no telephone number */
    const struct tn *dest;
    const struct tn *requested; /* of the Request-URI, for an explanation only; NULL: none */
    int64_t date_s;             /* of its Date header; 0: there is none */
    /* What the URL of info serves, PEM or DER; empty: not at hand. */
    struct str chain;
    bool chain_is_given;       /* by somebody, not by its URL: what the URL serves is not asked */
    const char *chain_fault;   /* why it cannot be had; NULL: nobody asked for it */
    const struct trust *trust; /* NULL: anchors are not at hand */
};

struct verify_finding {
    enum verify_result result;
    struct str text; /* what was found, of the report's arena; empty: nothing worth saying */
};

struct verify_report {
    enum token_verdict verdict;
    int sip_status;            /* of INVALID, and of IGNORED where a call needs a token; else 0 */
    enum verify_check decided; /* which check gave the status */
    struct verify_finding finding[VERIFY_CHECKS];
    bool needed[VERIFY_CHECKS]; /* of this question, by verify.def */
    struct identity identity;
    /* Texts of ARENA; empty where they cannot be read. The claims only of a shaken token. */
    struct str header, payload;
    struct str attest, origid, orig, dest;
    bool has_iat;            /* a whole number, whichever */
    int64_t iat_s;           /* may be negative */
    struct str spc, subject; /* of the certificate */
};

/*
 * The verdict, its status and what decided, from findings and what is needed: the first that
 * failed; else open when one that is needed was not done; valid only when all of them were.
 */
void verify_decide(struct verify_report *report);

/* False when there is no memory. */
bool verify(const struct verify_question *question, struct arena *arena,
            struct verify_report *report);

#endif
