/*
 * supervisor_switches - what an operator has switched (switches.h), and which workers have it. For
 * the files of this part: _switches, _switches_asks.
 */
#ifndef STIRD_SUPERVISOR_SWITCHES_H
#define STIRD_SUPERVISOR_SWITCHES_H

#include "asker.h"

#include <stird/core/switches.h>

/* What is on, and a copy that may be changed until supervisor_switches_commit(). */
const struct switches *supervisor_switches_on(const struct supervisor *s);
struct switches *supervisor_switches_change(struct supervisor *s);
/* The copy is what is on, from now on: all processes that go by it are told, and it is written. 0;
   or -errno, and nothing has changed. */
int supervisor_switches_commit(struct supervisor *s);
/* Of what was committed last: those who start begin with it. */
uint64_t supervisor_switches_generation(const struct supervisor *s);
/* How many workers run and do not have that. */
unsigned supervisor_switches_without(const struct supervisor *s, uint64_t generation);
/* Why the disk does not have it, as errno; 0: it has. */
int supervisor_switches_unwritten(const struct supervisor *s);
/* A line in the log: that one is on, is taken back, or is over. */
void supervisor_switches_say(const struct switched *one, const char *event);

/* supervisor_switches_asks.c: what stirctl may ask, and those who wait for it. */
extern const struct ask supervisor_switches_asks[];
/* Tells those whose change every worker has. */
void supervisor_switches_tell(struct supervisor *s);
/* Tells one who has waited for too long. */
void supervisor_switches_late(struct supervisor *s, struct asker *a);
/* An array of all that are on, and how many are left out for want of room (MOST octets). */
unsigned supervisor_switches_put(const struct supervisor *s, struct json *j, size_t most);
/* Whether the configuration has nothing of that name, so that the switch does nothing. */
bool supervisor_switches_is_dormant(const struct supervisor *s, const struct switched *one);

#endif
