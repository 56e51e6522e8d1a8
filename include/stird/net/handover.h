/*
 * handover - passes a message from the worker that it reached to the one that it belongs to.
 *
 * Each worker has an inbox, a SOCK_SEQPACKET pair of which the supervisor keeps both ends: what
 * waits there while a worker is dead is read by the next one. No sender waits: a full inbox loses
 * the message, as a full UDP socket would.
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
 * Whether each field of H is one that a worker with N_LISTENERS would send along with BYTES. The
 * sender may have been taken over, so nothing of H is used before this has looked at it. A request
 * can only have come over UDP, because a connection stays with the worker that has it.
 */
bool handover_is_sound(const struct handover *h, struct str bytes, unsigned n_listeners);

/* [0] is the inbox, and others send on [1]. 0 or -errno. */
int handover_pair(int fds[2]);
/* 0 or -errno, -EAGAIN: it is full. */
int handover_send(int fd, const struct handover *h, struct str bytes);
/*
 * Reads one into ROOM, NUL-terminated. The number of octets, or -errno: -EAGAIN when nothing waits,
 * -EMSGSIZE when one that does not fit was thrown away.
 */
ssize_t handover_receive(int fd, struct handover *h, char *room, size_t size);

#endif
