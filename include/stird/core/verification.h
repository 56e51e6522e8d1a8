/*
 * verification - what the Identity of a call is worth: one verdict over all of its tokens, with one
 * reason (RFC 8224 section 6.2, RFC 8588, RFC 8946).
 *
 * The values of a call, read (identity_set.h), what its message says, and for each token the
 * certificate, prepared, or why there is none, go in. Whoever asks keeps the rest: the fetching,
 * the time, the trust. A call that cannot be judged is never passed. Pure.
 */
#ifndef STIRD_VERIFICATION_H
#define STIRD_VERIFICATION_H

#include <stird/core/call_priority.h>
#include <stird/core/fetch_request.h>
#include <stird/core/identity_set.h>
#include <stird/core/reason.h>
#include <stird/core/settings.h>
#include <stird/core/tn_reach.h>
#include <stird/core/verify.h>

enum verification_class {
    VERIFICATION_NOTHING, /* nothing that could be judged; the first, so that a forgotten path ends
                             here */
    VERIFICATION_PASSED,
    VERIFICATION_FAILED, /* forged, stale, or of another call */
    VERIFICATION_OPEN,   /* what is missing is ours, or late */
    VERIFICATION_CLASSES
};
struct str verification_class_name(enum verification_class class); /* "passed" */

/* TS 24.229 section 7.2A.20; what would be written. */
enum verstat { VERSTAT_NONE, VERSTAT_PASSED, VERSTAT_FAILED };
struct str verstat_text(enum verstat verstat);          /* "TN-Validation-Passed" */
struct str verstat_priority_text(enum verstat verstat); /* "RPH-Validation-Passed" */

/* ---- what is asked ---- */

/* The rules of whoever has the call judged. */
struct verification_rules {
    int64_t max_age_s;           /* of iat, either way */
    enum verification_dest dest; /* which number dest is compared with */
    enum verstat_map map;
    char min_level; /* 'A' to 'C'; what is below may be refused */
    bool require;   /* a call without a token may be refused */
    bool refuse_withheld;
};
#define VERIFICATION_RULES_USUAL                                                                   \
    ((struct verification_rules){.max_age_s = VERIFY_MAX_AGE_S, .min_level = 'C'})

/* Those of a profile. */
struct verification_rules verification_rules_of(const struct verification_setting *setting);

/* What there is of the certificate of an entry's URL. */
enum verification_certificate {
    CERTIFICATE_PENDING, /* not there in time; the first: what nobody filled in is open */
    CERTIFICATE_LIMIT,   /* our own bounds keep us from asking for it */
    CERTIFICATE_CUT_OFF, /* no host is reached: whether its URL serves it nobody knows */
    CERTIFICATE_PREPARED,
    CERTIFICATE_UNAVAILABLE, /* its URL does not serve it */
    CERTIFICATE_UNREADABLE   /* it serves something else, or more than a certificate takes */
};
/* What it means when a fetch ends so; of FETCH_OK the body tells. */
enum verification_certificate verification_certificate_of(enum fetch_outcome outcome);

struct verification_served {
    enum verification_certificate state;
    const struct sti_certificate *prepared; /* with CERTIFICATE_PREPARED alone */
    const char *why;                        /* a sentence, else; NULL: nothing to say */
    enum fetch_outcome outcome; /* why there is none; FETCH_OK: not known, or there is one */
};

struct verification_question {
    const struct identity_set *set;
    const struct verification_served *served; /* one for each entry of the set, as it lies there */
    struct verification_rules rules;
    int64_t now_s;
    bool time_is_guessed; /* nobody knows what time it is, or was: freshness stays open */
    bool is_given;        /* certificates were brought along: no URL was asked */
    const struct trust_image *image; /* by which certificates were judged; NULL: by none */

    /* What the message says: numbers by the rules of its trunk's country. NULL: it shows none. */
    const struct tn *orig; /* P-Asserted-Identity where it is trusted, else From */
    const struct tn *to, *requested;
    const struct tn_reach *orig_reach; /* who may be meant where there is no orig; NULL: nobody */
    bool is_withheld;  /* there is no orig, since the caller did not want to show it */
    bool is_emergency; /* never refused */
    int64_t date_s;    /* 0: no Date */
    const struct call_priority *priority; /* NULL: none asked for */
    bool message_is_piece;                /* as in verify.h: of a text, never of a call */
    struct str message_fault;
};

/* ---- what is answered ---- */

struct verification_header {
    unsigned header; /* which of the call's values */
    enum identity_role role;
    const struct token *token;  /* of the set: type, claims, x5u */
    enum fetch_outcome fetched; /* of its certificate, as it was served */
    struct verify_report report;
};
/* Whether what its URL served is at fault, so that its signer may have mended it since. A token
   whose signature does not fit says nothing of that, whatever number it names: anybody can write
   one. Nor does a number that no domain may vouch for: no other certificate changes that. */
bool verification_blames_certificate(const struct verification_header *header);

struct verification {
    enum verification_class class;
    char level; /* of a call that passed; else NUL */
    enum reason reason;
    int decisive;            /* index into headers; -1: none of them decided */
    int blamed;              /* the one that failed, also where another one passed; -1: none */
    enum verify_check check; /* that failed in it; VERIFY_CHECKS: none */
    int sip_status;          /* what a Reason header would say, and a refusal; 0: nothing */
    struct str sip_phrase;
    bool may_be_refused;   /* by a profile that refuses such calls; else it goes on, whatever */
    enum verstat verstat;  /* of the number */
    enum verstat priority; /* of rph; apart from the number's */
    unsigned n;
    struct verification_header *headers; /* of the arena, in the order of the set */
    unsigned n_empty, n_beyond;          /* as in the set */
};

/*
 * Texts are of ARENA or of the question's. Where there is no memory the call is open, with
 * REASON_OUT_OF_MEMORY, and no headers.
 */
void verification_judge(const struct verification_question *question, struct arena *arena,
                        struct verification *answer);

#endif
