/*
 * stand_in - what sofia-sip is given to read in place of a message that it cannot read, that it
 * would read otherwise than we do, or that would cost it too much: NULs in a head, characters of a
 * method, lines that are no header, folds of a list, thousands of lines of a response.
 *
 * It is as long as the message and its lines end where they do, so that each octet keeps its place
 * and is put back when sofia-sip has read.
 */
#ifndef STIRD_SIP_STAND_IN_H
#define STIRD_SIP_STAND_IN_H

#include <stird/core/headers.h>
#include "message.h"

/* M is screened. */
bool stand_in_is_needed(const struct message *m);
/* Whether a run of lines of M that sofia-sip need not read is given to it as one line. */
bool stand_in_has_runs(const struct message *m);
/* Whether sofia-sip reads the line of a response for itself, however many others there are. */
bool stand_in_is_kept_apart(const struct header_line *line);
/* Gives another name to a line that is not to be read. */
void stand_in_hide(const struct message *m, const struct header_line *line, char *text);
/* "sip:xxxx" in the place of the Request-URI, behind stand_in_write(). */
void stand_in_uri(const struct message *m, char *text);
/* TEXT has room for the whole message. */
void stand_in_write(const struct message *m, char *text);

#endif
