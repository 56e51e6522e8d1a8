/*
 * given - descriptors that a process was given and that others have too: sockets that outlive it,
 * ways to its fellow processes. What it changes about such a descriptor changes for all who have
 * it.
 */
#ifndef STIRD_DAEMON_GIVEN_H
#define STIRD_DAEMON_GIVEN_H

#define GIVEN_MAX 512

/*
 * From here on this process, and all that it starts, reads and writes FDS[0..N) and may close them,
 * but can change nothing about them: no connect(), bind(), listen(), shutdown(), setsockopt(),
 * ioctl(), fcntl(F_SETFL) and the like, by seccomp. It holds for the numbers: a duplicate would be
 * free of it, so the process must have no way to make one (rights.h). N is at most GIVEN_MAX, -1
 * among FDS is passed over. Sets no_new_privs. 0 or -errno.
 */
int given_keep(const int *fds, unsigned n);

#endif
