/*
 * reading - whether an INVITE can be read, and in one way only: the framing, screening and facts of
 * a call, for tools that have no network. One thread.
 */
#ifndef STIRD_READING_H
#define STIRD_READING_H

#include <stdbool.h>
#include <stird/base/arena.h>

/*
 * False when such a call would be refused, or none of its numbers believed; *WHY, in ARENA, says
 * what is wrong and where ("From: is there twice, at octet 412"). ON_WIRE: RAW are the octets of a
 * datagram; else line ends and the body may be a copier's, and where they are odd nothing is said.
 */
bool reading_is_clear(struct str raw, bool on_wire, struct arena *arena, struct str *why);

#endif
