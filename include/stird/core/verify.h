/*
 * verify - what a verifier says of an Identity header (RFC 8224 section 6.2, RFC 8225, RFC 8588).
 *
 * A token that was read (token.h), a certificate that was judged beforehand (sti_certificate.h),
 * what the call's message says and the time go in; no certificate is read here, so that it costs
 * little more than the signature. The received octets are verified, never ones that are made again.
 * Every check that can be done is done, so that a report tells all that is wrong; the first that
 * fails, in the order of verify.def, gives the SIP status. Pure.
 */
#ifndef STIRD_VERIFY_H
#define STIRD_VERIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/arena.h>
#include <stird/core/call_priority.h>
#include <stird/core/sti_certificate.h>
#include <stird/core/tn.h>
#include <stird/core/token.h>
#include <stird/core/verify_check.h>

enum token_verdict {
    TOKEN_VALID,   /* every check that is needed was done, and none failed */
    TOKEN_INVALID, /* at least one failed */
    TOKEN_IGNORED, /* a type that stird does not verify: counts as if it were not there */
    TOKEN_OPEN     /* no check failed, but one that is needed could not be made */
};
struct str token_verdict_name(enum token_verdict verdict);

#define VERIFY_MAX_AGE_S 60 /* POLICY of RFC 8224 section 4.1 */

struct verify_question {
    const struct token *token;
    const struct sti_certificate *certificate; /* of token_url(); NULL: not at hand */
    bool certificate_is_given;     /* somebody gave it, so what its URL serves was not asked */
    const char *certificate_fault; /* why it cannot be had; NULL: nobody asked for it */
    int64_t now_s;
    bool time_is_guessed; /* nobody knows when it was seen: now_s says nothing of its freshness */
    int64_t max_age_s;    /* of iat, either way */
    /* What the message says; without one orig and dest cannot be compared: the token stays open. */
    bool has_message;
    bool message_is_piece;    /* it is a text that somebody compared with, and no call */
    struct str message_fault; /* of a whole one, read as a call is: "From: is there twice, at octet
                                 412"; empty: nothing */
    const struct tn *orig;    /* NULL: it shows no telephone number */
    const struct tn *dest;
    const struct tn *requested; /* of the Request-URI, which explains and warns; NULL: none */
    int64_t date_s;             /* of its Date header; 0: there is none */
    /* The call has div tokens: DIV says where dest leads (verification.h), and dest of shaken is
       not compared with the message. */
    bool is_diverted;
    const struct trust_image *image; /* whose domains may vouch for some countries alone; NULL: for
                                        all numbers */
    const struct call_priority *priority; /* NULL: the message asks for none */
};

#define VERIFY_SUBJECT_MAX 1024

struct verify_report {
    enum token_verdict verdict;
    int sip_status;            /* of INVALID, and of IGNORED where a call needs a token; else 0 */
    enum verify_check decided; /* which check gave the status */
    struct verify_finding finding[VERIFY_CHECKS];
    bool needed[VERIFY_CHECKS]; /* of this question, by verify.def */
    /* Of a token whose type has them; empty where they cannot be read. dest: the number that fits,
       else the first. */
    struct str attest, orig, dest;
    int64_t iat_s;           /* 0: it has none; may be negative */
    struct str spc, subject; /* of the certificate; its name as RFC 2253 writes it, which is
                                printable ASCII, its first VERIFY_SUBJECT_MAX octets */
    unsigned domain; /* of the image: by which the certificate was judged; TRUST_NO_DOMAIN: none */
    bool is_foreign; /* none of the domains that it leads to may vouch for the number */
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
