#include "verify_job.h"

#include <stdio.h>

void verify_job_worse(struct verify_job *job, int status)
{
    static const int order[] = {EXIT_VALID, EXIT_OPEN, EXIT_USAGE, EXIT_INVALID};
    size_t now = 0, then = 0;
    while (order[now] != job->status)
        now++;
    while (order[then] != status)
        then++;
    if (then > now)
        job->status = status;
}

void verify_job_no_memory(struct verify_job *job)
{
    fputs("stirctl: out of memory\n", stderr);
    verify_job_worse(job, EXIT_USAGE);
}
