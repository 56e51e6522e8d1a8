/*
 * pressed - a plain struct without its zeroes, for those that are kept by thousands and are mostly
 * zero: of each word of eight octets those from the first that is not zero to the last, and an
 * octet or two that say where they were.
 *
 * What a struct points to stays where it is.
 */
#ifndef STIRD_PRESSED_H
#define STIRD_PRESSED_H

#include <stddef.h>

/* What a struct of BYTES octets, a multiple of eight, takes at the most. */
#define PRESSED_MOST(bytes) ((bytes) / 8 * 9)

/* How many octets the struct at PLAIN, of BYTES octets, takes. */
size_t pressed_bytes(const void *plain, size_t bytes);
/* Writes it to TO, which has room for so many; returns the end of what was written. */
unsigned char *pressed_write(unsigned char *to, const void *plain, size_t bytes);
/* Makes the struct of it again, padding included; returns the end of what was read. */
const unsigned char *pressed_read(const unsigned char *from, void *plain, size_t bytes);

#endif
