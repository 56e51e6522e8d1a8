/* supervisor_names - what the names of upstreams meant last. */
#ifndef STIRD_SUPERVISOR_NAMES_H
#define STIRD_SUPERVISOR_NAMES_H

#include "loop.h"

/* What a worker says that a name means; it is believed as far as supervisor_names.c says. */
void supervisor_take_name(struct supervisor *s, unsigned w, const struct known_name *known);
/* known_names_to_fd() of those that the configuration names, which may be none. */
int supervisor_names_to_fd(struct supervisor *s);
/* What the name of U means, NULL: nothing is known of it. */
const struct known_name *supervisor_name_of(const struct supervisor *s, const struct upstream *u);
/* Before a worker's snapshot. Without them it asks DNS: no reason not to start it. */
void supervisor_send_names(struct supervisor *s, unsigned w);

#endif
