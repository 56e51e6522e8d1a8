/*
 * key_file - the text of a unit's key.pem, read with the checks that a secret deserves.
 *
 * Only in a process that is to hold keys, or in the short-lived one that checks them.
 */
#ifndef STIRD_DAEMON_KEY_FILE_H
#define STIRD_DAEMON_KEY_FILE_H

#include <stird/credential.h>

struct key_file {
    char *path;      /* of key.pem, for problems */
    struct str text; /* in OpenSSL's secure heap when there is one */
};

/*
 * Reads DIRECTORY/NAME: a regular file, no symbolic link, owned by root or the effective user,
 * not accessible for others, not writable for the group. On false there is a problem for it;
 * key_file_fini() in either case.
 */
bool key_file_read(struct key_file *file, struct str directory, const char *name,
                   struct problems *problems);
/* Cleanses. */
void key_file_fini(struct key_file *file);

/* Whether a unit's key is in a token: its directory has key.uri and no key.pem. */
bool key_file_is_token(const struct certificate *certificate);
/*
 * The credential of a certificate, out of its key.pem, or of the token that its key.uri names with
 * the library MODULE; NULL with a problem.
 */
struct credential *key_file_load(const struct certificate *certificate, struct str module,
                                 struct problems *problems);

#endif
