/*
 * adopt - listening sockets that an earlier process opened and this one was given. Nothing about
 * them is believed: what each is, the kernel says, and what can be set is set as on a new one.
 */
#ifndef STIRD_ADOPT_H
#define STIRD_ADOPT_H

#include <stird/net/listen.h>

/*
 * Whether the sockets of TRANSPORT in SOCKETS, which are all there (as listener_open() fills them
 * in for WORKERS), serve LISTENER: of its address and kind, listening, and for several workers a
 * group, in the order in which it was made. They are set as new ones are, and PROGRAM is put in
 * force. 0, or -errno, and then they are of no use: the caller closes them.
 */
int adopt_listener(struct listener_sockets *sockets, unsigned workers, int program,
                   const struct listener *listener, enum transport transport);

#endif
