#include "key_memory.h"

#include <errno.h>
#include <linux/capability.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stird/base/log.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* A key takes about 100 octets of it, and a key file, while it is read, 16 KB. */
#define SECURE_HEAP_BYTES     (1 << 18)
#define SECURE_HEAP_MIN_BYTES 32
#define PAGE_BYTES            4096
/* Room for channels and for what OpenSSL allocates, far more than was ever seen. */
#define GROWTH_BYTES (16u << 20)
#define LOCKED_BYTES (64u << 20) /* LimitMEMLOCK of the unit */

/* With a low limit every later allocation would fail once all memory to come is locked too. */
static bool may_grow(void)
{
    void *p = mmap(NULL, GROWTH_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return false;
    munmap(p, GROWTH_BYTES);
    return true;
}

void *key_memory_page(void)
{
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return NULL;
    /* Where these fail the secret is only as protected as other memory (MADV_WIPEONFORK is of Linux
       4.14). */
    madvise(page, PAGE_BYTES, MADV_WIPEONFORK);
    madvise(page, PAGE_BYTES, MADV_DONTDUMP);
    mlock(page, PAGE_BYTES);
    return page;
}

void key_memory_page_free(void *page)
{
    if (!page)
        return;
    explicit_bzero(page, PAGE_BYTES);
    munmap(page, PAGE_BYTES);
}

/* The limit binds neither root nor a process with CAP_IPC_LOCK, but both give that up soon, and
   then what is locked later counts. */
static bool is_above_the_limit(void)
{
    return geteuid() == 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_IPC_LOCK, 0, 0) == 1;
}

/* Raises the limit as far as that is allowed. False: what can be locked now does not tell what can
   be locked later. */
static bool limit_is_for_later(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit))
        return false;
    if (limit.rlim_cur < LOCKED_BYTES) {
        limit.rlim_cur = LOCKED_BYTES;
        if (limit.rlim_max < LOCKED_BYTES && geteuid() == 0)
            limit.rlim_max = LOCKED_BYTES;
        if (limit.rlim_cur > limit.rlim_max)
            limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_MEMLOCK, &limit))
            return !is_above_the_limit();
    }
    return limit.rlim_cur >= LOCKED_BYTES || !is_above_the_limit();
}

void key_memory_lock(void)
{
#ifndef STIRD_SANITIZE /* whose shadow memory is terabytes */
    /* Each page as it is touched: libraries that lie unused on the disk are no secret. */
    int r = mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    if (r == 0 && limit_is_for_later() && may_grow())
        return;
    const int error = r == 0 ? ENOMEM : errno;
    /* What there is now includes the heap of the keys: to lock that is better than nothing. */
    if (r == 0 && munlockall() == 0)
        r = mlockall(MCL_CURRENT | MCL_ONFAULT);
    log_warning("the signer's memory could be swapped out: raise LimitMEMLOCK to 64M",
                LOG_CSTR("error", strerror(error)), LOG_NUMBER("keys_locked", r == 0));
#else
    (void)may_grow, (void)limit_is_for_later;
#endif
}

int key_memory_protect(void)
{
    const struct rlimit none = {0, 0};
#ifndef STIRD_SANITIZE /* whose leak check at exit ptraces its own process */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return -errno;
#endif
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return -errno;
    /* The secure heap locks its pages itself where the limit allows; it is small. */
    if (!CRYPTO_secure_malloc_initialized() &&
        CRYPTO_secure_malloc_init(SECURE_HEAP_BYTES, SECURE_HEAP_MIN_BYTES) == 0)
        return -ENOMEM;
    return 0;
}
