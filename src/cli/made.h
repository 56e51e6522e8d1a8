/*
 * made - notes what a command has made on a disk, so that a command that fails can remove it, and
 * leaves nothing in the way of the next try. What was there before is never removed.
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

/* Notes that we have made PATH, a file or a directory. With NULL for MADE nobody will remove it. */
void made_note(struct made *made, const char *path);
/* The same for NAME in the directory behind the descriptor AT, which stays the caller's. */
void made_note_at(struct made *made, int at, const char *name);
/* Notes that PATH is ours with all that is in it, whoever made that for us. */
void made_note_whole(struct made *made, const char *path);
/* Removes the files, and the directories that are empty then or were noted whole. */
void made_take_back(struct made *made);
/* Forgets them, so that they stay. */
void made_keep(struct made *made);

#endif
