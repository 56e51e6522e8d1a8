/* Preloaded by blocked_start_test.py: a signer that can never give up system calls never starts. */
#include <errno.h>

int seccomp_load(void *context);

int seccomp_load(void *context)
{
    (void)context;
    return -EPERM;
}
