/* trust_kept - the last good lists of domains of trust, in the state directory. */
#ifndef STIRD_TRUST_KEPT_H
#define STIRD_TRUST_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>
#include <stird/core/settings.h>

#define TRUST_KEPT_DIRECTORY  "trust"
#define TRUST_KEPT_NAME_BYTES 128
#define TRUST_KEPT_FIRST_LINE                                                                      \
    "stird trust " /* then the octets of the signer's certificate, which follows */
#define TRUST_KEPT_TEXT_MAX ((size_t)4 << 20) /* of a list, and of a signer's certificate */

/*
 * The name of the file for SOURCE of a domain (0: its list, from 1 on its revocation lists):
 * "us.list-DIGEST", "us.crl-DIGEST". The digest is of the URL or path, so what was kept belongs to
 * that place wherever it stands in the configuration, and never counts for another one. With
 * SIGNER, ".signer" behind it: there earlier versions kept the signer's certificate that came with
 * it, which is in the same file now: both are exchanged at once, or neither is. "": there is no
 * memory; no file has that name.
 */
void trust_kept_name(char name[TRUST_KEPT_NAME_BYTES], const struct trust_setting *domain,
                     unsigned source, bool signer);
/* The directory of STATE_DIRECTORY that they are in, to read from; -errno. */
int trust_kept_open(struct str state_directory);

/* Where a list lies in memory, and its signer's certificate. */
struct trust_kept_place {
    uint64_t list_at, list_bytes; /* 0 octets: there is none */
    uint64_t signer_at, signer_bytes;
};

/* Where the parts of TEXT lie, which begins with TRUST_KEPT_FIRST_LINE; -EBADMSG: it is damaged. */
int trust_kept_find_parts(struct str text, struct trust_kept_place *place);

/* Writes what lies in FD to that file of STATE_DIRECTORY, whole or not at all. 0 or -errno. */
int trust_kept_write(struct str state_directory, const char *name, int fd,
                     const struct trust_kept_place *place);
/* Whether a file of that name can be found there. */
bool trust_kept_is_there(struct str state_directory, const char *name);
/* Adds what is kept for SOURCE to TEXT, and says where it lies in it. DIRECTORY: of
   trust_kept_open(). 0; -ENOENT: nothing is kept; -errno. */
int trust_kept_read(int directory, const struct trust_setting *domain, unsigned source,
                    struct buf *text, struct trust_kept_place *place);
/* What another ERROR of that, -errno, is in words: behind "it". A static sentence. */
const char *trust_kept_fault(int error);
/* Removes what is kept there under names that no domain of SETTINGS has, as far as that goes: of
   places that are not named any more, and of versions that named their files otherwise. */
void trust_kept_sweep(const struct settings *settings);

#endif
