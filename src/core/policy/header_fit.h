/*
 * header_fit - whether the headers of one name say a value: for what tells trunks apart, and for
 * rules. Private to core/policy.
 */
#ifndef STIRD_CORE_HEADER_FIT_H
#define STIRD_CORE_HEADER_FIT_H

#include <stird/core/call.h>
#include <stird/core/fit.h>

/*
 * Each header line called NAME, in its compact form too, is the value as a whole or a list of
 * values. FITS: there is one at least, and each is VALUE; FITS_IN_PART: one is, another is not. An
 * empty line is another. White space, folded lines too, counts as one space. What others may read
 * as VALUE fits in part: in quotes or brackets, with parameters, as a parameter, in a line that is
 * no header but resembles one; and lines with more octets than are looked at, which may say
 * anything.
 */
#define HEADER_FIT_OCTETS                                                                          \
    1024 /* of all lines of one name together: thousands of trunks may ask                         \
          */
enum fit header_fit(const struct call *call, struct str name, struct str value, bool any_case);

#endif
