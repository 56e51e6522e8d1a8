/* verify_judge - what `stirctl verify` says of the Identity of one message, as JSON. */
#ifndef STIRD_CLI_VERIFY_JUDGE_H
#define STIRD_CLI_VERIFY_JUDGE_H

#include "sightings.h"
#include "verify_job.h"

#include <jansson.h>

/* What is found of one value; NULL: no memory, which the job knows. */
json_t *verify_judge_value(struct verify_job *job, const struct sighting *s, struct str value);
/* Appends what is found of each of N values to TOKENS; what they are worth together comes back, or
   NULL, as above. */
json_t *verify_judge_together(struct verify_job *job, const struct sighting *s,
                              const struct str *values, unsigned n, json_t *tokens);
/* What MESSAGE lacks of what every request has (RFC 3261 section 8.1.1); NULL: nothing. */
const char *verify_judge_lacking(struct str message);

#endif
