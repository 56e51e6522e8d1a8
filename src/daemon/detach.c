#include "detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

bool detach_stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM"); /* "device:inode" (systemd.exec(5)) */
    struct stat st;
    char own[64];
    if (!stream || fstat(STDERR_FILENO, &st))
        return false;
    snprintf(own, sizeof(own), "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    return strcmp(stream, own) == 0;
}

static int open_datagrams(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static int open_syslog(void)
{
    return open_datagrams(&(struct sockaddr_un){.sun_family = AF_UNIX, .sun_path = "/dev/log"});
}

int detach_open_journal(void)
{
    return open_datagrams(
        &(struct sockaddr_un){.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"});
}

/* Either is a socket: the log writes to it without ever waiting (log.h). */
static int open_log(bool *journal)
{
    int fd = sd_journal_stream_fd("stird", LOG_INFO, 1);
    *journal = fd >= 0;
    return fd >= 0 ? fd : open_syslog();
}

/* The process that the operator started waits here: its exit status is the answer. */
_Noreturn static void wait_for_ready(int fd)
{
    char byte;
    ssize_t n;
    do
        n = read(fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        fputs("stird: it did not get ready; the log says why (journalctl -t stird)\n", stderr);
    _exit(n == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static bool fork_away(int ready_pipe[2])
{
    pid_t pid = fork();
    if (pid > 0) {
        close(ready_pipe[1]);
        wait_for_ready(ready_pipe[0]);
    }
    if (pid < 0)
        return false;
    close(ready_pipe[0]);
    setsid();
    pid = fork(); /* the child is no session leader, so it can never get a terminal again */
    if (pid > 0)
        _exit(EXIT_SUCCESS);
    if (pid < 0)
        _exit(EXIT_FAILURE);
    return true;
}

static void move_descriptors(int null, int log)
{
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    close(null);
    close(log);
}

bool detach(int *ready_fd, bool *journal)
{
    int ready_pipe[2] = {-1, -1};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int log = open_log(journal);
    if (log < 0) {
        fputs("stird: neither journald nor /dev/log takes a log: start it with -f\n", stderr);
        goto fail;
    }
    if (null < 0 || pipe2(ready_pipe, O_CLOEXEC) || !fork_away(ready_pipe)) {
        fprintf(stderr, "stird: cannot go into the background: %s\n", strerror(errno));
        goto fail;
    }
    move_descriptors(null, log);
    if (chdir("/"))
        return false;
    *ready_fd = ready_pipe[1];
    return true;
fail:
    for (unsigned i = 0; i < 2; i++) {
        if (ready_pipe[i] >= 0)
            close(ready_pipe[i]);
    }
    if (null >= 0)
        close(null);
    if (log >= 0)
        close(log);
    return false;
}

void detach_ready(void *user)
{
    const int *ready_fd = user;
    if (write(*ready_fd, "1", 1) == 1)
        close(*ready_fd);
}
