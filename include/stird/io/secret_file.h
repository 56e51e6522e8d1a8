/*
 * secret_file - the secret behind our Via and Record-Route, as a file: stird makes it, and stirctl
 * carries it to another node. Whoever can read it can make keys that pass for ours, so only its
 * owner may.
 */
#ifndef STIRD_SECRET_FILE_H
#define STIRD_SECRET_FILE_H

#include <stdbool.h>
#include <stird/io/folder.h>
#include <stird/io/snapshot.h>

/*
 * Reads NAME beneath DIRECTORY: a regular file of 0600 or less, of this process's user, root, or a
 * user that IS_OURS takes (NULL: none). 0; -EPERM: others can read it, or own it; -EINVAL, -ELOOP:
 * no regular file; -EBADMSG: not as long as a secret; -errno.
 */
int secret_file_read(int directory, const char *name, bool (*is_ours)(uid_t uid),
                     uint8_t secret[SNAPSHOT_SECRET_BYTES]);
/*
 * D/hmac-secret: written aside and renamed, so that a reader or a power cut never sees half of it;
 * 0600, the owner of the directory's. 0 or -errno.
 */
int secret_file_write(const struct folder *d, const uint8_t secret[SNAPSHOT_SECRET_BYTES]);

#define SECRET_FINGERPRINT_LENGTH 19 /* "0123-4567-89ab-cdef" */
/* A text for two nodes to compare: equal for equal secrets, and of no use to find the secret.
   False: no memory. */
bool secret_fingerprint(const uint8_t secret[SNAPSHOT_SECRET_BYTES],
                        char text[SECRET_FINGERPRINT_LENGTH + 1]);

#endif
