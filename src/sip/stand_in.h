/*
 * stand_in - what sofia-sip is given to read in place of a message that it cannot read, or that it
 * would read otherwise than we do: NULs in a head, characters of a method, lines that are no
 * header.
 *
 * It is as long as the message and has its line ends, so that each octet keeps its place and is put
 * back when sofia-sip has read.
 */
#ifndef STIRD_SIP_STAND_IN_H
#define STIRD_SIP_STAND_IN_H

#include "message.h"

/* HEAD: the length of start line and headers. M is screened. */
bool stand_in_is_needed(const struct message *m, size_t head);
/* TEXT has room for the whole message. */
void stand_in_write(const struct message *m, size_t head, char *text);

#endif
