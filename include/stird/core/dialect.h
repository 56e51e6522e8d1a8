/*
 * dialect - in which words an SBC is answered that asks by redirect: it sends the INVITE, takes
 * Identity or a verdict out of the answer, and routes the call itself. There is no standard for it
 * (RFC 8224 leaves redirect servers to others), so what differs between SBCs is data: a row of
 * dialects.c each, of which a configuration may make others (the list `dialects`).
 */
#ifndef STIRD_DIALECT_H
#define STIRD_DIALECT_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

/* What there is to say; of each of them a dialect has an answer. */
enum dialect_case {
#define CASE(NAME, word, text) DIALECT_##NAME,
#include <stird/core/dialect_case.def>
#undef CASE
    DIALECT_CASES
};

struct dialect_answer {
    uint16_t status;   /* 3xx-6xx; 0: the call's own, as another SBC would get it */
    struct str phrase; /* of the status line; empty: the usual one of the status */
    struct str reason; /* text of a Reason header (RFC 3326); empty: there is none */
};

/* Where the token stands: bits. */
enum dialect_identity {
    DIALECT_IDENTITY_HEADER = 1,  /* Identity */
    DIALECT_IDENTITY_X = 2,       /* X-Identity */
    DIALECT_IDENTITY_CONTACT = 4, /* escaped in the URI of Contact (RFC 3261 section 19.1.1), with
                                     all that the SBC is to put into its INVITE */
};

/* The Date of the token. */
enum dialect_date { DIALECT_DATE_ADDED, DIALECT_DATE_ALWAYS, DIALECT_DATE_NEVER };

/* The URI of Contact has the user part of the Request-URI as it came, and the host ... */
enum dialect_contact {
    DIALECT_CONTACT_SOURCE,  /* where the request came from: the SBC itself */
    DIALECT_CONTACT_REQUEST, /* of the Request-URI */
    DIALECT_CONTACT_HOST,    /* contact_host */
    DIALECT_CONTACT_ECHO,    /* no: it is the request's Contact */
    DIALECT_CONTACT_NONE
};

/* The number in P-Asserted-Identity of a call that was judged. */
enum dialect_pai { DIALECT_PAI_AS_RECEIVED, DIALECT_PAI_CANONICAL };

/* A number that Privacy withholds, of P-Asserted-Identity (RFC 3325 section 7). */
enum dialect_withheld {
    DIALECT_WITHHELD_UNSIGNED, /* no token tells it */
    DIALECT_WITHHELD_SIGN      /* whoever the SBC sends the call to is in its trust domain */
};

struct dialect {
    struct str name;
    struct str like; /* of one that the configuration makes: of which it was made; else empty */
    struct dialect_answer answers[DIALECT_CASES];
    unsigned identity; /* bits of enum dialect_identity */
    enum dialect_date date;
    enum dialect_contact contact;
    struct str contact_host; /* HOST or HOST:PORT */
    uint32_t contact_max;    /* octets of Contact; what would be longer stands as headers instead */
    enum dialect_pai pai;
    enum dialect_withheld withheld;
    bool phrase_code;      /* behind the phrase stands the reason's id: " 0x00000007" */
    struct str request_id; /* header that is repeated, or made where the request has none; or empty
                            */
    bool qtype;            /* the parameter qtype of From says what is asked for */
    bool
        foreign; /* its own token is of a type that is not signed here, so that it has to say ... */
    bool shaken; /* that a shaken one stands in for it */
    const struct str *headers; /* further lines of each answer, without CRLF */
    unsigned n_headers;
};

/* Those that stird knows, NAME by which one is asked for. NULL: there is none. */
const struct dialect *dialect_find(struct str name);
extern const struct dialect dialects[];
extern const unsigned dialect_count;

/* Whether an SBC goes on with a call for which it is answered STATUS, whatever it is: with what a
   redirection says, or by its next route (3xx, 404, 5xx). 486 and its like are the caller's. */
bool dialect_status_goes_on(unsigned status);

/* "signed"; "the answer holds a token". */
struct str dialect_case_name(enum dialect_case which);
struct str dialect_case_text(enum dialect_case which);

#endif
