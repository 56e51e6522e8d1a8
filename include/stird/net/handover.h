/*
 * handover - from the worker that a message reached to the one that it belongs to.
 *
 * Each worker has an inbox, a SOCK_SEQPACKET pair of which the supervisor keeps both ends: what
 * waits there while a worker is dead is read by the next one. Nobody waits: a full inbox loses the
 * message, as a full UDP socket would.
 */
#ifndef STIRD_HANDOVER_H
#define STIRD_HANDOVER_H

#include <stdbool.h>
#include <stird/base/address.h>
#include <stird/base/str.h>
#include <sys/types.h>

enum handover_kind {
    HANDOVER_MESSAGE = 1, /* as it was received */
    HANDOVER_UNDELIVERED  /* our own datagram, which came back by ICMP with `error` */
};

struct handover {
    uint32_t kind;
    int32_t error;
    struct address remote; /* of a MESSAGE: where it came from */
    uint16_t listener;
    uint8_t transport;
};

/*
 * Comes from a process that may have been taken over: nothing in it is used before this has looked
 * at it. Whether a worker with N_LISTENERS would send each field of H along with BYTES. A request
 * can only have come over UDP, for a connection stays with the worker that has it.
 */
bool handover_is_sound(const struct handover *h, struct str bytes, unsigned n_listeners);

/* [0]: the inbox, [1]: what others send on. 0 or -errno. */
int handover_pair(int fds[2]);
/* 0 or -errno, -EAGAIN: it is full. */
int handover_send(int fd, const struct handover *h, struct str bytes);
/*
 * Into ROOM, NUL-terminated. The number of octets, or -errno, among them -EAGAIN: nothing waits
 * and -EMSGSIZE: one that does not fit was thrown away.
 */
ssize_t handover_receive(int fd, struct handover *h, char *room, size_t size);

#endif
