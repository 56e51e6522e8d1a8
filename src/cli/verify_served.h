/* verify_served - the certificates of tokens that `stirctl verify` judges: given, or fetched once
 * each. */
#ifndef STIRD_CLI_VERIFY_SERVED_H
#define STIRD_CLI_VERIFY_SERVED_H

#include "verify_job.h"

#include <stird/core/verification.h>

/* Fills C and Q of what the question's token names, prepared as of the question's time; C is to be
   ended with sti_certificate_fini() in any case. False: no memory. */
bool verify_served_one(struct verify_job *job, struct arena *arena, struct sti_certificate *c,
                       struct verify_question *q);
/* The same of all entries of SET, into CERTIFICATES and SERVED, as they lie there. */
bool verify_served_all(struct verify_job *job, struct arena *arena, const struct identity_set *set,
                       int64_t now_s, struct sti_certificate *certificates,
                       struct verification_served *served);
/* What became of the fetch of URL; FETCH_OK too where it was not fetched. */
enum fetch_outcome verify_served_outcome(const struct verify_job *job, struct str url);

#endif
