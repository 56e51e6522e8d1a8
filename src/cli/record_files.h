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

/* Says on standard error which were passed over, for they are compressed: who found nothing is to
   know that nobody has looked there. */
void record_files_warn(const struct record_file_names *names);
/* "1 compressed file is passed over: NAME"; nothing where there is none. */
void record_files_add_passed_over(struct buf *out, const struct record_file_names *names);

/* How long they are, for the progress of who reads them all. */
uint64_t record_files_bytes(const struct record_file_names *names);

typedef int (*record_lines_next)(struct record_file *file, struct record_line *line);
typedef void (*record_lines_look)(void *user, struct str line);

/* Shows LOOK each whole line that NEXT finds; returns what NEXT said in the end. */
int record_lines_read(struct record_file *file, record_lines_next next, record_lines_look look,
                      void *user);
/* What is wrong with PATH, on standard error. */
void record_files_complain(const char *path, int error);
/* Of all the file. False: it cannot be read, which is told. */
bool record_lines_of_file(const char *path, record_lines_look look, void *user);

#endif
