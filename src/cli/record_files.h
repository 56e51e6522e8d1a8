/*
 * record_files - which files a command of records reads: those named, or that of the configuration
 * with what moved aside from it.
 */
#ifndef CLI_RECORD_FILES_H
#define CLI_RECORD_FILES_H

#include "command.h"

#include <jansson.h>
#include <stdbool.h>
#include <stird/io/record_file.h>

/* NAMED: argv style, may be empty. False after complaints. To be ended with record_files_free(). */
bool record_files_of(struct record_file_names *names, const struct cli *cli, int n_named,
                     char **named);

/* The last record of a call with this origid; NULL, after a complaint: there is none,
   or files cannot be read. */
json_t *record_of_origid(const struct cli *cli, const char *origid);

#endif
