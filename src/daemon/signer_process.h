/*
 * signer_process - the loop of a signer, for signer_main() and for tests that bring a service of
 * their own.
 */
#ifndef STIRD_DAEMON_SIGNER_PROCESS_H
#define STIRD_DAEMON_SIGNER_PROCESS_H

#include "signing_service.h"

/*
 * Self-tests SERVICE, enters the sandbox, says CONTROL_READY and serves until the control socket
 * closes. The exit status; the service stays the caller's. WITH_TOKEN: signer_sandbox_enter().
 */
int signer_run(struct signing_service *service, int control_fd, bool with_token);

#endif
