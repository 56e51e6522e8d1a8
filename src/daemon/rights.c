#include "rights.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stird/base/log.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAMESPACES                                                                                 \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)

/* Lists end with this: no system call has the number. */
#define END INT32_MIN

/* ---- what serving needs, by what it is needed for ---- */

static const int living[] = {
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(futex),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(munlock),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
#ifdef STIRD_SANITIZE
    /*
     * The sanitizers' runtime: stacks for signals, /proc/self for reports, and the leak check at
     * exit, which clones a thread that ptraces the others. Never in a build that holds real keys.
     */
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_yield),
    SCMP_SYS(readlink),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(getdents64),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(lseek),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(ptrace),
    SCMP_SYS(wait4),
    SCMP_SYS(prctl),
    SCMP_SYS(prlimit64),
    SCMP_SYS(getrlimit),
    SCMP_SYS(arch_prctl),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(tgkill),
    SCMP_SYS(tkill),
    SCMP_SYS(sched_getaffinity),
#endif
    END,
};

static const int talking[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pwritev2),
    SCMP_SYS(close),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    END,
};

/* socket(), setsockopt(), ioctl() and fcntl() stand among the restricted calls. */
static const int connecting[] = {
    SCMP_SYS(bind),        SCMP_SYS(connect),     SCMP_SYS(accept4),  SCMP_SYS(getsockopt),
    SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(shutdown), END,
};

/* Connections that others open; sockets that it was given stay as they are (given.h). */
static const int serving[] = {
    SCMP_SYS(accept4),     SCMP_SYS(getsockopt), SCMP_SYS(getsockname),
    SCMP_SYS(getpeername), SCMP_SYS(shutdown),   END,
};

static const int using_files[] = {
    SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(lseek), SCMP_SYS(pread64), END,
};

static const int recording[] = {SCMP_SYS(ftruncate), SCMP_SYS(fsync), END};

/* open() and openat() stand among the restricted calls. */
static const int reading[] = {
    SCMP_SYS(fstat),      SCMP_SYS(newfstatat), SCMP_SYS(stat),    SCMP_SYS(lstat),
    SCMP_SYS(statx),      SCMP_SYS(lseek),      SCMP_SYS(pread64), SCMP_SYS(getdents64),
    SCMP_SYS(readlink),   SCMP_SYS(readlinkat), SCMP_SYS(access),  SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(getcwd),     SCMP_SYS(statfs),  SCMP_SYS(fstatfs),
    SCMP_SYS(getuid),     SCMP_SYS(geteuid),    SCMP_SYS(getgid),  SCMP_SYS(getegid),
    SCMP_SYS(getgroups),  SCMP_SYS(fadvise64),  SCMP_SYS(uname),   END,
};

static const int keeping[] = {SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlinkat), END};

/* A table in sealed memory; keys and TLS files are checked in processes that are forked for it. */
static const int loading[] = {
    SCMP_SYS(memfd_create),
    SCMP_SYS(ftruncate),
    SCMP_SYS(pwrite64),
    SCMP_SYS(copy_file_range),
    SCMP_SYS(sendfile),
    SCMP_SYS(msync),
    SCMP_SYS(pipe2),
    SCMP_SYS(wait4),
    SCMP_SYS(fork),
    SCMP_SYS(mlock),
    SCMP_SYS(mlock2),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(getppid),
    SCMP_SYS(sched_getaffinity),
    /* even less, when it knows which tables there are */
    SCMP_SYS(landlock_create_ruleset),
    SCMP_SYS(landlock_add_rule),
    SCMP_SYS(landlock_restrict_self),
    END,
};

/* getaddrinfo() runs in a thread of its own. */
static const int resolving[] = {
    SCMP_SYS(set_robust_list),   SCMP_SYS(rseq),        SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(eventfd2),    SCMP_SYS(pipe2),
    SCMP_SYS(sysinfo),           SCMP_SYS(sigaltstack), END,
};

