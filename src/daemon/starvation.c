#include "starvation.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_A_MS 1000000

/* /proc/PID/schedstat: ns on a processor, ns runnable without one, turns (sched-stats.rst). */
int64_t starvation_ms(pid_t pid)
{
    char path[64];
    uint64_t waited_ns = 0;
    if (pid <= 0)
        return 0;
    snprintf(path, sizeof(path), "/proc/%ld/schedstat", (long)pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote these numbers */
    if (fscanf(f, "%*u %" SCNu64, &waited_ns) != 1)
        waited_ns = 0;
    fclose(f);
    return (int64_t)(waited_ns / NS_A_MS);
}
