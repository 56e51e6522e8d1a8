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
#define NO_CEILING     (UINT64_C(1) << 62) /* version 1 says so by a number */
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

/* There is no ceiling where it is "max", more than any machine has, or where there is no such file.
 */
static uint64_t ceiling_in(const char *root, struct str path, const char *file)
{
    char name[512], room[64];
    uint64_t octets = 0;
    int n = snprintf(name, sizeof(name), "%s%.*s/%s", root, STR_ARG(path), file);
    struct str text = n > 0 && (size_t)n < sizeof(name) ? read_start(name, room, sizeof(room))
                                                        : (struct str){"", 0};
    return str_to_u64(str_trim(text), UINT64_MAX, &octets) && octets < NO_CEILING ? octets : 0;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a == 0 || (b > 0 && b < a) ? b : a;
}

/* Where each version has its ceilings. */
static const struct {
    const char *root, *file, *is, *service_is;
} versions[] = {
    [CGROUP_2] = {CGROUPS, "memory.max", "memory.max of its cgroup",
                  "memory.max of the service's cgroup"},
    [CGROUP_1] = {CGROUPS "/memory", "memory.limit_in_bytes", "memory.limit_in_bytes of its cgroup",
                  "memory.limit_in_bytes of the service's cgroup"},
};

/* A cgroup above may refuse what the cgroup itself allows, so the lowest limit counts. */
uint64_t means_cgroup_memory(const char *root, enum cgroup_version version, struct str path)
{
    const char *file = versions[version].file;
    uint64_t least = 0;
    while (path.n > 0) {
        least = lower(least, ceiling_in(root, path, file));
        do
            path.n--;
        while (path.n > 0 && path.p[path.n] != '/');
    }
    return lower(least, ceiling_in(root, path, file));
}

/* "memory" among the controllers, between commas. */
static bool has_memory(struct str controllers)
{
    while (controllers.n > 0)
        if (str_eq(str_cut(&controllers, ','), STR("memory")))
            return true;
    return false;
}

bool means_cgroup_path(struct str text, enum cgroup_version version, struct str *path)
{
    while (text.n > 0) {
        struct str line = str_cut(&text, '\n');
        struct str number = str_cut(&line, ':'), controllers = str_cut(&line, ':');
        bool second = controllers.n == 0 && str_eq(number, STR("0"));
        if (line.n > 0 && line.p[0] == '/' &&
            (version == CGROUP_2 ? second : has_memory(controllers))) {
            *path = line;
            return true;
        }
    }
    return false;
}

/* The lower one, where a machine has both. */
static void take_lower(struct means *m, uint64_t memory, const char *is)
{
    if (memory == 0 || (m->memory > 0 && m->memory <= memory))
        return;
    m->memory = memory;
    m->memory_is = is;
}

static void find_cgroup_memory(struct means *m)
{
    char room[4096];
    struct str text = read_start("/proc/self/cgroup", room, sizeof(room)), path;
    for (unsigned v = 0; v < CGROUP_VERSIONS; v++)
        if (means_cgroup_path(text, (enum cgroup_version)v, &path))
            take_lower(m, means_cgroup_memory(versions[v].root, (enum cgroup_version)v, path),
                       versions[v].is);
    for (unsigned v = 0; m->memory == 0 && v < CGROUP_VERSIONS; v++)
        take_lower(
            m, means_cgroup_memory(versions[v].root, (enum cgroup_version)v, STR(SERVICE_CGROUP)),
            versions[v].service_is);
}

static void find_memory(struct means *m)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    uint64_t machine = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
    find_cgroup_memory(m);
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
    /* The hard limit, to which stird raises its own. */
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max != RLIM_INFINITY)
        m.descriptors = child_descriptors(limit.rlim_max);
    if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
        m.cpus = (uint32_t)CPU_COUNT(&cpus);
    return m;
}
