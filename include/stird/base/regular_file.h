/*
 * regular_file - opens a file for reading in a place where somebody else may have put something
 * else, such as a FIFO that nobody fills or a device: neither can hold the reader up.
 */
#ifndef STIRD_REGULAR_FILE_H
#define STIRD_REGULAR_FILE_H

#include <stddef.h>
#include <stird/base/buf.h>

/* NAME in the directory AT (AT_FDCWD); FLAGS: O_NOFOLLOW, or 0. The descriptor, to read from;
   -EINVAL: it is no regular file; -errno. */
int regular_file_open(int at, const char *name, int flags);

/*
 * The same for PATH as somebody named it to a program: what a shell handed over with it, by
 * /dev/stdin or /dev/fd/N, may be a pipe or a terminal too, for that somebody wants to be waited
 * for. It is read on where it stands.
 */
int regular_file_open_handed(const char *path);

/* What ERROR of those, -errno, is in words: behind the name of the file. */
const char *regular_file_fault(int error);

/*
 * Adds to OUT what the file PATH holds, which is no secret: symbolic links are followed, as
 * operators keep authorities by them. 0; -EPERM: everybody may write it; -EFBIG: it has more than
 * MAX_BYTES; -EINVAL: it is no regular file; -ENOMEM; -errno.
 */
int regular_file_read_public(const char *path, size_t max_bytes, struct buf *out);
/* The same of what is open, from where it stands; FD stays open. */
int regular_file_read_descriptor(int fd, size_t max_bytes, struct buf *out);
/* What ERROR of those is in words: behind the name of the file. */
const char *regular_file_public_fault(int error);

#endif
