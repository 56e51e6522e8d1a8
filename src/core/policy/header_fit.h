/*
 * header_fit - whether the headers of one name say a value: for what tells trunks apart, and for
 * rules. Private to core/policy.
 */
#ifndef STIRD_CORE_HEADER_FIT_H
#define STIRD_CORE_HEADER_FIT_H

#include <stird/core/call.h>
#include <stird/core/fit.h>

/*
 * Looks at all header lines called NAME, under its compact form too. A line is read as one value,
 * and as a list of values with commas between; white space, folded or not, counts as one space.
 *
 * FITS: there is a line, and every value is VALUE.
 * FITS_IN_PART: some value is VALUE and another, or an empty line, is not; or somebody else may
 * read VALUE there: in quotes or brackets, with parameters, as a parameter, or in a line that only
 * resembles a header; or the lines have more octets than are looked at, and may say anything.
 */
/* Of all lines of one name together: thousands of trunks may ask. */
#define HEADER_FIT_OCTETS 1024
enum fit header_fit(const struct call *call, struct str name, struct str value, bool any_case);

#endif
