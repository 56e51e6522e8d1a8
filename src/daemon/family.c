#include "family.h"

#include "service_user.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Linux 6.5, and headers that do not know it yet. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define GENERATIONS_MAX 64
#define STAT_BYTES      512

void family_keep_orphans(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* The parent's id out of /proc/PID/stat: "pid (name) state ppid ..."; -1: there is no such process.
 */
static pid_t parent_of(pid_t pid)
{
    char path[64], text[STAT_BYTES];
    long parent = -1;
    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    /* A name may hold anything, so the last parenthesis counts. */
    const char *behind_name = strrchr(text, ')');
    if (behind_name && strlen(behind_name) > 4)
        parent = strtol(behind_name + 4, NULL, 10);
    return (pid_t)parent;
}

struct family {
    const pid_t *children;
    unsigned n;
};

static bool is_one(const struct family *f, pid_t pid)
{
    for (unsigned i = 0; i < f->n; i++)
        if (pid == f->children[i])
            return true;
    return pid == getpid();
}

static bool descends_from(pid_t pid, const struct family *f)
{
    for (unsigned i = 0; i < GENERATIONS_MAX; i++) {
        if (is_one(f, pid))
            return true;
        if (pid <= 1)
            return false; /* the first process, or one outside of what we see */
        pid = parent_of(pid);
        if (pid < 0)
            return i == 0; /* hidden: with our user it is ours, above that another user's */
    }
    return true;
}

/* No process of ours can become another user. */
static bool has_our_user(uid_t uid)
{
    return uid == geteuid() || service_user_is(uid);
}

/* Its number may be another process's by now. */
static bool has_ended(int pidfd)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    return poll(&p, 1, 0) != 0;
}

bool family_connected(int fd, const pid_t *children, unsigned n_children, int *pid)
{
    const struct family family = {children, n_children};
    struct ucred peer = {0};
    socklen_t n = sizeof(peer);
    int pidfd = -1;
    *pid = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n))
        return true;
    *pid = peer.pid;
    n = sizeof(pidfd);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &n))
        pidfd = -1;
    /* 0: it is of another container, whose processes have no numbers here. */
    bool ours = peer.pid != 0 && has_our_user(peer.uid) && descends_from(peer.pid, &family);
    if (pidfd >= 0) {
        ours = ours || has_ended(pidfd);
        close(pidfd);
    }
    return ours;
}
