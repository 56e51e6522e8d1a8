/*
 * readers - whether sofia-sip reads of a message what we read of it. Where two readers see two
 * things, one of them decides and the other forwards: such a message is refused.
 */
#ifndef STIRD_SIP_READERS_H
#define STIRD_SIP_READERS_H

#include "message.h"

/* Of the lists and parameters that both read. NULL, or the name of the header they differ in. */
const char *readers_differ(const struct message *m);

#endif
