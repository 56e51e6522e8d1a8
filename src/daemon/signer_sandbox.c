#include "signer_sandbox.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stird/log.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* A key takes about 100 octets of it, a key file in the reading 16 KB. */
#define SECURE_HEAP_BYTES     (1 << 18)
#define SECURE_HEAP_MIN_BYTES 32
/* Room for channels and for what OpenSSL allocates, far more than was ever seen. */
#define GROWTH_BYTES (16u << 20)

/* ---- memory ---- */

/* With a low limit every later allocation would fail once all memory to come is locked too. */
static bool may_grow(void)
{
    void *p = mmap(NULL, GROWTH_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return false;
    munmap(p, GROWTH_BYTES);
    return true;
}

void signer_lock_memory(void)
{
#ifndef STIRD_SANITIZE /* whose shadow memory is terabytes */
    /* Each page as it is touched: libraries that lie unused on the disk are no secret. */
    int r = mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    if (r == 0 && may_grow())
        return;
    const int error = r == 0 ? ENOMEM : errno;
    /* What there is now holds the heap of the keys: better that than nothing. */
    if (r == 0 && munlockall() == 0)
        r = mlockall(MCL_CURRENT | MCL_ONFAULT);
    log_warning("the signer's memory could be swapped out: raise LimitMEMLOCK to 64M",
                LOG_CSTR("error", strerror(error)), LOG_NUMBER("keys_locked", r == 0));
#else
    (void)may_grow;
#endif
}

int signer_protect_memory(void)
{
    const struct rlimit none = {0, 0};
#ifndef STIRD_SANITIZE /* whose leak check at exit ptraces its own process */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return -errno;
#endif
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return -errno;
    /* It locks its pages itself where the limit allows, and that is not much. */
    if (!CRYPTO_secure_malloc_initialized() &&
        CRYPTO_secure_malloc_init(SECURE_HEAP_BYTES, SECURE_HEAP_MIN_BYTES) == 0)
        return -ENOMEM;
    return 0;
}

/* ---- system calls ---- */

/* Whoever tries these has taken the process over: it ends at once. */
static const int deadly[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(socket),
    SCMP_SYS(socketpair),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
#ifndef STIRD_SANITIZE
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(ptrace),
#endif
};

/* What serving and an orderly end need. Everything else fails with EPERM. */
static const int needed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(close),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
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
};

static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++)
        r = seccomp_rule_add(filter, action, calls[i], 0);
    return r;
}

/* Memory, but none that can be run; signals, but only to itself (abort). */
static int add_restricted(scmp_filter_ctx filter)
{
    int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (r == 0)
        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
#ifndef STIRD_SANITIZE
    if (r == 0)
        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                             SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
#endif
    return r;
}

/* Deadly beside a token, too. */
static const int never[] = {
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
#ifndef STIRD_SANITIZE
    SCMP_SYS(ptrace),
#endif
};

int signer_sandbox_enter(bool with_token)
{
    int r = -ENOMEM;
    scmp_filter_ctx filter = NULL;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        r = -errno;
        goto out;
    }
    filter = seccomp_init(with_token ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        goto out;
    r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (r == 0 && with_token)
        r = add_all(filter, SCMP_ACT_KILL_PROCESS, never, sizeof(never) / sizeof(never[0]));
    if (r == 0 && !with_token)
        r = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly, sizeof(deadly) / sizeof(deadly[0]));
    if (r == 0 && !with_token)
        r = add_all(filter, SCMP_ACT_ALLOW, needed, sizeof(needed) / sizeof(needed[0]));
    if (r == 0 && !with_token)
        r = add_restricted(filter);
    if (r == 0)
        r = seccomp_load(filter);
out:
    seccomp_release(filter);
    return r;
}
