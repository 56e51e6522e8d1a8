/*
 * record_queue - keeps packets of records while the recorder takes none.
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
/* Appends the oldest one to PACKET, without taking it out. False when none waits. */
bool record_queue_first(struct record_queue *q, struct buf *packet);
void record_queue_take_first(struct record_queue *q);
uint64_t record_queue_waiting(const struct record_queue *q);
/* How long the next packet may be. */
size_t record_queue_room(const struct record_queue *q);

/* How many were lost of which no packet has told yet (record_pack_lost()). */
uint64_t record_queue_lost(const struct record_queue *q);
void record_queue_lose(struct record_queue *q, uint64_t n);
void record_queue_told(struct record_queue *q, uint64_t n);

#endif
