/*
 * siphash - keyed hashes of several texts: transaction keys, and the proof in our branches.
 *
 * SipHash-2-4 with 128 bits (Aumasson, Bernstein), in words of eight octets. It is written here
 * because OpenSSL's costs two to three calls through its provider for each text, and a message is
 * hashed six to ten times. A message costs no allocation.
 */
#ifndef STIRD_SIP_SIPHASH_H
#define STIRD_SIP_SIPHASH_H

#include <stdint.h>
#include <stird/base/str.h>

#include "sip/transaction/transaction.h"

struct siphash;

/* KEY is 16 bytes, copied. NULL: no memory. */
struct siphash *siphash_new(const uint8_t key[16]);
void siphash_free(struct siphash *h);

/* 128 bits over the texts; {"ab", "c"} and {"a", "bc"} differ. */
struct transaction_key siphash_texts(const struct siphash *h, const struct str *texts, unsigned n);

/* The last N hexadecimal digits of VALUE, without a NUL behind them: a hash as text. */
void siphash_write_hex(char *text, unsigned n, uint64_t value);

#endif
