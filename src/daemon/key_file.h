/*
 * key_file - the text of a unit's key.pem, read with the checks that a secret deserves.
 *
 * Only in a process that is to hold keys, or in the short-lived one that checks them; except
 * key_file_is_there(), by which the supervisor sees that a key is lost.
 */
#ifndef STIRD_DAEMON_KEY_FILE_H
#define STIRD_DAEMON_KEY_FILE_H

#include <stird/core/credential.h>
#include <stird/core/settings.h>

/* Whether a signer could read the key of the unit in DIRECTORY, or its key.uri: nothing of it is
 * read. */
bool key_file_is_there(struct str directory, struct problems *problems);
/* Whether any of SETTINGS' units has its key in a token. */
bool key_file_is_any_token(const struct settings *settings);
/*
 * The credentials of all of SETTINGS' units that can be had, to TAKE, which owns them; a problem
 * for each that cannot. Keys that are files come first: a stird that was started as root reads
 * them as root, and opens a token as the user that will sign with it (service_user.h). Without
 * WITH_TOKENS keys in tokens are passed over.
 */
void key_file_load_all(const struct settings *settings, bool with_tokens,
                       void (*take)(void *user, unsigned index, struct credential *credential),
                       void *user, struct problems *problems);
/*
 * What is wrong with the key of a unit in DIRECTORY whose certificate cannot be read: its file, and
 * whether a private key is in it.
 */
void key_file_check_alone(struct str directory, struct problems *problems);

#endif
