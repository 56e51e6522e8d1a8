/*
 * kept_files - the certificates of others that the fetcher keeps on disk, for whoever wants to know
 * what is there. Changes nothing; may be read while the fetcher writes. Any process.
 */
#ifndef STIRD_KEPT_FILES_H
#define STIRD_KEPT_FILES_H

#include <stddef.h>
#include <stird/base/str.h>
#include <stird/fetch/keep.h>

#define KEPT_FILES_DIRECTORY "fetched" /* below the state directory */

struct kept_file {
    struct str url, body; /* borrowed for the time of the call */
    struct kept kept;
};

/* Shows each file that is whole, in no order. 0, also where the directory is not there, or -errno;
   -EACCES: it, or some of the files, is not for us, and those that are were shown. */
int kept_files_list(const char *directory, void (*see)(void *user, const struct kept_file *file),
                    void *user);

#endif
