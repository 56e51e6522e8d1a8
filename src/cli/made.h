/*
 * made - what a command has made on a disk, so that one that fails leaves nothing behind which the
 * next try would find in its way. What was there before is never taken back.
 */
#ifndef CLI_MADE_H
#define CLI_MADE_H

#include <stddef.h>

struct made {
    char **paths; /* in the order in which they were made */
    size_t n;
};

/* PATH, a file or a directory, is there by us. NULL for MADE: nobody will take it back. */
void made_note(struct made *made, const char *path);
/* Removes the files, and the directories that are empty then. */
void made_take_back(struct made *made);
/* Forgets them: they stay. */
void made_keep(struct made *made);

#endif
