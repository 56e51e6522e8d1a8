/*
 * origid - the UUID that tells verifiers which origin a call has (RFC 8588 section 5). Private to
 * core/policy.
 */
#ifndef STIRD_CORE_ORIGID_H
#define STIRD_CORE_ORIGID_H

#include <stird/core/call.h>
#include <stird/core/passport.h>

/*
 * By the trunk's setting: anew for each call, or the same for all calls of a trunk or a customer. A
 * stable one is a keyed hash of the name: the same after a restart, and nobody without the key can
 * tell the name, or that two nodes' trunks have the same one. Without a key it is of the call.
 */
void origid_write(const struct call *call, char origid[ORIGID_TEXT_LENGTH]);
/* Reads a UUID of any version from text, into lower case. False when it is not one. */
bool origid_parse(struct str text, char origid[ORIGID_TEXT_LENGTH]);

#endif
