#include "page_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdbool.h>
#include <stird/base/log.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ROOM_OCTETS (UINT64_C(64) << 20) /* more than all that a heap loses in its gaps */
#define FIRST_TO_GO "800"                /* of 1000 (proc_pid_oom_score_adj(5)) */

/* The kernel asks for no right where it is raised; under systemd it may be a file of root's. */
static void go_first(void)
{
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, FIRST_TO_GO, strlen(FIRST_TO_GO)) < 0)
        log_debug("whoever serves pages is not the first to go when memory runs short",
                  LOG_CSTR("error", strerror(errno)));
    if (fd >= 0)
        close(fd);
}

#ifndef STIRD_SANITIZE /* whose shadow memory is terabytes */
/* What it has already, as the limit counts it. False: the kernel does not say. */
static bool find_present(uint64_t *octets)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    const bool good = f && fscanf(f, "%*u %*u %*u %*u %*u %llu", &pages) == 1;
    if (f)
        fclose(f);
    *octets = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return good;
}

static void limit(uint64_t octets)
{
    uint64_t present;
    struct rlimit r;
    if (!find_present(&present) || getrlimit(RLIMIT_DATA, &r) != 0)
        return;
    const rlim_t most = present + 2 * octets + ROOM_OCTETS;
    if (r.rlim_max != RLIM_INFINITY && r.rlim_max < most)
        return;
    r.rlim_cur = r.rlim_max = most;
    if (setrlimit(RLIMIT_DATA, &r) != 0)
        log_warning("the memory of a process that serves pages has no limit of its own",
                    LOG_CSTR("error", strerror(errno)));
}
#endif

void page_memory_bound(uint64_t octets)
{
    go_first();
#ifndef STIRD_SANITIZE
    limit(octets);
#else
    (void)octets;
#endif
}
