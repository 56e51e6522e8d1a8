/*
 * Preloaded into a stird: its real time is off by as many seconds as the file that
 * $STIRD_TEST_CLOCK names says, an int64_t. The file is mapped at the start, for the processes can
 * open nothing later; monotonic time is left alone. A second int64_t in the file is by how much
 * more every other look at the clock is off. With $STIRD_TEST_CLOCK_STANDS it stands still at as
 * many seconds as that says.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_s;
static int64_t stands_s;

__attribute__((constructor)) static void map_offset(void)
{
    const char *path = getenv("STIRD_TEST_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapping = fd < 0 ? MAP_FAILED
                           : mmap(NULL, 2 * sizeof(*offset_s), PROT_READ, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    offset_s = mapping == MAP_FAILED ? NULL : mapping;
    const char *stands = getenv("STIRD_TEST_CLOCK_STANDS");
    stands_s = stands ? strtoll(stands, NULL, 10) : 0;
}

static int64_t offset(void)
{
    static unsigned looks;
    if (!offset_s)
        return 0;
    return offset_s[0] + (offset_s[1] && looks++ % 2 ? offset_s[1] : 0);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    int r = (int)syscall(SYS_clock_gettime, id, t);
    if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        *t = stands_s ? (struct timespec){.tv_sec = stands_s}
                      : (struct timespec){t->tv_sec + offset(), t->tv_nsec};
    return r;
}

time_t time(time_t *out)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (out)
        *out = t.tv_sec;
    return t.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec t;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &t);
    *out = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
    return 0;
}
