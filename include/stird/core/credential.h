/*
 * credential - a private key with the public half that it belongs to. Only in the signer process.
 *
 * The key is parsed once, the signing context reused: parsing PEM for each call would cost as much
 * as fifteen signatures. Not shared between threads. Never logged, never copied out.
 */
#ifndef STIRD_CREDENTIAL_H
#define STIRD_CREDENTIAL_H

#include <stdbool.h>
#include <stird/base/buf.h>
#include <stird/base/problems.h>
#include <stird/core/certificate.h>
#include <stird/core/passport.h>
#include <stird/core/reason.h>

#define ES256_SIGNATURE_BYTES 64 /* r || s (RFC 7518 section 3.4) */

struct credential;

/*
 * KEY_PEM (SEC1 or PKCS#8, unencrypted, of the algorithm of some type) must belong to CERTIFICATE,
 * which is borrowed and must outlive the credential. The caller cleanses KEY_PEM. NULL and a
 * problem naming KEY_NAME otherwise.
 */
struct credential *credential_new(const struct certificate *certificate, struct str key_name,
                                  struct str key_pem, struct problems *problems);
/* Cleanses and frees; free(NULL) is fine. */
void credential_free(struct credential *c);
const struct certificate *credential_certificate(const struct credential *c);

/*
 * Appends the whole token `header.payload.signature` to OUT. REASON_OK, or SIGNER_REFUSED for
 * claims that the type does not allow and for a type of another algorithm than the key's, or
 * SIGNER_FAILED. On failure OUT is as it was.
 */
enum reason credential_sign(struct credential *c, const struct passport_type *type,
                            const struct passport_claims *claims, struct buf *out);
/* Verifies a token with the certificate's public key, not with the private one. Also false when
   there is no memory (shortage.h). */
bool credential_verify(const struct credential *c, struct str token);
/* The signature alone over MESSAGE, for vectors and self-tests. */
bool es256_verify(EVP_PKEY *public_key, struct str message,
                  const unsigned char signature[ES256_SIGNATURE_BYTES]);

#endif
