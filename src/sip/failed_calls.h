/*
 * failed_calls - the last calls that failed, as news for the supervisor (failed_call.h). Of more
 * than there is room for, the oldest are not told: the records have them all.
 */
#ifndef STIRD_SIP_FAILED_CALLS_H
#define STIRD_SIP_FAILED_CALLS_H

#include <stird/io/failed_call.h>

#define FAILED_CALLS_UNTOLD 16

struct failed_calls {
    struct failed_call list[FAILED_CALLS_UNTOLD]; /* a ring */
    unsigned first, n;
};

/* Notes a call, if it failed. */
void failed_calls_note(struct failed_calls *all, const struct ledger_entry *entry);
/* The oldest that was not told; false when there is none. */
bool failed_calls_tell(struct failed_calls *all, struct failed_call *news);
/* Nobody heard it: it will be told again. */
void failed_calls_tell_again(struct failed_calls *all, const struct failed_call *news);

#endif
