/*
 * record_queue - keeps packets of records until the recorder takes them: while several gather for
 * it, and while it takes none.
 *
 * The memory belongs to a file that the supervisor keeps, so the next worker sends what one left
 * there. One process at a time, one thread. What is found there is looked at before it is used: the
 * worker before may have been broken.
 */
#ifndef STIRD_RECORD_QUEUE_H
#define STIRD_RECORD_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

struct record_queue;

/* Makes a file for at most BYTES of packets; its memory is taken from the system only as it is
   used. A descriptor, or -errno. */
int record_queue_memory(size_t bytes);
/* FD stays the caller's. NULL: no memory, or no such file. */
struct record_queue *record_queue_open(int fd);
void record_queue_close(struct record_queue *q); /* what waits goes on waiting; NULL is fine */

/* False when there is no room. */
bool record_queue_put(struct record_queue *q, struct str packet);
/*
 * Appends the oldest ones to PACKETS, each behind its length (uint32_t in host order), without
 * taking them out: at most MOST, and as many as fit into LIMIT octets, but one at least. Returns
 * how many; 0: none waits, or there is no memory.
 */
unsigned record_queue_oldest(const struct record_queue *q, struct buf *packets, size_t limit,
                             unsigned most);
/* The N oldest ones. A process that dies here leaves all of them, or none. */
void record_queue_take(struct record_queue *q, unsigned n);
uint64_t record_queue_waiting(const struct record_queue *q);
/* How many were taken up to now, by all processes. */
uint64_t record_queue_taken(const struct record_queue *q);
/* Octets that what waits takes up. */
size_t record_queue_filled(const struct record_queue *q);
/* How long the next packet may be. */
size_t record_queue_room(const struct record_queue *q);

/* How many were lost of which no packet has told yet (record_pack_lost()). */
uint64_t record_queue_lost(const struct record_queue *q);
void record_queue_lose(struct record_queue *q, uint64_t n);
void record_queue_told(struct record_queue *q, uint64_t n);

#endif
