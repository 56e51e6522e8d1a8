/*
 * key_token - keys that live in a PKCS#11 token: used through OpenSSL's engine of libp11, of which
 * the module (the vendor's library) is a setting.
 */
#ifndef STIRD_DAEMON_KEY_TOKEN_H
#define STIRD_DAEMON_KEY_TOKEN_H

#include <stird/core/key_backend.h>

/*
 * The text that it opens: the module's path, LF, and a PKCS#11 URI (RFC 7512). A slow or dead token
 * is the signer's delay: calls leave as the failure policy says, and a signer that hangs is
 * replaced.
 */
extern const struct key_backend key_backend_token;

#endif
