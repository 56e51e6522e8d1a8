/* trust_kept - the last good lists of domains of trust, in the state directory. */
#ifndef STIRD_TRUST_KEPT_H
#define STIRD_TRUST_KEPT_H

#include <stddef.h>
#include <stdint.h>
#include <stird/base/str.h>

#define TRUST_KEPT_DIRECTORY "trust"
/* "us.list", "us.crl1"; with SIGNER, ".signer" behind it: the signer's certificate that came with
   it. */
#define TRUST_KEPT_NAME_BYTES 96
void trust_kept_name(char name[TRUST_KEPT_NAME_BYTES], struct str domain, unsigned source,
                     int signer);
/* The directory of STATE_DIRECTORY that they are in, to read from; -errno. */
int trust_kept_open(struct str state_directory);
/* Writes N octets of FD, from AT on, to that file of STATE_DIRECTORY, whole or not at all. 0 or
   -errno. */
int trust_kept_write(struct str state_directory, const char *name, int fd, uint64_t at, size_t n);

#endif
