/* supervisor_workers - the snapshots that workers are given, and which of them serve which. */
#ifndef STIRD_SUPERVISOR_WORKERS_H
#define STIRD_SUPERVISOR_WORKERS_H

#include "loop.h"

bool supervisor_read_secret(struct supervisor *s, struct problems *problems);
/* Gives worker W the snapshot of CONFIGURATION with a channel to SIGNER. 0 or -errno. */
int supervisor_send_snapshot(struct supervisor *s, unsigned w,
                             const struct configuration *configuration, struct child *signer);
/* It was given one, and has not said yet that it has it. */
bool supervisor_owes_snapshot(const struct supervisor *s, unsigned w);
/* The generation that worker W said it serves; 0: none yet. */
uint64_t supervisor_snapshot_in_use(const struct supervisor *s, unsigned w);

#endif
