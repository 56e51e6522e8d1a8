/*
 * signing_service - answers sign requests with the credentials of one set of settings, and verifies
 * some of its own signatures. It has no socket: bytes in, bytes out.
 */
#ifndef STIRD_DAEMON_SIGNING_SERVICE_H
#define STIRD_DAEMON_SIGNING_SERVICE_H

#include <stird/core/credential.h>
#include <stird/core/sign_request.h>

/* One signature in so many is verified before it is sent, the first of each credential too. */
#define SIGNING_VERIFY_EVERY 1000

struct signing_service;

/* Room for N credentials, all missing at first. NULL when there is no memory. */
struct signing_service *signing_service_new(unsigned n);
void signing_service_free(struct signing_service *s);
/* The service owns the credential from now on. */
void signing_service_take(struct signing_service *s, unsigned index, struct credential *credential);

/* Makes a signature with each credential that is usable at NOW_S, and verifies it. False when one
   is wrong. */
bool signing_service_self_test(struct signing_service *s, int64_t now_s);
/* A signature failed its verification: nothing is signed any more. */
bool signing_service_failed(const struct signing_service *s);

/*
 * Adds the response to REQUEST, whatever that is, to OUT: of its tokens the first ADMITTED may be
 * made, the others are too many for the worker (SIGNER_OVERLOADED).
 */
void signing_service_answer(struct signing_service *s, const struct sign_request *request,
                            unsigned admitted, int64_t now_s, struct buf *out);

#endif
