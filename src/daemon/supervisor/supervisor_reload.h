/* supervisor_reload - how reloads went. */
#ifndef STIRD_SUPERVISOR_RELOAD_H
#define STIRD_SUPERVISOR_RELOAD_H

#include "loop.h"

struct reload_counts {
    uint64_t done, failed;
};
struct reload_counts supervisor_reload_counts(const struct supervisor *s);

#endif
