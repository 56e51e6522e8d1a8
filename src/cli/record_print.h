/*
 * record_print - one record of a call, for people.
 */
#ifndef CLI_RECORD_PRINT_H
#define CLI_RECORD_PRINT_H

#include <jansson.h>

void record_print(const json_t *record);
/* The next hops that were tried, a line each; the first column begins at INDENT. */
void record_print_tried(const json_t *record, int indent, int width);

#endif
