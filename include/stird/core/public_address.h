/* public_address - whether an address may be somebody's web server on the Internet. Pure. */
#ifndef STIRD_PUBLIC_ADDRESS_H
#define STIRD_PUBLIC_ADDRESS_H

#include <stird/base/address.h>

/* BYTES are 4 or 16 in network order. An IPv6 address with an IPv4 address inside is not public. */
bool public_address(enum address_family family, const void *bytes);

#endif
