/*
 * decision - one call decided on the command line by the call's own code, and told step by step.
 */
#ifndef CLI_DECISION_H
#define CLI_DECISION_H

#include "session.h"

#include <stird/known_name.h>
#include <stird/numbers_files.h>
#include <stird/rehearsal.h>
#include <stird/snapshot.h>

/* What a call is decided by: that of the running stird, or read from the files. */
struct decision_basis {
    struct settings *settings;
    struct mapped_numbers numbers, overlay; /* overlay: empty when there are no urgent changes */
    int64_t generation;                     /* of the running stird; 0: from the files */
    uint8_t secret[SNAPSHOT_SECRET_BYTES];  /* of the proofs in Route and Via */
    bool has_secret;                        /* it could be read */
    struct known_name *names;               /* what upstreams' names mean to the running stird */
    unsigned n_names;
};

/* OFFLINE: does not ask for a running stird. False after complaints. */
bool decision_basis_get(struct decision_basis *basis, const struct cli *cli, bool offline);
/* The same to look at number tables: no certificate is read from files, and no call decided. */
bool decision_basis_get_tables(struct decision_basis *basis, const struct cli *cli, bool offline);
void decision_basis_fini(struct decision_basis *basis);

/* For people, or as one JSON text. The call's trunk may be NULL: no trunk took it. */
void decision_print(const struct decision_basis *basis, const struct rehearsal *told, bool json);

#endif
