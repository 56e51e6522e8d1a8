/*
 * sip_date - the Date of a SIP message (RFC 3261 section 20.17). Pure.
 */
#ifndef STIRD_SIP_DATE_H
#define STIRD_SIP_DATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

/* Seconds since 1970, from a date in GMT; false when it is not such a date. */
bool sip_date_parse(struct str text, int64_t *seconds);
#define SIP_DATE_LENGTH 29
void sip_date_write(char text[SIP_DATE_LENGTH + 1], int64_t seconds);

#endif
