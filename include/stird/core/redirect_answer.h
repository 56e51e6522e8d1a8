/*
 * redirect_answer - what an SBC that asks by redirect is told of its call, as text: the dialect of
 * its trunk puts the outcome into words. Pure: the call, `stirctl explain` and tests write it so.
 */
#ifndef STIRD_REDIRECT_ANSWER_H
#define STIRD_REDIRECT_ANSWER_H

#include <stird/core/call.h>
#include <stird/core/dialect.h>
#include <stird/core/outcome.h>

struct redirect_question {
    const struct settings *settings;
    const struct call *call;       /* its trunk is known, and has a dialect */
    const struct outcome *outcome; /* NULL: there was no memory for one */
    enum reason reason;       /* why it is answered so: the outcome's, or what befell it since */
    int status;               /* of a refusal that no dialect has a word for */
    struct str request;       /* as it came, ... */
    enum transport transport; /* ... and by which */
    const struct str *identities; /* values of Identity that were made, in their order */
    unsigned n_identities;
};

struct redirect_answer {
    bool is_said;            /* the dialect has a word for it; else status is the usual one */
    enum dialect_case which; /* where it is said */
    int status;
    struct str phrase; /* empty: the usual one */
    struct str lines;  /* header lines, each with its CRLF; or empty. Of Reason: SIP (RFC 3326) no
                          other stands in such an answer */
    bool says_blocked; /* among them is that of network_blocked.h, which is its only Reason */
    const char *why;   /* it is another one than the dialect has for this case; NULL: it is not */
};

/* Texts live as long as the call's arena. False: no memory; the status is that of the dialect all
   the same, without lines. */
bool redirect_answer(struct redirect_answer *a, const struct redirect_question *q);

/*
 * How long the longest answer with a token may be, in octets, that DIALECT makes of requests as
 * SBCs usually send them, with N_TOKENS whose certificates' URL has URL_BYTES: above 1300 it may
 * come in fragments over UDP, which some networks drop.
 */
uint32_t redirect_answer_bytes(const struct dialect *dialect, unsigned n_tokens,
                               uint32_t url_bytes);

#endif
