/*
 * tag - the tag of a From or To, by which a dialog knows its ends (RFC 3261 section 19.3). Pure.
 */
#ifndef STIRD_TAG_H
#define STIRD_TAG_H

#include <stird/base/str.h>

/* The tag of a From or To value, or empty. */
struct str tag_first(struct str value);
/* Finds in one walk, because values may be long, the first tag of a From or To, the second one with
   its name, and how many there are. */
unsigned tags_read(struct str value, struct str *tag, struct str *second);

#endif
