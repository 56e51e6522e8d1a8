/*
 * numbers_files - number tables from files and directories to one compiled image in a memfd, and
 * images as files.
 */
#ifndef STIRD_NUMBERS_FILES_H
#define STIRD_NUMBERS_FILES_H

#include <stird/io/numbers_texts.h>

/*
 * Compiles them into a sealed memfd, or reads the compiled one; the caller closes it. *FD is -1
 * when there were problems. Everything in a compiled table is checked.
 */
bool numbers_files_compile(const struct numbers_paths *paths, int *fd,
                           struct numbers_summary *summary, struct problems *problems);
/*
 * The same for a check that goes on after mistakes: false, and *FD has the part of the tables that
 * is good, or is -1. No call may be decided by it.
 */
bool numbers_files_look(const struct numbers_paths *paths, int *fd, struct numbers_summary *summary,
                        struct problems *problems);
/*
 * Writes the table in memory FD to the file PATH: aside, synced, renamed. Returns 0, or -errno with
 * PATH as it was.
 */
int numbers_image_write(const char *path, int fd);

struct overlay;
/* The same for the urgent changes in force. *FD is -1 when there are none, which is no fault. */
bool numbers_overlay_compile(const struct overlay *o, int *fd, struct problems *problems);
/* The same for the journal in DIRECTORY (overlay.h). */
bool numbers_overlay_read(struct str directory, int *fd, struct problems *problems);

/* A table mapped read-only from such a descriptor, which may be closed afterwards. */
struct mapped_numbers {
    struct numbers *table;
    void *image;
    size_t bytes;
};
/*
 * Without checks, for a process that got the descriptor from the supervisor, which has made them.
 * Sealed memory cannot change afterwards.
 */
bool numbers_map(struct mapped_numbers *mapped, int fd, const char **why);
/* With every check of numbers_open(); the supervisor does this once. */
bool numbers_map_checked(struct mapped_numbers *mapped, int fd, const char **why);
void numbers_unmap(struct mapped_numbers *mapped);

#endif
