/*
 * worst_captures - what a message costs that stands in a capture or in a text: from the file to
 * what is told of it.
 */
#ifndef STIRD_WORST_CAPTURES_H
#define STIRD_WORST_CAPTURES_H

#include <stird/base/str.h>

void worst_capture_datagram(struct str bytes);
void worst_capture_segments(struct str bytes); /* the last ones first */
void worst_capture_text(struct str bytes);

#endif
