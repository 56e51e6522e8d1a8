/* verify_calls - the calls of what `stirctl verify` was given, hop by hop, as JSON. */
#ifndef STIRD_CLI_VERIFY_CALLS_H
#define STIRD_CLI_VERIFY_CALLS_H

#include "sightings.h"
#include "verify_job.h"

#include <jansson.h>

/* An array; what cannot be judged is told, and the job's status knows it. */
json_t *verify_calls(struct verify_job *job, const struct sightings *all);

#endif
