#include "means.h"

#include "child.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define CGROUPS        "/sys/fs/cgroup"
#define SERVICE_CGROUP "/system.slice/stird.service"
#define UNIT_MEMORY    (UINT64_C(3) << 30) /* MemoryMax of systemd/stird.service; a test compares */

/* The first octets of a small file; empty: it cannot be read. */
static struct str read_start(const char *path, char *room, size_t bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, room, bytes) : -1;
    if (fd >= 0)
        close(fd);
    return (struct str){room, n > 0 ? (size_t)n : 0};
}

/* "max" and no such file are no ceiling. */
static uint64_t ceiling_in(const char *root, struct str path)
{
    char name[512], room[64];
    uint64_t octets = 0;
    int n = snprintf(name, sizeof(name), "%s%.*s/memory.max", root, STR_ARG(path));
    struct str text = n > 0 && (size_t)n < sizeof(name) ? read_start(name, room, sizeof(room))
                                                        : (struct str){"", 0};
    return str_to_u64(str_trim(text), UINT64_MAX, &octets) ? octets : 0;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a == 0 || (b > 0 && b < a) ? b : a;
}

/* What a cgroup may have, those above it may refuse. */
uint64_t means_cgroup_memory(const char *root, struct str path)
{
    uint64_t least = 0;
    while (path.n > 0) {
        least = lower(least, ceiling_in(root, path));
        do
            path.n--;
        while (path.n > 0 && path.p[path.n] != '/');
    }
    return lower(least, ceiling_in(root, path));
}

/* "0::/system.slice/stird.service" of version 2. */
static uint64_t own_cgroup_memory(void)
{
    char room[512];
    struct str text = read_start("/proc/self/cgroup", room, sizeof(room));
    while (text.n > 0) {
        struct str line = str_cut(&text, '\n');
        if (str_starts(line, STR("0::/")))
            return means_cgroup_memory(CGROUPS, str_slice(line, 3, line.n));
    }
    return 0;
}

static void find_memory(struct means *m)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    uint64_t machine = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
    m->memory = own_cgroup_memory();
    m->memory_is = "memory.max of its cgroup";
    if (m->memory == 0) {
        m->memory = means_cgroup_memory(CGROUPS, STR(SERVICE_CGROUP));
        m->memory_is = "memory.max of the service's cgroup";
    }
    if (m->memory == 0) {
        m->memory = UNIT_MEMORY;
        m->memory_is = "MemoryMax of systemd/stird.service";
    }
    if (machine > 0 && machine < m->memory) {
        m->memory = machine;
        m->memory_is = "what the machine has";
    }
}

struct means means_find(void)
{
    struct means m = {0};
    struct rlimit limit;
    cpu_set_t cpus;
    find_memory(&m);
    /* Of the hard one, which is what stird takes. */
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max != RLIM_INFINITY)
        m.descriptors = child_descriptors(limit.rlim_max);
    if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
        m.cpus = (uint32_t)CPU_COUNT(&cpus);
    return m;
}
