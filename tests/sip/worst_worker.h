/*
 * worst_worker - the whole way of a datagram through a worker without a signer: from its octets to
 * those that leave, and to the line of its record in a file.
 */
#ifndef STIRD_WORST_WORKER_H
#define STIRD_WORST_WORKER_H

#include <stird/base/address.h>
#include <stird/base/str.h>
#include <stird/core/settings.h>

struct proxy;

/* Takes SETTINGS and TABLE, numbers in memory. NULL: it cannot be built. Once a process. */
struct proxy *worst_worker_new(struct settings *settings, int table);
/* BYTES come from SOURCE. */
void worst_worker_hears(struct str bytes, const struct address *source);
/* An hour goes by: all that it began has ended, and every record is written. */
void worst_worker_rests(void);

#endif
