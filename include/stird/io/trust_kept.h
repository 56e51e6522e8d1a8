/* trust_kept - the last good lists of domains of trust, in the state directory. */
#ifndef STIRD_TRUST_KEPT_H
#define STIRD_TRUST_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stird/base/str.h>
#include <stird/core/settings.h>

#define TRUST_KEPT_DIRECTORY  "trust"
#define TRUST_KEPT_NAME_BYTES 128
/*
 * The name of the file for SOURCE of a domain (0: its list, from 1 on its revocation lists):
 * "us.list-DIGEST", "us.crl-DIGEST"; with SIGNER, ".signer" behind it: the signer's certificate
 * that came with it. The digest is of the URL or path, so what was kept belongs to that place
 * wherever it stands in the configuration, and never counts for another one. "": there is no
 * memory; no file has that name.
 */
void trust_kept_name(char name[TRUST_KEPT_NAME_BYTES], const struct trust_setting *domain,
                     unsigned source, bool signer);
/* The directory of STATE_DIRECTORY that they are in, to read from; -errno. */
int trust_kept_open(struct str state_directory);
/* Writes N octets of FD, from AT on, to that file of STATE_DIRECTORY, whole or not at all. 0 or
   -errno. */
int trust_kept_write(struct str state_directory, const char *name, int fd, uint64_t at, size_t n);
/* Removes what is kept there under names that no domain of SETTINGS has, as far as that goes: of
   places that are not named any more, and of versions that named their files otherwise. */
void trust_kept_sweep(const struct settings *settings);

#endif
