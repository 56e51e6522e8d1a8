/*
 * dispatch - which of several workers a message belongs to: what the kernel's program decides for
 * datagrams (src/net/dispatch_rule.h), said again for those that reach another worker.
 */
#ifndef STIRD_DISPATCH_H
#define STIRD_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

#define DISPATCH_WHOLE SIZE_MAX

/* Keys that nobody outside may know; the same for all workers as long as their sockets live. Each
   is 1 to 2^31 - 2. */
struct dispatch_key {
    uint32_t place, multiple, offset;
};

/* A key by chance. 0 or -errno. */
int dispatch_key_make(struct dispatch_key *key);

/* 0..WORKERS-1, by headers that stand in the first LOOK bytes of MESSAGE. */
unsigned dispatch_worker(struct str message, unsigned workers, size_t look,
                         const struct dispatch_key *key);

/*
 * Gives the kernel the program that chooses among the sockets of WORKERS workers: its descriptor,
 * or -errno; -EPERM without CAP_BPF. With LOG (of LOG_BYTES) the verifier says how it went.
 */
int dispatch_load(unsigned workers, const struct dispatch_key *key, char *log, unsigned log_bytes);

#endif
