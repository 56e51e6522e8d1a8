/*
 * verification_answer - what becomes of a call whose Identity was judged (verification.h), by the
 * profile of its trunk: it goes on, its responses tell what is wrong (RFC 9410), or it is refused
 * (RFC 8224 section 6.2.2). Pure: a call, `stirctl explain` and tests ask here.
 *
 * Never refused are calls to emergency services, call-backs of those, calls that are open, calls
 * of which a token passed, and all where the profile only observes.
 */
#ifndef STIRD_VERIFICATION_ANSWER_H
#define STIRD_VERIFICATION_ANSWER_H

#include <stird/base/buf.h>
#include <stird/core/verification.h>

enum verification_answered {
    ANSWERED_NOTHING, /* nothing is wrong that the profile asks about */
    ANSWERED_MARK,    /* it goes on */
    ANSWERED_REASON,  /* the same, and its responses tell */
    ANSWERED_REJECT,
    /* It would have been refused, or told of, and goes on: */
    ANSWERED_OBSERVE,   /* the profile observes */
    ANSWERED_EMERGENCY, /* an emergency call, or a call-back of one */
    ANSWERED_CHECK,     /* another check failed than those that the profile refuses for */
    ANSWERED_COUNTRY,   /* the calling number is of another country */
    ANSWERED_GUARD,     /* too many were refused (verification_guard.h) */
    ANSWERED_KINDS
};
/* "reject"; of ANSWERED_NOTHING empty. */
struct str verification_answered_word(enum verification_answered answered);
/* A sentence for an operator: what becomes of the call, and why. */
struct str verification_answered_text(enum verification_answered answered);

/* A value of the Reason header, of protocol STIR. */
struct verification_told {
    int cause;
    struct str text; /* the phrase of RFC 8224, never what a peer wrote */
    struct str ppi;  /* base64url of the signature of the token; empty: the call has one alone, or
                        it cannot be told */
};
#define VERIFICATION_TOLD_MAX 8 /* values; further ones are left out */

struct verification_answer {
    enum verification_answered answered;
    int sip_status; /* by which it is, or would be, refused; 0: nothing is wrong */
    struct str sip_phrase;
    enum verify_check check; /* for which; VERIFY_CHECKS: for none */
    unsigned n_told;
    struct verification_told told[VERIFICATION_TOLD_MAX];
};

/* Texts are constants, or of the tokens of QUESTION's set. */
void verification_answer_of(const struct verification_setting *profile,
                            const struct verification_question *question,
                            const struct verification *verification,
                            struct verification_answer *answer);
/* Whether its responses carry Reason. */
bool verification_answer_tells(const struct verification_answer *answer);
/* Value I of the header, without its name: `STIR;cause=438;text="Invalid Identity Header"`. */
void verification_answer_add(const struct verification_answer *answer, unsigned i, struct buf *out);
/* What is to be said beside a refusal that no value of STIR tells: Q.850's "call rejected" of a
   level that is too low; empty: nothing. */
struct str verification_answer_beside(const struct verification_answer *answer);

#endif
