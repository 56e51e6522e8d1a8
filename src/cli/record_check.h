/*
 * record_check - whether all lines of record files are there, unchanged and in their order, what
 * stird says itself is missing, and which files were passed over; told to people or as JSON.
 */
#ifndef CLI_RECORD_CHECK_H
#define CLI_RECORD_CHECK_H

#include "command.h"
#include "record_files.h"

#include <jansson.h>
#include <stird/io/record_file.h>

struct record_check {
    const char *head; /* one that the log has named and that has to be there; NULL: none */
    /* Is shown each whole line, so that who counts calls has checked the same ones, also of a pipe
       or of a file that grows. What cannot be read is then told on standard error. NULL: nobody. */
    record_lines_look look;
    void *user;
    bool quiet; /* findings and gaps go into JSON alone; else they are printed as they are found */
    /* What came of it: */
    bool good, read; /* nothing is wrong; all files could be read */
    json_t *json;    /* where it was quiet; NULL for want of memory */
    struct buf text; /* the same in some lines for people, to be printed as it is */
};

/* Reads all the files; at a terminal it is told how far it is. To be ended with
   record_check_fini(). */
void record_check_run(struct record_check *check, const struct cli *cli,
                      const struct record_file_names *names);
void record_check_fini(struct record_check *check);
/* Prints the text below a line that says what it is about: for who was asked something else. */
void record_check_print(const struct record_check *check);

#endif
