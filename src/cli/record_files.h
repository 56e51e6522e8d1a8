/*
 * record_files - which files a command of records reads: those named, or that of the configuration
 * with what moved aside from it.
 */
#ifndef CLI_RECORD_FILES_H
#define CLI_RECORD_FILES_H

#include "command.h"

#include <stdbool.h>
#include <stird/io/record_file.h>

/* NAMED: argv style, may be empty. False after complaints, such as that we may not look which there
   are. To be ended with record_files_free(). */
bool record_files_of(struct record_file_names *names, const struct cli *cli, int n_named,
                     char **named);

/* How long they are, for the progress of who reads them all. */
uint64_t record_files_bytes(const struct record_file_names *names);

typedef int (*record_lines_next)(struct record_file *file, struct record_line *line);
typedef void (*record_lines_look)(void *user, struct str line);

/* Shows LOOK each whole line that NEXT finds; returns what NEXT said in the end. */
int record_lines_read(struct record_file *file, record_lines_next next, record_lines_look look,
                      void *user);
/* Of all the file. False: it cannot be read, which is told. */
bool record_lines_of_file(const char *path, record_lines_look look, void *user);

#endif
