/*
 * well_formed - whether octets are one whole SIP message, as everything that leaves must be (RFC
 * 3261 sections 7, 18.3, 25.1). Pure, no memory.
 *
 * Lines that are not headers are allowed, because what a proxy does not need leaves as it came
 * (section 16.3). But every line must end, and nothing may stand in the place of the empty line.
 */
#ifndef STIRD_WELL_FORMED_H
#define STIRD_WELL_FORMED_H

#include <stdbool.h>
#include <stird/base/str.h>

/* If they are not, *WHY is a static text that says why. */
bool well_formed_message(struct str message, const char **why);

#endif
