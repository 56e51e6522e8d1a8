/*
 * number_tables - a number table as a command's words name it.
 *
 *   running       that of the stird that runs
 *   configured    what the configuration's files are now
 *   FILE          a table of numbers, a directory of them, or a compiled table
 */
#ifndef CLI_NUMBER_TABLES_H
#define CLI_NUMBER_TABLES_H

#include "session.h"

#include <stird/io/numbers_files.h>

/* The tables that WORDS name, to be compiled; the lists are borrowed from LIST. */
struct numbers_paths number_tables_paths(struct str *list, int n, char **words);

/* False after complaints. */
bool number_table_open(struct mapped_numbers *table, const struct cli *cli, char *word);

#endif
