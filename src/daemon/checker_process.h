/*
 * checker_process - has a fetcher fetch each certificate from its URL, looks at it as a verifier
 * does, says what it found, and ends. It has neither the network, nor a key, nor a call.
 */
#ifndef STIRD_CHECKER_PROCESS_H
#define STIRD_CHECKER_PROCESS_H

#include <stird/core/settings.h>

struct checker_options {
    const struct settings *settings;
    uint64_t generation; /* goes back with each finding */
    int fetcher_fd;      /* the channel to its fetcher; taken */
};

/* Of check.anchors, of check.crls: CONTROL_CHECK_FAULT. */
#define CHECKER_FAULTS_MAX 2

/* Called right after fork(). A CONTROL_CERTIFICATE for each unit, in their order, then CHECKED.
   The exit status. */
int checker_main(const struct checker_options *options, int control_fd);

#endif
