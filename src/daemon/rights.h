/*
 * rights - which system calls a process keeps.
 *
 * seccomp, by lists of what serving needs: everything else fails with EPERM, and what only an
 * intruder would try ends the process. The table of roles (roles.h) says what each process may;
 * Landlock and the closed descriptors do the rest, and docs/security.md draws the whole.
 */
#ifndef STIRD_DAEMON_RIGHTS_H
#define STIRD_DAEMON_RIGHTS_H

/* What a process may do beyond living: memory, time, signals to itself, an orderly end. */
enum {
    MAY_TALK = 1,      /* over descriptors that are open */
    MAY_CONNECT = 2,   /* new sockets of the Internet families, and no others */
    MAY_USE_FILES = 4, /* maps and reads files that were handed over */
    MAY_RECORD = 8,    /* cuts the record file back to its last whole line */
    MAY_READ = 16,     /* opens files, for reading alone */
    MAY_LOAD = 32,     /* makes sealed memory, and forks processes that have no more rights */
    MAY_RESOLVE = 64,  /* threads, and libraries: for names and TLS of an HTTP client */
    /* The library of a token has files, sockets and threads of its own: all but what only an
       intruder tries. */
    MAY_ANYTHING = 128,
    MAY_SERVE = 512, /* takes connections of a socket that it was given, and opens none */
    MAY_KEEP = 256,  /* makes, replaces and removes files of its own, where Landlock lets it */
};

/*
 * Gives up all that MAY does not name, for good, for this thread and all it starts; sets
 * no_new_privs. 0 or -errno; -EINVAL when MAY names nothing.
 */
int rights_keep_only(unsigned may);

#endif