static const struct {
    unsigned may;
    const int *calls;
} needed[] = {
    {MAY_TALK, talking},      {MAY_CONNECT, connecting}, {MAY_USE_FILES, using_files},
    {MAY_RECORD, recording},  {MAY_READ, reading},       {MAY_LOAD, loading},
    {MAY_RESOLVE, resolving}, {MAY_KEEP, keeping},       {MAY_SERVE, serving},
};

/* ---- what only an intruder tries: the process ends at once ---- */

static const int never[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kcmp),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(fsopen),
    SCMP_SYS(open_tree),
    SCMP_SYS(move_mount),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(bpf),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(perf_event_open),
#ifndef STIRD_SANITIZE
    SCMP_SYS(ptrace),
#endif
    END,
};

static const int forking[] = {
#ifndef STIRD_SANITIZE
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
#endif
    END,
};

static const int networking[] = {
    SCMP_SYS(socket),
    SCMP_SYS(socketpair),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    END,
};

static const int taking[] = {SCMP_SYS(accept4), END};

/* Deadly for processes that have none of these rights. */
static const struct {
    unsigned unless_may;
    const int *calls;
} deadly[] = {
    {0, never},
    {MAY_LOAD | MAY_RESOLVE | MAY_ANYTHING, forking},
    {MAY_CONNECT | MAY_ANYTHING, networking},
    {MAY_CONNECT | MAY_SERVE | MAY_ANYTHING, taking},
};

/* ---- calls that depend on their arguments ---- */

/*
 * The kernel takes an int out of the low half of an argument, the filter compares all of it: EQUAL
 * and NOT_NULL are exact, and MASKED looks at no bit of the upper half.
 */
#define MASKED(argument, mask, value)                                                              \
    {                                                                                              \
        argument, SCMP_CMP_MASKED_EQ, mask, value                                                  \
    }
#define EQUAL(argument, value)                                                                     \
    {                                                                                              \
        argument, SCMP_CMP_EQ, value, 0                                                            \
    }
#define NOT_NULL(argument)                                                                         \
    {                                                                                              \
        argument, SCMP_CMP_NE, 0, 0                                                                \
    }
#define ANY 0
/* KIND allows, KIND_OF refuses: the upper half of the argument is the kernel's to ignore. */
#define KIND_OF(type) MASKED(1, 0xf, type)
#define KIND(type)    MASKED(1, ~(unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC), type)

struct restricted {
    unsigned may; /* needed by processes with any of these rights; ANY: with none as well */
    int call;
    struct scmp_arg_cmp compare[3];
    unsigned n;
};

#define ONE(may, call, a)                                                                          \
    {                                                                                              \
        may, SCMP_SYS(call), {a}, 1                                                                \
    }
#define TWO(may, call, a, b)                                                                       \
    {                                                                                              \
        may, SCMP_SYS(call), {a, b}, 2                                                             \
    }
#define THREE(may, call, a, b, c)                                                                  \
    {                                                                                              \
        may, SCMP_SYS(call), {a, b, c}, 3                                                          \
    }

#define SOCKETS(family, type, protocol)                                                            \
    THREE(MAY_CONNECT, socket, EQUAL(0, family), KIND(type), EQUAL(2, 0)),                         \
        THREE(MAY_CONNECT, socket, EQUAL(0, family), KIND(type), EQUAL(2, protocol))
#define OPTION(may, level, name) TWO(may, setsockopt, EQUAL(1, level), EQUAL(2, name))
#define COMMAND(may, name)       ONE(may, fcntl, EQUAL(1, name))

