/*
 * past_calls - the calls that had one token, as their records have them: what was decided and why.
 */
#ifndef CLI_PAST_CALLS_H
#define CLI_PAST_CALLS_H

#include "command.h"

/*
 * Of all that have the token ORIGID, or of one of them by its CALL_ID (NULL: all), in the order of
 * their records. For people a table each; else a JSON text and a line end each. Returns the exit
 * status: 1 also where not all records could be read.
 */
int past_calls_tell(const struct cli *cli, const char *origid, const char *call_id);

#endif
