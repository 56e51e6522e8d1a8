/*
 * dispatch - which of several workers a message belongs to: what the kernel's program decides for
 * datagrams (src/net/dispatch_rule.h), said again for those that reach another worker.
 */
#ifndef STIRD_DISPATCH_H
#define STIRD_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/str.h>

#define DISPATCH_WHOLE SIZE_MAX

/* 0..WORKERS-1, by headers that stand in the first LOOK bytes of MESSAGE. */
unsigned dispatch_worker(struct str message, unsigned workers, size_t look);

/*
 * Gives the kernel the program that chooses among the sockets of WORKERS workers: its descriptor,
 * or -errno; -EPERM without CAP_BPF. With LOG (of LOG_BYTES) the verifier says how it went.
 */
int dispatch_load(unsigned workers, char *log, unsigned log_bytes);

#endif
