/*
 * dispatch - which of several workers a message belongs to. The program in the kernel decides that
 * for datagrams (src/net/dispatch_rule.h); the same rule is here for messages that reach another
 * worker.
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

/* A random key. 0 or -errno. */
int dispatch_key_make(struct dispatch_key *key);

/* Whether it has the form of one that was made. Ask it of every key that was kept elsewhere. */
bool dispatch_key_is_sound(const struct dispatch_key *key);

/* The worker, 0..WORKERS-1, by headers in the first LOOK bytes of MESSAGE. */
unsigned dispatch_worker(struct str message, unsigned workers, size_t look,
                         const struct dispatch_key *key);

/*
 * Loads into the kernel the program that chooses among the sockets of WORKERS workers. Its
 * descriptor, or -errno (-EPERM without CAP_BPF). The kernel's verifier writes what it found into
 * LOG, of LOG_BYTES, where that is given.
 */
int dispatch_load(unsigned workers, const struct dispatch_key *key, char *log, unsigned log_bytes);

#endif
