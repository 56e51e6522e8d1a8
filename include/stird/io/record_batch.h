/*
 * record_batch - several packets of records (record.h) in one, so that the recorder is woken once
 * for all of them.
 *
 * A worker makes it out of its queue, where they stay until the batch has been sent. Should it die
 * in between, the next worker sends them again: each batch says which of all packets its first one
 * is, so that whoever reads it knows. Whoever reads one trusts nothing in it: the worker may be
 * broken.
 */
#ifndef STIRD_RECORD_BATCH_H
#define STIRD_RECORD_BATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>
#include <stird/io/record_queue.h>

#define RECORD_BATCH_HEAD 16           /* octets */
#define RECORD_BATCH_MOST 512          /* packets */
#define RECORD_BATCH_MAX  (65536 + 64) /* octets: the longest packet fits alone */

struct record_batch {
    uint64_t first; /* of all packets of this queue, from 0 on */
    unsigned n;
    struct str packets; /* what is left of them */
};

/* Appends to OUT a batch of the oldest that wait, as many as fit into LIMIT octets, but one at
   least. Returns how many; 0: none waits, or there is no memory. */
unsigned record_batch_add(struct buf *out, const struct record_queue *queue, size_t limit);

/* OCTETS, borrowed, may be its begin alone, of RECORD_BATCH_HEAD. False: it is no batch. */
bool record_batch_read(struct record_batch *batch, struct str octets);
/* Takes the next packet off it. False: there is none, or it is not whole. */
bool record_batch_next(struct record_batch *batch, struct str *packet);

#endif
