/*
 * identity_set - all Identity values of a call, read once each (token.h), in the order in which a
 * verifier looks at them. Bounded, for anybody may send any number of them. Pure.
 *
 * It tells which certificate's URL each needs; with these certificates verification.h judges the
 * call.
 */
#ifndef STIRD_IDENTITY_SET_H
#define STIRD_IDENTITY_SET_H

#include <stird/core/token.h>

#define IDENTITY_SET_MAX       32 /* values, whatever a profile says */
#define IDENTITY_SET_USUAL     8
#define IDENTITY_SET_BYTES_MAX ((size_t)16 * 1024) /* of all that are read */

/* What a value is to a call, in the order of the set. */
enum identity_role {
    IDENTITY_ROLE_SHAKEN, /* says who is calling: its type decides (passport.h) */
    IDENTITY_ROLE_DIV,
    IDENTITY_ROLE_RCD,
    IDENTITY_ROLE_RPH,
    IDENTITY_ROLE_UNREADABLE, /* its type cannot be told */
    IDENTITY_ROLE_OTHER       /* of a type that is for others to verify */
};

struct identity_entry {
    enum identity_role role;
    unsigned header; /* which of the call's values, from 0; empty ones count */
    struct token token;
};

struct identity_set {
    unsigned n;
    struct identity_entry *entries; /* of the arena; values of one role as they came */
    unsigned n_empty;               /* counted as none */
    unsigned n_beyond;              /* values beyond a bound, which are not judged */
    bool diverts_beyond;            /* one of these says div: the chain is not whole */
};

/*
 * Reads the N values of a call (identity_values()), folded or not, which must outlive SET. At most
 * MAX of them are looked at, which is at most IDENTITY_SET_MAX. False: no memory.
 * identity_set_fini() in either case.
 */
bool identity_set_read(struct identity_set *set, const struct str *values, unsigned n, unsigned max,
                       struct arena *arena);
/* The same, where the first N_KNOWN of the values were read as text already, all in this order. */
bool identity_set_read_known(struct identity_set *set, const struct str *values, unsigned n,
                             const struct identity_value *const *known, unsigned n_known,
                             unsigned max, struct arena *arena);
void identity_set_fini(struct identity_set *set);

/* Whether it is a link of a diversion: also one that says div where it cannot be read, or beside
   another type, so that a broken link is not worth more than none. */
bool identity_entry_diverts(const struct identity_entry *entry);

/*
 * The URL of the certificate that entry I is judged by, borrowed. Empty: it needs none, since the
 * token is not judged here, or fails a check that comes before those of its certificate
 * (verify.def).
 */
struct str identity_set_url(const struct identity_set *set, unsigned i);

#endif
