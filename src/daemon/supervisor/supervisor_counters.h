/* supervisor_counters - what the workers count, on pages that they write. */
#ifndef STIRD_SUPERVISOR_COUNTERS_H
#define STIRD_SUPERVISOR_COUNTERS_H

#include "loop.h"

#include "daemon/counter_book.h"

bool supervisor_open_counters(struct supervisor *s, struct problems *problems);
struct counter_book *supervisor_counter_book(const struct supervisor *s);
/* Of all workers, those that are gone included. */
struct proxy_counters supervisor_counters(const struct supervisor *s);

#endif
