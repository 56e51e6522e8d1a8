/*
 * packet - what a read of no octets from a SOCK_SEQPACKET socket means: that the other end is gone,
 * or that it sent an empty packet. The second closes nothing, whoever sent it.
 */
#ifndef STIRD_PACKET_H
#define STIRD_PACKET_H

#include <stdbool.h>

/*
 * A non-blocking close-on-exec SEQPACKET pair that outlives the processes that have it. [0] only
 * reads and [1] only writes: in the other direction nobody would ever read. Descriptors that
 * somebody sends along wait for a reader and count for all of one user; a kernel of 6.16 refuses
 * them here. 0 or -errno.
 */
int packet_pair(int fds[2]);
/* From now on packets that arrive at FD bring no descriptors along, on a kernel that can refuse
   them. */
void packet_refuse_rights(int fd);
/* To be asked after a read of FD gave 0: whether nothing can ever come any more. */
bool packet_is_end(int fd);

#endif
