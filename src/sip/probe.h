/*
 * probe - asks the next hops of upstreams by OPTIONS whether they are well (RFC 3261 section 11),
 * and tells the routes. Also keeps the names of upstreams known.
 */
#ifndef STIRD_SIP_PROBE_H
#define STIRD_SIP_PROBE_H

#include "proxy_parts.h"

struct probes;

/* NULL: no memory. */
struct probes *probes_new(struct proxy *p);
/* To be called when its transactions are gone. */
void probes_free(struct probes *all);
/* By the settings of the proxy's snapshot: at the start, and after a reload. */
void probes_start(struct probes *all);

#endif
