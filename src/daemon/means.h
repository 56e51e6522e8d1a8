/*
 * means - what the system grants this service: memory, descriptors, processors (budget.h).
 */
#ifndef STIRD_DAEMON_MEANS_H
#define STIRD_DAEMON_MEANS_H

#include <stird/budget.h>

/*
 * Memory is the least of what the machine has, and of what the cgroup of this process may have; of
 * one without a ceiling, such as a shell's, what the cgroup of the service that runs may have; else
 * what systemd/stird.service says.
 */
struct means means_find(void);

/* The same below ROOT ("/sys/fs/cgroup") for a process of cgroup PATH; 0: there is no ceiling. */
uint64_t means_cgroup_memory(const char *root, struct str path);

#endif
