/*
 * monitor_link - a worker's words of calls of our own (monitoring.h): what the supervisor says of
 * them, and what it is told.
 */
#ifndef STIRD_MONITOR_LINK_H
#define STIRD_MONITOR_LINK_H

#include <stird/io/control.h>
#include <stird/sip/monitoring.h>

/* M is WATCH or PLACE. PROXY: NULL: it does not serve yet. */
void monitor_link_take(struct monitoring *monitoring, struct proxy *proxy,
                       const struct control_message *m, int control_fd);
/* To be called now and then: says what there is to say. */
void monitor_link_tell(struct monitoring *monitoring, int control_fd);

#endif
