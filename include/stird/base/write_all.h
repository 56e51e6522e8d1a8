/*
 * write_all - writes a text to a descriptor, whole: write() may be interrupted, and may take a
 * part.
 */
#ifndef STIRD_WRITE_ALL_H
#define STIRD_WRITE_ALL_H

#include <stird/base/str.h>

/* 0 or -errno; then a part of S may be written. */
int write_all(int fd, struct str s);

#endif
