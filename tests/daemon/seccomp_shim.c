/* Preloaded by blocked_start_test.py: a signer that can never give up system calls never starts. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

int seccomp_load(void *context);

int seccomp_load(void *context)
{
    char name[16] = "";
    int (*load)(void *) = NULL;
    prctl(PR_GET_NAME, name);
    if (strcmp(name, "stird-signer") == 0)
        return -EPERM;
    *(void **)&load = dlsym(RTLD_NEXT, "seccomp_load");
    return load ? load(context) : -ENOSYS;
}
