/*
 * record_check - whether all lines of record files are there, unchanged and in their order, told to
 * people or as JSON.
 */
#ifndef CLI_RECORD_CHECK_H
#define CLI_RECORD_CHECK_H

#include "command.h"

#include <jansson.h>
#include <stird/io/record_file.h>

/*
 * CHAIN_HEAD: one that the log has named and that has to be there; NULL: none. With TOLD nothing is
 * printed: the caller owns the JSON there, NULL for want of memory. False: something is wrong
 * with the files. At a terminal it is told how far it is.
 */
bool record_check(const struct cli *cli, const struct record_file_names *names,
                  const char *chain_head, json_t **told);

#endif
