/*
 * means - what the system grants this service: memory, descriptors, processors (budget.h).
 */
#ifndef STIRD_DAEMON_MEANS_H
#define STIRD_DAEMON_MEANS_H

#include <stird/core/budget.h>

/*
 * Memory is the least of what the machine has and what the cgroup of this process may have. Where
 * that cgroup has no ceiling (a shell's), the ceiling of the running service's cgroup counts in its
 * place, or else what systemd/stird.service says.
 */
struct means means_find(void);

enum cgroup_version { CGROUP_2, CGROUP_1, CGROUP_VERSIONS };

/* The same below ROOT ("/sys/fs/cgroup") for a process of cgroup PATH; 0: there is no ceiling. */
uint64_t means_cgroup_memory(const char *root, enum cgroup_version version, struct str path);
/*
 * Of TEXT, /proc/self/cgroup, the path of the cgroup that has the memory; false: there is none of
 * that version.
 */
bool means_cgroup_path(struct str text, enum cgroup_version version, struct str *path);

#endif
