/*
 * archive - files in one tar.gz, in a directory of their own, with a list of their SHA-256 that
 * `sha256sum -c` reads.
 */
#ifndef CLI_ARCHIVE_H
#define CLI_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>

#define ARCHIVE_NAME_MAX 99 /* octets of DIRECTORY/NAME */
#define ARCHIVE_MANIFEST "MANIFEST.sha256"

struct archive {
    const char *directory; /* borrowed */
    int64_t time_s;        /* of all files */
    struct buf tar, manifest;
    bool failed;
};

struct archive archive_begin(const char *directory, int64_t time_s);
/* NAME may have a folder in it. */
void archive_add(struct archive *a, const char *name, struct str bytes);
/* Adds the list, and packs all into OUT. False: no memory, or a name was too long. The archive is
   empty afterwards. */
bool archive_end(struct archive *a, struct buf *out);

/* 64 hexadecimal digits and a NUL. False: it cannot be computed. */
bool archive_sha256(char text[65], struct str bytes);

#endif