static const struct restricted allowed[] = {
    /* memory that can be run: a library, which then cannot be written */
    ONE(ANY, mmap, MASKED(2, PROT_EXEC, 0)),
    ONE(ANY, mprotect, MASKED(2, PROT_EXEC, 0)),
    ONE(MAY_RESOLVE, mmap, MASKED(2, PROT_EXEC | PROT_WRITE, PROT_EXEC)),
    /* UDP and TCP: no raw ones, no AF_UNIX, no netlink */
    SOCKETS(AF_INET, SOCK_DGRAM, IPPROTO_UDP),
    SOCKETS(AF_INET, SOCK_STREAM, IPPROTO_TCP),
    SOCKETS(AF_INET6, SOCK_DGRAM, IPPROTO_UDP),
    SOCKETS(AF_INET6, SOCK_STREAM, IPPROTO_TCP),
    /* none that takes a program, a device, a group or the state of a connection */
    OPTION(MAY_CONNECT | MAY_SERVE, IPPROTO_TCP, TCP_NODELAY),
    OPTION(MAY_SERVE, IPPROTO_TCP, TCP_CORK),
    OPTION(MAY_CONNECT, IPPROTO_TCP, TCP_USER_TIMEOUT),
    OPTION(MAY_CONNECT, IPPROTO_TCP, TCP_NOTSENT_LOWAT),
    OPTION(MAY_CONNECT, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT),
    OPTION(MAY_CONNECT, SOL_SOCKET, SO_RCVBUF),
    OPTION(MAY_CONNECT, SOL_SOCKET, SO_SNDBUF),
    /* of the libraries that speak DNS and HTTP */
    OPTION(MAY_RESOLVE, SOL_SOCKET, SO_KEEPALIVE),
    OPTION(MAY_RESOLVE, IPPROTO_TCP, TCP_KEEPIDLE),
    OPTION(MAY_RESOLVE, IPPROTO_TCP, TCP_KEEPINTVL),
    OPTION(MAY_RESOLVE, IPPROTO_TCP, TCP_KEEPCNT),
    OPTION(MAY_RESOLVE, IPPROTO_IP, IP_RECVERR),
    OPTION(MAY_RESOLVE, IPPROTO_IP, IP_MTU_DISCOVER),
    OPTION(MAY_RESOLVE, IPPROTO_IPV6, IPV6_RECVERR),
    OPTION(MAY_RESOLVE, IPPROTO_IPV6, IPV6_MTU_DISCOVER),
    /* how much waits in a socket: nothing that a terminal or a device understands */
    ONE(MAY_CONNECT, ioctl, EQUAL(1, FIONREAD)),
    ONE(MAY_CONNECT, ioctl, EQUAL(1, TIOCOUTQ)),
    COMMAND(MAY_CONNECT | MAY_READ | MAY_SERVE, F_GETFL),
    /* no call is to wait that did not, and nobody is to be signalled */
    TWO(MAY_CONNECT | MAY_READ | MAY_SERVE, fcntl, EQUAL(1, F_SETFL),
        MASKED(2, O_NONBLOCK | O_ASYNC, O_NONBLOCK)),
    COMMAND(MAY_CONNECT | MAY_READ, F_GETFD),
    COMMAND(MAY_CONNECT | MAY_READ, F_SETFD),
    COMMAND(MAY_READ, F_DUPFD_CLOEXEC),
    COMMAND(MAY_USE_FILES | MAY_LOAD, F_GET_SEALS),
    COMMAND(MAY_LOAD, F_ADD_SEALS),
    ONE(MAY_READ, open, MASKED(1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)),
    ONE(MAY_READ, openat, MASKED(2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)),
    /* a file that nobody else has made */
    ONE(MAY_KEEP, openat,
        MASKED(2, O_ACCMODE | O_CREAT | O_EXCL | O_NOFOLLOW | O_TRUNC,
               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)),
    /* names of threads; and what checks a key cannot be looked at */
    ONE(MAY_RESOLVE | MAY_LOAD, prctl, EQUAL(0, PR_SET_NAME)),
    TWO(MAY_LOAD, prctl, EQUAL(0, PR_SET_DUMPABLE), EQUAL(1, 0)),
    TWO(MAY_LOAD, prctl, EQUAL(0, PR_SET_NO_NEW_PRIVS), EQUAL(1, 1)),
    /* a limit is asked for, not set; a pair of curl's to wake itself */
    TWO(ANY, prlimit64, EQUAL(0, 0), EQUAL(2, 0)),
    TWO(MAY_LOAD, prlimit64, EQUAL(0, 0), EQUAL(1, RLIMIT_CORE)),
    THREE(MAY_RESOLVE, socketpair, EQUAL(0, AF_UNIX), KIND(SOCK_STREAM), EQUAL(2, 0)),
    ONE(MAY_RESOLVE, clone, MASKED(0, CLONE_THREAD | NAMESPACES, CLONE_THREAD)),
    ONE(MAY_LOAD, clone, MASKED(0, CLONE_THREAD | CLONE_VM | CLONE_PARENT | NAMESPACES, 0)),
};

