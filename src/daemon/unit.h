/*
 * unit - what systemd's unit of stird says, drop-ins included. It tells what the service will find;
 * root, who checks a configuration, may find something else.
 */
#ifndef STIRD_DAEMON_UNIT_H
#define STIRD_DAEMON_UNIT_H

#include <stdbool.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

/* Its files one behind the other, in the order in which they count. Empty: there is none. */
void unit_read(struct buf *text);
/* Whether it starts stird with the configuration at PATH. */
bool unit_starts(struct str text, struct str path);
/* The last value of KEY; empty: none. Borrowed from TEXT. */
struct str unit_value(struct str text, const char *key);
/* Whether KEY is written at all, with whatever value. */
bool unit_names(struct str text, const char *key);
/* The first word of KEY that is not GOOD, of those in force; false: there is none. */
bool unit_odd_word(struct str text, const char *key, bool (*good)(struct str word),
                   struct str *odd);
/* Whether WORD is among the values of KEY; an empty value takes back those before. */
bool unit_has_word(struct str text, const char *key, struct str word);
/*
 * Whether PATH is in, or is, a directory among the values of KEY; each may begin with "-" or "+"
 * and go on behind a ":", and is below PREFIX ("" for whole paths).
 */
bool unit_covers(struct str text, const char *key, const char *prefix, struct str path);

#endif
