/*
 * stream_room - how much the kernel may hold of one connection: both ways, sent or not, read or
 * not.
 */
#ifndef STIRD_NET_STREAM_ROOM_H
#define STIRD_NET_STREAM_ROOM_H

/*
 * Of a stream socket before listen() or connect(): what is accepted has the same. Without it the
 * kernel lets each grow to net.ipv4.tcp_rmem and tcp_wmem, 10 MiB on most machines.
 */
void stream_room_bound(int fd);

#endif
