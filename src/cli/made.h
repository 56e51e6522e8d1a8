/*
 * made - what a command has made on a disk, so that one that fails leaves nothing behind which the
 * next try would find in its way. What was there before is never taken back.
 *
 * The directories around it are held open: root takes nothing away by a path that somebody else may
 * have led elsewhere since (folder.h), and nothing that is not what was noted.
 */
#ifndef CLI_MADE_H
#define CLI_MADE_H

#include <stdbool.h>
#include <stddef.h>

struct made {
    struct made_entry *entries; /* in the order in which they were made */
    size_t n;
};

/* PATH, a file or a directory, is there by us. NULL for MADE: nobody will take it back. */
void made_note(struct made *made, const char *path);
/* The same of NAME in the directory behind the descriptor AT, which stays the caller's. */
void made_note_at(struct made *made, int at, const char *name);
/* PATH is ours with all that is in it, whoever made that for us. */
void made_note_whole(struct made *made, const char *path);
/* Removes the files, and the directories that are empty then or were noted whole. */
void made_take_back(struct made *made);
/* Forgets them: they stay. */
void made_keep(struct made *made);

#endif
