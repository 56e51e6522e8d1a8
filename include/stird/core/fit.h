/*
 * fit - whether a call says what a setting asks for. A call may say it twice and differently. Then
 * it fits in part, which never helps the call (no trunk matches, no rule raises the level) but may
 * count against it.
 */
#ifndef STIRD_FIT_H
#define STIRD_FIT_H

#include <stdbool.h>

enum fit { FITS_NOT, FITS_IN_PART, FITS }; /* from the worst to the best */

/* How well it fits, when ONE of the things that were said fits, or EACH of them. */
static inline enum fit fit_of(bool one, bool each)
{
    if (!one)
        return FITS_NOT;
    return each ? FITS : FITS_IN_PART;
}

static inline enum fit fit_least(enum fit a, enum fit b)
{
    return a < b ? a : b;
}

#endif
