/*
 * new_file - a file that a command writes for somebody: whole, or not at all. It is for its owner
 * alone, for it may say who has called whom; and what is there already is never written over.
 */
#ifndef CLI_NEW_FILE_H
#define CLI_NEW_FILE_H

#include <stdbool.h>
#include <stird/base/str.h>

/* "-" is standard output. False after a complaint; nothing is left of the file then. */
bool new_file_write(const char *path, struct str bytes);
/* Whether nothing is there and the directory takes files: asked before work that would be lost.
   False after a complaint. */
bool new_file_may_be(const char *path);

#endif
