/*
 * state - the secret of this installation, kept in the state directory; and whether a start could
 * read the rest there.
 *
 * It signs what stird puts into Via and Record-Route, so that it knows its own again after a
 * restart. Losing it changes no attestation level: responses and in-dialog requests of calls from
 * before are then not recognised.
 */
#ifndef STIRD_STATE_H
#define STIRD_STATE_H

#include <stdbool.h>
#include <stird/base/problems.h>
#include <stird/base/str.h>
#include <stird/io/snapshot.h>

/*
 * Reads DIRECTORY/hmac-secret, or makes it at the first start (0600, whole or not at all; the
 * directory 0700 too). A file of the wrong size is replaced, with a warning. False with a problem
 * when it cannot be read or made.
 */
bool state_secret(struct str directory, uint8_t secret[SNAPSHOT_SECRET_BYTES],
                  struct problems *problems);

/*
 * Adds a problem if the user that stird will serve as would find it bad, or could not make it.
 * ROOT_MAKES: stird may begin as root, who can make it.
 */
void state_check_secret(struct str directory, bool root_makes, struct problems *problems);
/* Adds a problem if a start could not read there what is switched by hand (switches_file.h). */
void state_check_switches(struct str directory, struct problems *problems);

#endif
