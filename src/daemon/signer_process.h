/*
 * signer_process - the loop of a signer, for signer_main() and for tests that bring a service of
 * their own.
 */
#ifndef STIRD_DAEMON_SIGNER_PROCESS_H
#define STIRD_DAEMON_SIGNER_PROCESS_H

#include "signing_service.h"

struct signer_options {
    int control_fd;
    bool with_token; /* a token's library is in this process, which keeps more rights for it */
    uint32_t requests_per_second; /* of one worker; more are refused. 0: any */
};

/*
 * Self-tests SERVICE, gives up its rights, says CONTROL_READY and serves until the control socket
 * closes. The exit status; the service stays the caller's.
 */
int signer_run(struct signing_service *service, const struct signer_options *options);

#endif
