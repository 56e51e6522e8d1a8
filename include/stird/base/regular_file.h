/*
 * regular_file - opens a file for reading in a place where somebody else may have put something
 * else, such as a FIFO that nobody fills or a device: neither can hold the reader up.
 */
#ifndef STIRD_REGULAR_FILE_H
#define STIRD_REGULAR_FILE_H

/* NAME in the directory AT (AT_FDCWD); FLAGS: O_NOFOLLOW, or 0. The descriptor, to read from;
   -EINVAL: it is no regular file; -errno. */
int regular_file_open(int at, const char *name, int flags);

#endif
