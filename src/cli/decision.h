/*
 * decision - one call decided on the command line by the call's own code, and told step by step.
 */
#ifndef CLI_DECISION_H
#define CLI_DECISION_H

#include "session.h"

#include <stird/core/known_name.h>
#include <stird/io/numbers_files.h>
#include <stird/io/snapshot.h>
#include <stird/io/trust_file.h>
#include <stird/sip/rehearsal.h>

/* What a call is decided by: that of the running stird, or read from the files. */
struct decision_basis {
    struct settings *settings;
    struct mapped_numbers numbers, overlay; /* overlay: empty when there are no urgent changes */
    struct mapped_trust trust;              /* empty: domains of trust are not at hand */
    int64_t generation;                     /* of the running stird; 0: from the files */
    uint8_t secret[SNAPSHOT_SECRET_BYTES];  /* of the proofs in Route and Via */
    bool has_secret;                        /* the secret could be read */
    struct switches *switches;              /* by hand, of the running stird; NULL: nothing */
    struct known_name *names;               /* what upstreams' names mean to the running stird */
    unsigned n_names;
    bool names_told; /* there is one, and it said so */
    bool is_cut_off; /* it reaches no host that serves certificates */
};

/* What has to be read, so that nobody is refused because of files that are not needed. */
enum decision_need {
    NEED_TABLES, /* number tables alone */
    NEED_ROWS,   /* with urgent changes */
    NEED_CALLS,  /* with certificates; without them no call can be decided */
};

/* Where it is taken from. When a stird runs and refuses to answer, the files are not used
   instead. */
enum decision_source {
    SOURCE_ANY,     /* the stird that runs; where none does, the files. The user may ask for these
                       (--offline) */
    SOURCE_EITHER,  /* the same, where he may not */
    SOURCE_RUNNING, /* no other */
    SOURCE_FILES,   /* nobody is asked */
};

/* False after complaints. */
bool decision_basis_get(struct decision_basis *basis, const struct cli *cli,
                        enum decision_source source, enum decision_need need);
/* Says that files of the configuration may not be read by us, if so: the complaint before named
   only one. */
void decision_explain_hidden(const struct cli *cli, enum decision_need need);
void decision_basis_fini(struct decision_basis *basis);

/* For people, or as one JSON text. The call's trunk may be NULL: no trunk took it. MESSAGE is what
   was rehearsed. */
void decision_print(const struct decision_basis *basis, const struct rehearsal *told,
                    struct str message, bool json);

#endif
