/*
 * blanked - a SIP message without what its reader must not have: passwords and tokens of callers
 * (Authorization, Proxy-Authorization, also as headers of a URI; the password in a URI), and keys
 * of media (SDP: "a=crypto", "a=key-mgmt", "a=ice-pwd", "k="). Pure.
 */
#ifndef STIRD_BLANKED_H
#define STIRD_BLANKED_H

#include <stddef.h>

/*
 * Overwrites each octet of these in BYTES with 'x': the message stays as long as it was, and so do
 * its lines. Any octets will do: whatever begins as such a line counts as one, in a header, in a
 * body or in neither, with its continuation lines.
 */
void blanked(char *bytes, size_t n);

#endif
