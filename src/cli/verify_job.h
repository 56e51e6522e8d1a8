/* verify_job - what one run of `stirctl verify` goes by, and the worst that it has found. */
#ifndef STIRD_CLI_VERIFY_JOB_H
#define STIRD_CLI_VERIFY_JOB_H

#include "command.h"

#include <stird/core/tn.h>
#include <stird/core/trust.h>
#include <stird/fetch/fetch.h>
#include <stird/fetch/fetch_cache.h>

#define EXIT_VALID   0
#define EXIT_INVALID 1
/* EXIT_USAGE, 2: there is something that could not be judged at all */
#define EXIT_OPEN 3 /* nothing failed, but not all could be checked */

#define VERIFY_URLS_MAX 256 /* whose certificates one run fetches */

/* What became of the fetch of a URL. */
struct verify_fetched {
    struct str url;
    enum fetch_outcome outcome;
};

struct verify_job {
    const char *cert; /* instead of what the URL serves */
    struct buf cert_text;
    struct trust *trust;
    unsigned n_anchors;
    bool offline, at_iat, as_json;
    int64_t at_s; /* 0: of the capture, else now */
    int64_t max_age_s;
    struct country country;
    struct fetch_options fetch;
    struct fetch_cache *cache; /* each URL is fetched once */
    struct arena *arena;       /* of the URLs below */
    struct verify_fetched fetched[VERIFY_URLS_MAX];
    unsigned n_fetched;
    int status;
};

/* Keeps the worst status for the command: 1 before 2 before 3 before 0. */
void verify_job_worse(struct verify_job *job, int status);
/* Complains, and keeps that something could not be judged. */
void verify_job_no_memory(struct verify_job *job);

#endif
