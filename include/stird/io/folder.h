/*
 * folder - writing as root into a directory that belongs to somebody else.
 *
 * stirctl runs as root, and the directories of stird are stird's: what a path leads to could be
 * exchanged while root is at work. So the way there is walked by descriptors, once, and everything
 * after it is done by descriptor too: no name is looked up twice, and no link that somebody else
 * made is followed.
 */
#ifndef STIRD_FOLDER_H
#define STIRD_FOLDER_H

#include <stird/base/str.h>
#include <sys/types.h>

struct folder {
    int fd; /* -1: not open */
    uid_t uid;
    gid_t gid;
};

#define FOLDER_INIT ((struct folder){.fd = -1})

/*
 * Opens PATH for reading. Root follows a symbolic link on the way only where nobody but root could
 * have put it. 0; -ELOOP: somebody else's link; -errno.
 */
int folder_open(struct folder *d, const char *path);
void folder_close(struct folder *d);

/* Opens NAME in the directory ABOVE, and makes it, for the owner of ABOVE alone, where it is not
   there yet. Results as above. */
int folder_open_below(struct folder *d, struct str above, const char *name);

/* Opens the directory that holds the last part of PATH, and sets NAME to that part (borrowed).
   Results as above. */
int folder_open_parent(struct folder *d, const char *path, const char **name);

/*
 * A new file in D that nobody else had before, for writing; 0600 until folder_give(). The
 * descriptor, or -errno (-EEXIST).
 */
int folder_create(const struct folder *d, const char *name);
/* Makes a new directory in D, which is ours and 0700 until it is given away. 0 or -errno. */
int folder_make(const struct folder *d, const char *name, struct folder *made);
/* Writes FD to the disk and gives it to the owner of D, with this mode: that owner is to use what
   root made. */
int folder_give(const struct folder *d, int fd, mode_t mode);
/* Renames within D so that NAME leads to FD, or does nothing. Never replaces a directory. 0 or
   -errno; -ESTALE: somebody exchanged it meanwhile. */
int folder_rename(const struct folder *d, const char *from, const char *name, int fd);

#endif
