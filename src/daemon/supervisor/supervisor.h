/*
 * supervisor - reads and checks everything but keys, opens the listeners, starts the children and
 * starts them again. Never parses network input. What it does is in its loop (loop.h) and in the
 * parts that register with that.
 */
#ifndef STIRD_SUPERVISOR_H
#define STIRD_SUPERVISOR_H

#include <stdbool.h>
#include <stird/base/str.h>

struct supervisor;

/*
 * Takes all steps up to the children (configuration, listeners, secret, record file), while
 * stderr is still the operator's. NULL after all problems were printed there; *STATUS is the exit
 * status then: SUPERVISOR_MISCONFIGURED where the next start would fail likewise.
 */
struct supervisor *supervisor_new(struct str configuration_path, int *status);
/* EX_CONFIG of sysexits.h; systemd/stird.service does not start stird again after it. */
#define SUPERVISOR_MISCONFIGURED 78
/* Starts the children and serves until SIGTERM. READY, if not NULL, is called once when serving. */
int supervisor_run(struct supervisor *s, bool journal, void (*ready)(void *user), void *user);
void supervisor_free(struct supervisor *s);

#endif
