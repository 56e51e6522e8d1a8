/*
 * tn_auth_list_write - a TNAuthList as DER (RFC 8226 section 9), for requests and for labs. Pure.
 */
#ifndef STIRD_TN_AUTH_LIST_WRITE_H
#define STIRD_TN_AUTH_LIST_WRITE_H

#include <stdbool.h>
#include <stird/base/buf.h>

#define TN_AUTH_LIST_OID "1.3.6.1.5.5.7.1.26"

/*
 * Appends to OUT: the codes SPCS, then NUMBERS ("12155550100", or "12155551000+100": that many from
 * there on); both end with NULL and may be NULL. Appends nothing when both are empty. False when a
 * number is not one, or there is no memory.
 */
bool tn_auth_list_write(const char *const *spcs, const char *const *numbers, struct buf *out);

#endif
