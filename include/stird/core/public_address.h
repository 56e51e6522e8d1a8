/* public_address - whether an address may be somebody's web server on the Internet. Pure. */
#ifndef STIRD_PUBLIC_ADDRESS_H
#define STIRD_PUBLIC_ADDRESS_H

#include <stird/base/address.h>

/* BYTES: 4 or 16 in network order, as they stand: an IPv6 address that hides one of IPv4 is none.
 */
bool public_address(enum address_family family, const void *bytes);

#endif
