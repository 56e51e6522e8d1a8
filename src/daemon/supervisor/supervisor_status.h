/* supervisor_status - the state of stird in a word, as the service manager is told. */
#ifndef STIRD_SUPERVISOR_STATUS_H
#define STIRD_SUPERVISOR_STATUS_H

#include "loop.h"

const char *supervisor_state_text(const struct supervisor *s);

#endif
