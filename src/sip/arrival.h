/*
 * arrival - what a socket, or another worker, has brought: whether it is heard, whether it can be
 * read, and what becomes of it when it cannot.
 */
#ifndef STIRD_SIP_ARRIVAL_H
#define STIRD_SIP_ARRIVAL_H

#include <stird/core/framing.h>
#include <stird/net/net.h>

/* Functions of net_handlers; PROXY is a struct proxy. */
void arrival_message(void *proxy, const struct flow *arrived, char *bytes, size_t n,
                     const struct frame *frame, enum frame_status status);
/* While the signer has as many calls to sign as it surely has done within signing.timeout. */
bool arrival_busy(void *proxy);
void arrival_undelivered(void *proxy, struct str datagram, int error);
/* For net_each_taken(): sets whether FROM's connection carries requests to its peer, as its trunk
   wants it now. */
void arrival_offer_connection(void *proxy, const struct flow *from);

/* Sends what has gathered of so many MESSAGES, and looks for what the signer says to the only one.
 */
void arrival_batch_end(void *proxy, unsigned messages);

#endif
