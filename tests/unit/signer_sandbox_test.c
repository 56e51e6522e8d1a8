/* What a signer may not do, call by call. */
#include "signer_lab.h"

/* Exit status 0: refused with EPERM. */
static int refused(bool failed)
{
    return failed && errno == EPERM ? 0 : 1;
}

static int try_open(void)
{
    return refused(open("/etc/passwd", O_RDONLY) < 0);
}

static int try_map_code(void)
{
    return refused(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                   MAP_FAILED);
}

static int try_kill(void)
{
    return refused(kill(getppid(), 0) < 0);
}

static int try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int try_exec(void)
{
    char *const none[] = {NULL};
    return execve("/bin/true", none, none);
}

static int try_fork(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid < 0;
}

static const struct {
    const char *name;
    int (*attempt)(void);
    bool deadly, in_sanitizer_builds;
} attempts[] = {
    {"open", try_open, false, false}, {"map code", try_map_code, false, true},
    {"kill", try_kill, false, true},  {"socket", try_socket, true, true},
    {"exec", try_exec, true, true},   {"fork", try_fork, true, false},
};

static int in_sandbox(const void *user, int control_fd)
{
    int (*const *attempt)(void) = user;
    (void)control_fd;
    if (key_memory_protect() != 0 || rights_keep_only(roles[ROLE_SIGNER].may) != 0)
        return 98;
    return (*attempt)();
}

static void the_sandbox_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
#ifdef STIRD_SANITIZE
        if (!attempts[i].in_sanitizer_builds)
            continue;
#endif
        struct process p = start(in_sandbox, &attempts[i].attempt);
        int status = end_of(p.pid);
        close(p.control_fd);
        if (attempts[i].deadly ? !WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS
                               : !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("%s: status %x", attempts[i].name, (unsigned)status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sandbox_refuses),
    };
    return cmocka_run_group_tests(tests, make_units, remove_units);
}
