/*
 * fetched_file - a body on disk, so that a restart fetches nothing anew: one file a URL in a
 * directory of ours, named by a digest of it.
 *
 * Written aside and renamed, without fsync: what a crash leaves half written is found when it is
 * read, by a digest of the whole, and deleted. Files of other names are somebody else's. Private to
 * fetch.
 */
#ifndef STIRD_FETCH_FETCHED_FILE_H
#define STIRD_FETCH_FETCHED_FILE_H

#include <stird/base/buf.h>
#include <stird/fetch/keep.h>

struct fetched_file {
    struct str url, body;
    struct kept kept;
};

/* DIRECTORY: a descriptor. 0 or -errno. */
int fetched_file_write(int directory, const struct fetched_file *file);
void fetched_file_remove(int directory, struct str url);

/* Whether NAME is that of a file of ours. One that an unfinished write left is not, and is deleted.
 */
bool fetched_file_is_ours(int directory, const char *name);
/* Reads TEXT, the octets of the file NAME, which anybody may have written; FILE points into it.
   False: it is no such file, or broken, or there is no memory. */
bool fetched_file_parse(struct str text, const char *name, struct fetched_file *file);
/* Reads the file into TEXT, which FILE points into. -EBADMSG: it is no such file, or broken, and is
   deleted; -errno. */
int fetched_file_read(int directory, const char *name, struct buf *text, struct fetched_file *file);
/* The same for whoever only looks: nothing is deleted. */
int fetched_file_look(int directory, const char *name, struct buf *text, struct fetched_file *file);

#endif
