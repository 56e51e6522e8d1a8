#include "privileges.h"

#include "landlock.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int privileges_drop(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -errno;
#ifndef STIRD_SANITIZE /* the sanitizers look at themselves through /proc */
    struct rlimit none = {0, 0};
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || setrlimit(RLIMIT_CORE, &none))
        return -errno;
#endif
    return 0;
}

bool privileges_has_capability(unsigned capability)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};
    return capability < 32 * _LINUX_CAPABILITY_U32S_3 && syscall(SYS_capget, &header, sets) == 0 &&
           (sets[capability / 32].effective >> capability % 32 & 1);
}

int privileges_keep_capabilities(uint64_t kept)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};
    uint32_t given_up = 0;
    if (syscall(SYS_capget, &header, sets))
        return -errno;
    for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        const uint32_t mask = (uint32_t)(kept >> (32 * i));
        given_up |= (sets[i].effective | sets[i].permitted | sets[i].inheritable) & ~mask;
        sets[i].effective &= mask;
        sets[i].permitted &= mask;
        sets[i].inheritable &= mask;
    }
    /* A sandbox that grants none forbids the system call as well. */
    if (given_up == 0)
        return 0;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ||
        syscall(SYS_capset, &header, sets))
        return -errno;
    return 0;
}

int privileges_drop_capability(unsigned capability)
{
    return privileges_keep_capabilities(~(1ull << capability));
}

int privileges_give_up_files(const char *const *readable, const char *kept, bool landlock_required)
{
    const char *list[PRIVILEGES_READABLE_MAX + 2] = {NULL};
    unsigned n = 0;
#ifdef STIRD_SANITIZE
    list[n++] = "/proc";
#endif
    for (unsigned i = 0; i < PRIVILEGES_READABLE_MAX && readable && readable[i]; i++)
        list[n++] = readable[i];
    int r = privileges_drop();
    if (r) {
        log_error("cannot give up privileges", LOG_CSTR("error", strerror(-r)));
        return r;
    }
    r = landlock_give_up_files(list, kept);
    if (r == 0)
        return 0;
    if (landlock_required) {
        log_error("cannot give up files: the kernel needs Landlock (CONFIG_SECURITY_LANDLOCK and "
                  "`landlock` in the lsm= list), or set security.landlock_required = false",
                  LOG_CSTR("error", strerror(-r)));
        return r;
    }
    log_warning("this kernel has no Landlock: the process can still open files",
                LOG_CSTR("error", strerror(-r)));
    return 0;
}

static int by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

int privileges_close_others(int *keep, size_t n)
{
    qsort(keep, n, sizeof(*keep), by_value);
    unsigned next = STDERR_FILENO + 1;
    for (size_t i = 0; i < n; i++) {
        if (keep[i] < (int)next)
            continue;
        unsigned kept = (unsigned)keep[i];
        if (kept > next && close_range(next, kept - 1, 0))
            return -errno;
        next = kept + 1;
    }
    return close_range(next, ~0u, 0) ? -errno : 0;
}
