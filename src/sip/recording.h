/*
 * recording - sends records to the recorder, on the event loop, through a queue (record_queue.h)
 * that outlives this process. One that comes alone goes at once; others gather for a tenth of a
 * second, or until they fill half a buffer, so that the recorder is woken once for all of them.
 * While it takes none they wait there. Never waits itself; what finds no room is lost, counted,
 * said in the log and told by a packet behind those that waited.
 */
#ifndef STIRD_SIP_RECORDING_H
#define STIRD_SIP_RECORDING_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

struct event_base;
struct recording;

/*
 * FD: SOCK_SEQPACKET to the recorder, QUEUE_FD: record_queue_memory(); both stay the caller's. What
 * waits there goes first. NULL: no memory.
 */
struct recording *recording_new(struct event_base *base, int fd, int queue_fd);
/* Spends up to half a second on the last packets; NULL is fine. */
void recording_free(struct recording *r);

void recording_send(struct recording *r, struct str packet); /* NULL: there are no records */
void recording_drop(struct recording *r); /* one that could not be made for want of memory */
uint64_t recording_dropped(const struct recording *r); /* since it began */
uint64_t recording_waiting(const struct recording *r); /* now, because the recorder takes none */

#endif
