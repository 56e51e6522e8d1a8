/*
 * status_set - the final answers of a next hop after which something else is tried: codes from 300
 * to 599, plain data.
 *
 * An answer that only the caller can act on is in no set: 401 and 407 ask it for a password, 487
 * ends what it cancelled, 6xx says that nobody anywhere takes the call (RFC 3261 section 16.7).
 */
#ifndef STIRD_STATUS_SET_H
#define STIRD_STATUS_SET_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

#define STATUS_SET_FIRST 300
#define STATUS_SET_END   600

struct status_set {
    uint64_t bits[(STATUS_SET_END - STATUS_SET_FIRST + 63) / 64];
};

bool status_set_has(const struct status_set *s, int status);
bool status_set_is_empty(const struct status_set *s);
/* Adds what TEXT says: "503", or "5xx" for all of a class that may be in a set. NULL, or what is
   wrong with it, in words. */
const char *status_set_add(struct status_set *s, struct str text);
/* The text number I by which the set can be written, "5xx" or "503"; false: it has not so many. */
bool status_set_text(const struct status_set *s, unsigned i, char text[4]);

#endif