/*
 * A datagram is sent whole: the beginning of one (MSG_MORE) would wait in a socket that outlives
 * the process, and go before what the next one sends. Standard error may be a datagram socket to
 * the system's log, and a datagram of an open socket can be addressed to any other: to the service
 * manager, for one.
 */
static const struct restricted refused[] = {
    ONE(ANY, sendto, MASKED(3, MSG_MORE, MSG_MORE)),
    ONE(ANY, sendmsg, MASKED(2, MSG_MORE, MSG_MORE)),
    ONE(ANY, sendmmsg, MASKED(3, MSG_MORE, MSG_MORE)),
    ONE(ANY, sendmsg, MASKED(0, ~0u, STDERR_FILENO)),
    ONE(ANY, sendmmsg, MASKED(0, ~0u, STDERR_FILENO)),
    TWO(ANY, sendto, MASKED(0, ~0u, STDERR_FILENO), NOT_NULL(4)),
};

/* Beside a token's library: what no such library does with keys, and an intruder would. */
static const int not_beside_a_token[] = {
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(rt_sigqueueinfo),
    SCMP_SYS(rt_tgsigqueueinfo),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(setuid),
    SCMP_SYS(setreuid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setfsuid),
    SCMP_SYS(setgid),
    SCMP_SYS(setregid),
    SCMP_SYS(setresgid),
    SCMP_SYS(setfsgid),
    SCMP_SYS(setgroups),
    SCMP_SYS(capset),
    SCMP_SYS(personality),
    SCMP_SYS(chown),
    SCMP_SYS(fchown),
    SCMP_SYS(lchown),
    SCMP_SYS(fchownat),
    SCMP_SYS(setxattr),
    SCMP_SYS(lsetxattr),
    SCMP_SYS(fsetxattr),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(symlink),
    SCMP_SYS(symlinkat),
    SCMP_SYS(setpriority),
    SCMP_SYS(sched_setscheduler),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(sethostname),
    SCMP_SYS(syslog),
    SCMP_SYS(acct),
    SCMP_SYS(swapon),
    SCMP_SYS(quotactl),
    SCMP_SYS(fanotify_init),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    END,
};

static const struct restricted not_beside_a_token_so[] = {
    TWO(ANY, socket, MASKED(0, ~0u, AF_INET), KIND_OF(SOCK_RAW)),
    TWO(ANY, socket, MASKED(0, ~0u, AF_INET6), KIND_OF(SOCK_RAW)),
    ONE(ANY, socket, MASKED(0, ~0u, AF_PACKET)),
    ONE(ANY, socket, MASKED(0, ~0u, AF_ALG)),
    ONE(ANY, socket, MASKED(0, ~0u, AF_VSOCK)),
    ONE(ANY, mmap, MASKED(2, PROT_EXEC | PROT_WRITE, PROT_EXEC | PROT_WRITE)),
    ONE(ANY, mprotect, MASKED(2, PROT_EXEC | PROT_WRITE, PROT_EXEC | PROT_WRITE)),
    ONE(ANY, ioctl, MASKED(1, ~0u, TIOCSTI)),
};

/* ---- the filters ---- */

/* The same for the socket to journald, whose number is known when there is one. */
static int refuse_addressed(scmp_filter_ctx filter, int fd)
{
    const struct scmp_arg_cmp of_fd = MASKED(0, ~0u, (scmp_datum_t)fd);
    const struct scmp_arg_cmp addressed[] = {of_fd, NOT_NULL(4)};
    const uint32_t action = SCMP_ACT_ERRNO(EPERM);
    int r = seccomp_rule_add_array(filter, action, SCMP_SYS(sendmsg), 1, &of_fd);
    if (r == 0)
        r = seccomp_rule_add_array(filter, action, SCMP_SYS(sendmmsg), 1, &of_fd);
    return r == 0 ? seccomp_rule_add_array(filter, action, SCMP_SYS(sendto), 2, addressed) : r;
}

