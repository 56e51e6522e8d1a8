/*
 * outcome - what to do with a call, and why: the core's only answer.
 *
 * Exactly one reason; a trace that says each step; nothing but plain data and borrowed text.
 */
#ifndef STIRD_OUTCOME_H
#define STIRD_OUTCOME_H

#include <stdbool.h>
#include <stird/base/arena.h>
#include <stird/core/numbers.h>
#include <stird/core/passport.h>
#include <stird/core/rates.h>
#include <stird/core/reason.h>

enum verdict {
    VERDICT_REJECT, /* answer with sip_status; it is 0, so that a forgotten path refuses */
    VERDICT_PASS,   /* forward unsigned */
    VERDICT_SIGN    /* make its tokens, then forward */
};

/* What becomes of the Date header (RFC 8224 section 4.1, Decided 9). */
enum date_action { DATE_KEEP, DATE_ADD, DATE_REPLACE };

#define TRACE_MAX     48
#define PASSPORTS_MAX 8 /* of one call */

/* A token that the call is to leave with. Its claims are what the type makes of the outcome. */
struct passport_wanted {
    const struct passport_type *type;
    uint32_t certificate; /* index into settings' list */
};

struct verified;
struct rule;

/* Why a token that is made stays here (rollout.h). */
enum withheld { WITHHELD_NOT, WITHHELD_SHADOW, WITHHELD_SHARE };

struct outcome {
    enum verdict verdict;
    enum reason reason;
    int sip_status;          /* of a REJECT */
    struct str sip_phrase;   /* of a REJECT, a constant; empty: the usual one of its status */
    struct str refusal_text; /* of a REJECT, for a Reason header; empty: none */
    struct str detail;       /* of a REJECT: what of the request is wrong, and where; or empty */

    /* What is told of the call, of which tokens are made; orig and dest are there whenever they
       could be found, the rest with a SIGN. iat is one for all tokens (RFC 8224 section 4.1). */
    struct passport_claims claims;
    struct passport_wanted tokens[PASSPORTS_MAX]; /* of a SIGN, in the order of passport_types */
    unsigned n_tokens;
    enum date_action date;
    bool date_was_wrong;         /* stale, in the future, unreadable or several: counted */
    bool level_unreadable;       /* what the SBC told of the level could not be read: counted */
    bool strip_identity;         /* remove the Identity headers that the call brought */
    enum withheld withheld;      /* of a SIGN: its tokens are made, and the call leaves without */
    enum reason withheld_reason; /* of one that was withheld: what it would have been signed for */

    const struct verified *verified; /* what its Identity is worth; NULL: nobody judged it */
    const uint32_t *upstreams;       /* where it goes instead of by its trunk's, as a rule says: */
    unsigned n_upstreams;            /* indices of the settings'; 0: by its trunk's */

    /* how it was found */
    bool emergency;
    bool number_looked_up;
    struct numbers_answer number; /* meaningful when number_looked_up */
    bool number_urgent;           /* of the overlay; its texts are in the call's arena then */
    struct str rule;              /* the setting that gave the level: "attestation.owned" */
    struct str rate;   /* what was seen of the rates that were above what rules say; empty: none */
    bool rate_lowered; /* the level, or that it is unsigned, is a rate's doing */
    const struct rule *rates[RATE_RULES_MAX]; /* that count this call, */
    unsigned n_rates;
    unsigned rates_above, rates_held; /* bits of these: above their rate now, within a window */
    struct tn rated;                  /* the number that is counted; none where it has none */
    struct str *trace;                /* one sentence a step, in the call's arena; none unless
                                         call.traced */
    unsigned n_trace;
};

/*
 * Adds one more token, behind those of the same type and of types that come earlier in
 * passport_types. False when the call has as many of that type, or of all types, as a call may
 * have, or when that type is not signed here.
 */
bool outcome_want(struct outcome *o, const struct passport_type *type, uint32_t certificate);
/* The certificate of the token that decides (passport.h); NO_CERTIFICATE: there is none. */
uint32_t outcome_certificate(const struct outcome *o);

/* Copies the texts of ANSWER into ARENA. False when memory was missing; the texts for which there
   was none are empty. */
bool outcome_keep_number(struct numbers_answer *answer, struct arena *arena);

/* Makes of a SIGN whose tokens are withheld the PASS that leaves; claims and tokens stay, for the
   record. Does nothing to others. */
void outcome_withhold(struct outcome *o);
/* Whether that was done to it: what it would have been signed as is known. */
bool outcome_was_withheld(const struct outcome *o);

struct str verdict_name(enum verdict v); /* "signed", "passed", "rejected" */

#endif
