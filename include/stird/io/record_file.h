/*
 * record_file - reads record files line by line, whatever is in them.
 *
 * A line may be as long as the file; of one that is longer than any line of stird's only the
 * beginning is kept, and it counts as too long.
 */
#ifndef STIRD_RECORD_FILE_H
#define STIRD_RECORD_FILE_H

#include <errno.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

#define RECORD_LINE_MAX (256 * 1024)

struct record_file;

/* NULL with errno. */
struct record_file *record_file_open(const char *path);
void record_file_close(struct record_file *f);

#define RECORD_FILE_COMPRESSED (-ENOEXEC)

struct record_line {
    struct str text; /* without LF; borrowed until the next call */
    uint64_t number; /* from 1 */
    bool ended;      /* by LF; only the last line is not */
    bool too_long;
};

/* 1: a line. 0: the end. RECORD_FILE_COMPRESSED: nothing of it can be read. -errno. */
int record_file_next(struct record_file *f, struct record_line *line);
/* The same for a file that is being written: a line that has not ended yet does not count; the next
   call reads on. */
int record_file_follow(struct record_file *f, struct record_line *line);
/* Whether PATH is another file by now, or this one has become shorter than what was read. */
bool record_file_is_gone(const struct record_file *f, const char *path);

/* What ERROR of those is in words: behind the name of the file. */
const char *record_file_fault(int error);

/*
 * PATH and the files that moved aside from it (PATH.anything but compressed ones), in the order of
 * their lines' numbers. NULL when there is no memory; to be ended with record_files_free(). Only
 * those that can be read and hold a line of a chain have a place in the order: others come first.
 */
struct record_file_names {
    char **path;
    size_t n;
    size_t live;        /* the one that is being written */
    char **passed_over; /* moved aside too, but compressed, by their names; in their order */
    size_t n_passed_over;
    bool configured; /* they are those of the configuration; then KEEP is its records.keep */
    unsigned keep;
};
bool record_files_list(struct record_file_names *names, const char *path);
void record_files_free(struct record_file_names *names);

#endif
