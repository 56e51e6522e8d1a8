/*
 * readers - whether sofia-sip reads in a message what we read in it. A message in which the two see
 * different things is refused: otherwise one of them would decide about something else than the
 * other forwards.
 */
#ifndef STIRD_SIP_READERS_H
#define STIRD_SIP_READERS_H

#include "message.h"

/* Compares the lists and parameters that both read. NULL, or the name of the header in which they
   differ. */
const char *readers_differ(const struct message *m);

#endif
