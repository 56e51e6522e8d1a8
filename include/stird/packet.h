/*
 * packet - what a read of no octets from a SOCK_SEQPACKET socket means: that the other end is gone,
 * or that it sent an empty packet. The second closes nothing, whoever sent it.
 */
#ifndef STIRD_PACKET_H
#define STIRD_PACKET_H

#include <stdbool.h>

/* After a read of FD gave 0: whether nothing will ever come any more. */
bool packet_is_end(int fd);

#endif
