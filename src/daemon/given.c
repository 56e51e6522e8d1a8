#include "given.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/*
 * Instructions of classic BPF, for libseccomp knows no ranges of one argument and its lists of
 * single numbers are too long for the kernel. Descriptors are compared by the lower half of the
 * argument, as the kernel takes them.
 */
#define PROGRAM_MAX  (64 + 3 * GIVEN_MAX)
#define CALL_AT      offsetof(struct seccomp_data, nr)
#define ARGUMENT(i)  (offsetof(struct seccomp_data, args) + (i) * sizeof(uint64_t) + LOWER_HALF)
#define LOWER_HALF   (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(uint32_t) : 0)
#define X32_CALL_BIT 0x40000000u

/* Calls that change a descriptor for everybody, or duplicate it; fcntl() stands apart. */
static const unsigned changing[] = {
    SYS_connect, SYS_bind, SYS_listen, SYS_shutdown, SYS_setsockopt, SYS_ioctl, SYS_dup, SYS_dup3,
#ifdef SYS_dup2
    SYS_dup2,
#endif
};
#define CHANGING (sizeof(changing) / sizeof(changing[0]))

struct program {
    struct sock_filter code[PROGRAM_MAX];
    unsigned short n;
};

static void add(struct program *p, uint16_t code, uint32_t k, unsigned if_true, unsigned if_false)
{
    p->code[p->n++] = (struct sock_filter){code, (uint8_t)if_true, (uint8_t)if_false, k};
}

static void load(struct program *p, size_t offset)
{
    add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(struct program *p, uint32_t action)
{
    add(p, BPF_RET | BPF_K, action, 0, 0);
}

/* Allows all calls but those that change a descriptor: these are judged by the instructions that
   follow. */
static void add_calls(struct program *p)
{
    const unsigned behind = CHANGING + 6; /* instructions from the first comparison on */
    load(p, CALL_AT);
    add(p, BPF_ALU | BPF_AND | BPF_K, ~X32_CALL_BIT, 0, 0);
    for (unsigned i = 0; i < CHANGING; i++)
        add(p, BPF_JMP | BPF_JEQ | BPF_K, changing[i], behind - i - 1, 0);
    add(p, BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 1, 0);
    answer(p, SECCOMP_RET_ALLOW);
    load(p, ARGUMENT(1));
    /* Commands that only look, and F_SETFD, which only concerns the number in this process. */
    add(p, BPF_JMP | BPF_JGE | BPF_K, F_GETFD, 0, 2);
    add(p, BPF_JMP | BPF_JGT | BPF_K, F_GETFL, 1, 0);
    answer(p, SECCOMP_RET_ALLOW);
}

/* FDS are in order, and a run of numbers takes one comparison. */
static void add_fds(struct program *p, const int *fds, unsigned n)
{
    load(p, ARGUMENT(0));
    for (unsigned i = 0, last; i < n; i = last + 1) {
        for (last = i; last + 1 < n && fds[last + 1] <= fds[last] + 1; last++)
            ;
        add(p, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)fds[i], 0, 2);
        add(p, BPF_JMP | BPF_JGT | BPF_K, (uint32_t)fds[last], 1, 0);
        answer(p, SECCOMP_RET_ERRNO | EPERM);
    }
    answer(p, SECCOMP_RET_ALLOW);
}

static int by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

int given_keep(const int *fds, unsigned n)
{
    int sorted[GIVEN_MAX];
    struct program program = {.n = 0};
    unsigned given = 0;
    if (n > GIVEN_MAX)
        return -E2BIG;
    for (unsigned i = 0; i < n; i++)
        if (fds[i] >= 0)
            sorted[given++] = fds[i];
    qsort(sorted, given, sizeof(*sorted), by_value);
    add_calls(&program);
    add_fds(&program, sorted, given);
    const struct sock_fprog filter = {program.n, program.code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
        return -errno;
    return 0;
}
