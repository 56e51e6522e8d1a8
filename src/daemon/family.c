#include "family.h"

#include "service_user.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
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
    /* The name of a process may hold anything, so the last parenthesis counts. */
    const char *behind_name = strrchr(text, ')');
    if (behind_name && strlen(behind_name) > 4)
        parent = strtol(behind_name + 4, NULL, 10);
    return (pid_t)parent;
}

static bool is_among(pid_t pid, const pid_t *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (pid == list[i])
            return true;
    return false;
}

/*
 * A process that is hidden from us is not a child of ours: a unit's ProtectProc=invisible hides
 * those of other users, and with PrivateUsers=yes those outside of our own user namespace, such as
 * ExecReload= and a shell of the same user. What we start is in ours, and stays there: no role may
 * call unshare or setns, or exec what could.
 */
static bool descends_from(pid_t pid, const struct relatives *r)
{
    for (unsigned i = 0; i < GENERATIONS_MAX; i++) {
        if (pid == getpid() || is_among(pid, r->children, r->n_children))
            return true;
        if (pid <= 1)
            return false; /* the first process, or one outside of what we see */
        pid = parent_of(pid);
        if (pid < 0)
            return false;
    }
    return true;
}

/* No process of ours can become another user. */
static bool has_our_user(uid_t uid)
{
    return uid == geteuid() || service_user_is(uid);
}

/* A handle of the process that connected FD; -1: the kernel gives none, -ESRCH: it has ended. */
static int handle_of(int fd, pid_t pid)
{
    int pidfd = -1;
    socklen_t n = sizeof(pidfd);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &n) == 0)
        return pidfd;
    bool unknown = errno == ENOPROTOOPT;
    return unknown && (kill(pid, 0) == 0 || errno != ESRCH) ? -1 : -ESRCH;
}

/* By its handle, since its number may be another process's by now. */
static bool has_ended(int pidfd)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    return pidfd == -ESRCH || (pidfd >= 0 && poll(&p, 1, 0) != 0);
}

enum family family_connected(int fd, const struct relatives *r, int *pid)
{
    struct ucred peer = {0};
    socklen_t n = sizeof(peer);
    *pid = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n))
        return FAMILY_OURS;
    *pid = peer.pid;
    /* 0: it is of another container, whose processes have no numbers here. */
    if (peer.pid == 0 || !has_our_user(peer.uid))
        return FAMILY_STRANGER;
    int pidfd = handle_of(fd, peer.pid);
    bool ours = !has_ended(pidfd) && descends_from(peer.pid, r);
    /* Looked at last: if it lives, it was this one that was looked at. */
    bool gone = has_ended(pidfd);
    /* The number of a process that has ended may be used again, so it is only believed where
       nothing else tells. */
    if (gone || pidfd < 0)
        ours = is_among(peer.pid, r->children, r->n_children) ||
               is_among(peer.pid, r->dead, r->n_dead) || (ours && !gone);
    if (pidfd >= 0)
        close(pidfd);
    return ours ? FAMILY_OURS : gone ? FAMILY_GONE : FAMILY_STRANGER;
}
