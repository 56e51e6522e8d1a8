/*
 * libseccomp, preloaded under valgrind, which knows no seccomp(2): filters are made of nothing and
 * forbid nothing. And nobody is killed for being slow, as every process is there.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void *seccomp_init(uint32_t action);
int seccomp_attr_set(void *filter, int attribute, uint32_t value);
int seccomp_rule_add(void *filter, uint32_t action, int call, unsigned n, ...);
int seccomp_rule_add_array(void *filter, uint32_t action, int call, unsigned n, const void *list);
int seccomp_load(const void *filter);
void seccomp_release(void *filter);

void *seccomp_init(uint32_t action)
{
    static char nothing;
    (void)action;
    return &nothing;
}

int seccomp_attr_set(void *filter, int attribute, uint32_t value)
{
    (void)filter, (void)attribute, (void)value;
    return 0;
}

int seccomp_rule_add(void *filter, uint32_t action, int call, unsigned n, ...)
{
    (void)filter, (void)action, (void)call, (void)n;
    return 0;
}

int seccomp_rule_add_array(void *filter, uint32_t action, int call, unsigned n, const void *list)
{
    (void)filter, (void)action, (void)call, (void)n, (void)list;
    return 0;
}

int seccomp_load(const void *filter)
{
    (void)filter;
    return 0;
}

void seccomp_release(void *filter)
{
    (void)filter;
}

/* A filter that is no work of libseccomp. */
int prctl(int option, ...)
{
    unsigned long more[4];
    va_list list;
    va_start(list, option);
    for (unsigned i = 0; i < 4; i++)
        more[i] = va_arg(list, unsigned long);
    va_end(list);
    return option == PR_SET_SECCOMP
               ? 0
               : (int)syscall(SYS_prctl, option, more[0], more[1], more[2], more[3]);
}

int pidfd_send_signal(int pidfd, int signal, siginfo_t *info, unsigned flags);

int pidfd_send_signal(int pidfd, int signal, siginfo_t *info, unsigned flags)
{
    return signal == SIGKILL ? 0 : (int)syscall(SYS_pidfd_send_signal, pidfd, signal, info, flags);
}