static int add_list(scmp_filter_ctx filter, uint32_t action, const int *calls)
{
    int r = 0;
    for (; *calls != END && r == 0; calls++)
        r = seccomp_rule_add_array(filter, action, *calls, 0, NULL);
    return r;
}

static int add_deadly(scmp_filter_ctx filter, unsigned may)
{
    int r = 0;
    for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]) && r == 0; i++)
        if ((may & deadly[i].unless_may) == 0)
            r = add_list(filter, SCMP_ACT_KILL_PROCESS, deadly[i].calls);
    return r;
}

static int add_needed(scmp_filter_ctx filter, unsigned may)
{
    int r = add_list(filter, SCMP_ACT_ALLOW, living);
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]) && r == 0; i++)
        if (may & needed[i].may)
            r = add_list(filter, SCMP_ACT_ALLOW, needed[i].calls);
    return r;
}

static int add_restricted(scmp_filter_ctx filter, uint32_t action, unsigned may,
                          const struct restricted *list, size_t n)
{
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++)
        if (list[i].may == ANY || (may & list[i].may))
            r = seccomp_rule_add_array(filter, action, list[i].call, list[i].n, list[i].compare);
    return r;
}

static int add_processes(scmp_filter_ctx filter, unsigned may)
{
#ifndef STIRD_SANITIZE
    /* Signals, but only to itself (abort). */
    const struct scmp_arg_cmp itself = EQUAL(0, (scmp_datum_t)getpid());
    int r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &itself);
    /* clone3 has its flags in memory, where no filter looks: without it libc takes clone. */
    if (r == 0 && (may & (MAY_RESOLVE | MAY_LOAD)))
        r = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
    return r;
#else
    (void)filter, (void)may;
    return 0;
#endif
}

static int keep_needed(unsigned may)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return -ENOMEM;
    int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (r == 0) /* a tree: the list of a worker is long */
        r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (r == 0)
        r = add_deadly(filter, may);
    if (r == 0)
        r = add_needed(filter, may);
    if (r == 0)
        r = add_restricted(filter, SCMP_ACT_ALLOW, may, allowed,
                           sizeof(allowed) / sizeof(allowed[0]));
    if (r == 0)
        r = add_processes(filter, may);
    if (r == 0)
        r = seccomp_load(filter);
    seccomp_release(filter);
    return r;
}

static int add_beside_a_token(scmp_filter_ctx filter, unsigned may)
{
    int r = add_deadly(filter, may);
    if (r == 0)
        r = add_list(filter, SCMP_ACT_ERRNO(EPERM), not_beside_a_token);
    return r == 0 ? add_restricted(filter, SCMP_ACT_ERRNO(EPERM), may, not_beside_a_token_so,
                                   sizeof(not_beside_a_token_so) / sizeof(not_beside_a_token_so[0]))
                  : r;
}

/* A filter beside the other: of two answers the kernel takes the stricter. */
static int refuse(unsigned may)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return -ENOMEM;
    int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (r == 0)
        r = may & MAY_ANYTHING ? add_beside_a_token(filter, may)
                               : add_restricted(filter, SCMP_ACT_ERRNO(EPERM), may, refused,
                                                sizeof(refused) / sizeof(refused[0]));
    if (r == 0 && !(may & MAY_ANYTHING) && log_journal_fd() >= 0)
        r = refuse_addressed(filter, log_journal_fd());
    if (r == 0)
        r = seccomp_load(filter);
    seccomp_release(filter);
    return r;
}

int rights_keep_only(unsigned may)
{
    if (may == 0)
        return -EINVAL;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    /* In this order: the second takes seccomp() away. */
    int r = refuse(may);
    return r == 0 && !(may & MAY_ANYTHING) ? keep_needed(may) : r;
}
