/*
 * masked - telephone numbers of which only the last four digits are shown (records.mask_numbers).
 * Records, log and the search for a number in records all use this. Pure.
 */
#ifndef STIRD_MASKED_H
#define STIRD_MASKED_H

#include <stird/base/buf.h>
#include <stird/core/tn.h>

/* NUMBER as it is shown; as it is where MASK is false. */
struct tn masked_number(const struct tn *number, bool mask);
/* The same of each number in words ("row 3: +1 215-555-0100 is ..."); dates, addresses and the
   names of files before a first ": " stay. */
void masked_text(struct buf *out, struct str text, bool mask);

#endif
